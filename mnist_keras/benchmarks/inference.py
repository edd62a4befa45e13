"""Benchmark of inference on one thread: LiteRT, SavedModel, onnxruntime and PyTorch, with several batch sizes."""

import pathlib
from collections.abc import Callable

import numpy as np

from mnist_keras.benchmarks.harness import Contender


def write_models(recipe: str, folder: pathlib.Path) -> None:
    """Writes a recipe's network with random weights, which do not change its speed, in each format of the benchmark."""
    from mnist_keras.data import load_digits
    from mnist_keras.export.onnx import write_onnx
    from mnist_keras.export.saved_model import write_saved_model
    from mnist_keras.export.tflite import calibration_images, write_tflite
    from mnist_keras.models import build_model

    model = build_model(recipe)
    digits = load_digits("sample")
    write_tflite(model, folder / "float32.tflite")
    write_tflite(model, folder / "int8.tflite", "int8_io", calibration_images(digits.train_images, digits.train_labels))
    write_saved_model(model, folder / "saved_model")
    write_onnx(model, folder / "float32.onnx", "onnx", {})
    _write_quantized_onnx(folder / "float32.onnx", folder / "int8.onnx", digits.train_images[:500])


def inference_contenders(recipe: str, folder: pathlib.Path, batch_size: int, images: int) -> list[Contender]:
    """Returns one contender per format and library.

    Args:
        recipe: name of the recipe.
        folder: from `write_models`.
        batch_size: images per call. TFLite files take one image per call.
        images: per turn.
    """
    options = dict(batch_size=batch_size, images=images)
    files = {name: str(folder / name) for name in ("float32.tflite", "int8.tflite", "float32.onnx", "int8.onnx")}
    return [
        Contender("LiteRT, int8", run_tflite, dict(path=files["int8.tflite"], images=images)),
        Contender("LiteRT", run_tflite, dict(path=files["float32.tflite"], images=images)),
        Contender("SavedModel", run_saved_model, dict(path=str(folder / "saved_model"), **options)),
        Contender("onnxruntime, int8", run_onnx, dict(path=files["int8.onnx"], **options)),
        Contender("onnxruntime", run_onnx, dict(path=files["float32.onnx"], **options)),
        Contender("PyTorch", run_torch, dict(recipe=recipe, **options)),
    ]


def run_tflite(path: str, images: int) -> Callable[[], None]:
    """Returns a function that predicts `images` images with LiteRT, one per call."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(path, num_threads=1)
    interpreter.allocate_tensors()
    source, target = (details()[0] for details in (interpreter.get_input_details, interpreter.get_output_details))
    pixels = _random_pixels(1).astype(source["dtype"])
    source, target = source["index"], target["index"]

    def predict():
        for _ in range(images):
            interpreter.set_tensor(source, pixels)
            interpreter.invoke()
            interpreter.get_tensor(target)

    return predict


def run_saved_model(path: str, batch_size: int, images: int) -> Callable[[], None]:
    """Returns a function that predicts `images` images with a SavedModel's default signature."""
    import tensorflow as tf

    from mnist_keras.distribution.strategy import set_up_device

    set_up_device(threads=1)
    loaded = tf.saved_model.load(path)
    serve = loaded.signatures["serving_default"]
    batch = tf.constant((255 * _random_pixels(batch_size)[..., 0]).astype(np.uint8))

    # The default argument keeps the SavedModel alive; a signature alone does not.
    def predict(loaded=loaded):
        for _ in range(images // batch_size):
            serve(images=batch)["probabilities"].numpy()

    return predict


def run_onnx(path: str, batch_size: int, images: int) -> Callable[[], None]:
    """Returns a function that predicts `images` images with onnxruntime."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    inputs = {"pixels": _random_pixels(batch_size)}

    def predict():
        for _ in range(images // batch_size):
            session.run(None, inputs)

    return predict


def run_torch(recipe: str, batch_size: int, images: int) -> Callable[[], None]:
    """Returns a function that predicts `images` images with the recipe's network in PyTorch, channels last."""
    import torch

    from mnist_keras.benchmarks.torch_port import torch_network
    from mnist_keras.recipes import get_recipe

    torch.set_num_threads(1)
    network = torch_network(get_recipe(recipe)).eval().to(memory_format=torch.channels_last)
    pixels = torch.from_numpy(_random_pixels(batch_size).transpose(0, 3, 1, 2) * 255).contiguous(
        memory_format=torch.channels_last
    )

    def predict():
        with torch.inference_mode():
            for _ in range(images // batch_size):
                torch.softmax(network(pixels), 1).numpy()

    return predict


def _random_pixels(count: int) -> np.ndarray:
    return np.random.default_rng(0).random((count, 28, 28, 1), np.float32)


def _write_quantized_onnx(source: pathlib.Path, target: pathlib.Path, images: np.ndarray) -> None:
    from onnxruntime.quantization import CalibrationDataReader, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Images(CalibrationDataReader):
        def __init__(self):
            self.images = iter(images)

        def get_next(self):
            image = next(self.images, None)
            return None if image is None else {"pixels": image[np.newaxis, ..., np.newaxis].astype(np.float32) / 255}

    prepared = target.with_suffix(".prepared")
    quant_pre_process(source, prepared)
    quantize_static(prepared, target, Images())
    prepared.unlink()
