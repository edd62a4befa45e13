"""Predicts with an ONNX file in onnxruntime. Must not import TensorFlow."""

import pathlib

import numpy as np

from mnist_keras.errors import InputError
from mnist_keras.inference.class_names import is_number_of_classes
from mnist_keras.inference.input_range import LoadedModel
from mnist_keras.inference.tflite import first_digit

_BATCH = 1000


def load_onnx(path: pathlib.Path) -> LoadedModel:
    """Loads a file that maps `pixels`, float32 (any, 28, 28, 1), to `probabilities`, (any, classes).

    Or one that maps `picture`, uint8 (1, height, width), to `probabilities`, of one digit or of all, see `first_digit`.

    Raises:
        InputError: the file is damaged or has other inputs or outputs, or onnxruntime is not installed.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise InputError(f"{path} needs onnxruntime: pip install 'mnist_keras[onnx]'.") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(
            path.read_bytes(), options, providers=["CPUExecutionProvider"], enable_fallback=0
        )
    except Exception as error:  # onnxruntime has a class for each of its statuses, in a private module.
        raise InputError(f"{path} cannot be loaded as an ONNX model: {_reason(error)}") from error
    received = {source.name: (source.type, len(source.shape)) for source in session.get_inputs()}
    kind = {"pixels": ("tensor(float)", 4), "picture": ("tensor(uint8)", 3)}
    classes = {target.name: (target.shape or [None])[-1] for target in session.get_outputs()}.get("probabilities")
    if received not in ({name: kind[name]} for name in kind) or not is_number_of_classes(classes):
        raise InputError(
            f"{path} is no digit model: it must map `pixels`, float (any, 28, 28, 1), or `picture`, uint8 "
            f"(1, height, width), to `probabilities`, 2 to 1,000 classes. Received: {received} to {_outputs(session)}."
        )

    def answer(**inputs: np.ndarray) -> np.ndarray:
        try:
            return session.run(["probabilities"], inputs)[0]
        except Exception as error:
            raise InputError(f"{path} is a damaged ONNX file: {_reason(error)}") from error

    def predict(images: np.ndarray, white: int) -> np.ndarray:
        if "picture" in received:
            return np.concatenate([first_digit(answer(picture=image[np.newaxis])) for image in images])
        pixels = images[..., np.newaxis].astype(np.float32) / np.float32(255 / white)
        return np.concatenate(
            [answer(pixels=pixels[start : start + _BATCH]) for start in range(0, len(pixels), _BATCH)]
        )

    return LoadedModel(predict, None if "picture" in received else 1, classes=classes)


def _outputs(session) -> str:
    return ", ".join(f"{target.name} {target.shape}" for target in session.get_outputs())


def _reason(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
