"""Runs the files of an export in one runtime, and compares them with the golden values and with labels.

    python tests/runtimes/run_export.py RUNTIME IMAGES.json EXPORT...

`matrix.py` starts it in the environment of each runtime, where neither this package nor TensorFlow is installed. Prints
a JSON object per file: whether the runtime loads it, the difference from the golden values in units of the file's
tolerance, and how many images it classifies correctly. Must run on Python 3.9.
"""

import json
import os
import pathlib
import subprocess
import sys

import numpy as np

# Number of images for formats that normalize their input, which takes milliseconds.
PICTURES = 200


def feeds(contract, numbers):
    """Returns the inputs by name for a digit, (28, 28), or a whole image, as the format takes them."""
    source = contract["input"]
    dtype = np.dtype(source["dtype"])
    if contract["format"] in ("canvas", "canvas_numbers"):
        rgba = np.zeros(source["shape"], np.float32)
        pixels = rgba[: 4 * numbers.size].reshape(-1, 4)
        pixels[:, :3] = numbers.reshape(-1, 1)
        pixels[:, 3] = 255
        return {"rgba": rgba, "size": np.array(numbers.shape, np.int32)}
    if contract["format"] == "mediapipe":
        steps = [np.arange(224) * side // 224 for side in numbers.shape]
        return {"image": np.repeat(numbers[np.ix_(*steps)][np.newaxis, ..., np.newaxis], 3, axis=3).astype(dtype)}
    if contract["format"] in ("picture", "onnx_picture", "numbers", "onnx_numbers"):
        return {source["name"]: numbers[np.newaxis].astype(dtype)}
    shape = [1 if size is None else size for size in source["shape"]]
    return {source["name"]: numbers.reshape(shape).astype(dtype)}


def first_digit(outputs):
    """Returns the probabilities of one digit: of a format that reads all digits, those of the first one."""
    outputs = np.asarray(outputs)
    if outputs.ndim != 3:
        return outputs
    return outputs[:, 0] if outputs.any() else np.full((1, 10), 0.1)


def numbers_of(contract, image):
    """Returns a digit, uint8 (28, 28), as the numbers of the file's input."""
    source = contract["input"]
    if source["range"][1] == 255:
        return image
    pixels = image.astype(np.float32) / 255
    if "scale" not in source:
        return pixels
    limits = np.iinfo(source["dtype"])
    return np.clip(np.round(pixels / source["scale"] + source["zero_point"]), limits.min, limits.max)


def interpreter(module):
    """Returns a loader of TFLite files by the `Interpreter` of tflite_runtime, ai_edge_litert or tensorflow.lite."""

    def load(path, contract):
        runner = module.Interpreter(str(path), num_threads=1).get_signature_runner("serving_default")
        return lambda inputs: runner(**inputs)["probabilities"]

    return load


def load_micro(path, contract):
    """Loads a TFLite file, or the one in a C source, by TensorFlow Lite Micro."""
    from tflite_micro.python.tflite_micro.runtime import Interpreter

    if path.suffix == ".c":
        array = path.read_text().split("{", 1)[1].split("}", 1)[0]
        content = bytes(int(number, 16) for number in array.replace("\n", " ").strip(" ,").split(","))
    else:
        content = path.read_bytes()
    micro = Interpreter.from_bytes(content, arena_size=1 << 20)

    def run(inputs):
        micro.set_input(*inputs.values(), 0)
        micro.invoke()
        return micro.get_output(0)

    return run


def load_openvino(path, contract):
    """Loads a TFLite or ONNX file or a SavedModel by OpenVINO, in float32."""
    import openvino

    core = openvino.Core()
    compiled = core.compile_model(core.read_model(path), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    # TFLite's inputs have the names of tensors, which tell their order only.
    names = [source.any_name.split(":")[0].replace("serving_default_", "") for source in compiled.inputs]
    ten = [
        number
        for number, target in enumerate(compiled.outputs)
        if len(target.partial_shape) > 1 and str(target.partial_shape[-1]) == "10"
    ]

    def run(inputs):
        return compiled([inputs[name] for name in names])[ten[0]]

    return run


def load_opencv(path, contract):
    """Loads a TFLite or ONNX file by OpenCV's DNN module, which takes images with channels first."""
    import cv2

    network = cv2.dnn.readNetFromTFLite(str(path)) if path.suffix == ".tflite" else cv2.dnn.readNet(str(path))

    def run(inputs):
        (image,) = inputs.values()
        is_digit = path.suffix == ".tflite" and image.shape == (1, 28, 28, 1)
        network.setInput(image.transpose(0, 3, 1, 2) if is_digit else image)
        if contract["format"] in ("onnx_picture", "onnx_numbers"):
            return network.forward("probabilities")
        return network.forward()

    return run


def load_onnxruntime(path, contract):
    """Loads an ONNX file by onnxruntime."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return lambda inputs: session.run(["probabilities"], inputs)[0]


def load_mediapipe(path, contract):
    """Loads a TFLite file by MediaPipe's image classifier."""
    import mediapipe
    from mediapipe.tasks.python import BaseOptions, vision

    options = vision.ImageClassifierOptions(base_options=BaseOptions(model_asset_path=str(path)))
    classifier = vision.ImageClassifier.create_from_options(options)

    def run(inputs):
        image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=inputs["image"][0])
        categories = classifier.classify(image).classifications[0].categories
        probabilities = np.zeros(10, np.float32)
        for category in categories:
            probabilities[int(category.category_name)] = category.score
        return probabilities

    return run


def load_tensorflow(path, contract):
    """Loads a SavedModel by TensorFlow, a TFLite file by its interpreter."""
    import tensorflow as tf

    if path.is_file():
        return interpreter(tf.lite)(path, contract)
    signature = tf.saved_model.load(str(path)).signatures["serving_default"]
    return lambda inputs: signature(**{name: tf.constant(value) for name, value in inputs.items()})["probabilities"]


def load_tflite_runtime(path, contract):
    """Loads a TFLite file by tflite-runtime."""
    import tflite_runtime.interpreter

    return interpreter(tflite_runtime.interpreter)(path, contract)


def load_litert(path, contract):
    """Loads a TFLite file by ai-edge-litert."""
    import ai_edge_litert.interpreter

    return interpreter(ai_edge_litert.interpreter)(path, contract)


# The loader of each runtime, and the files that it is for.
TFLITE = (".tflite",)
LOADERS = {
    "tflite_runtime": (load_tflite_runtime, TFLITE),
    "litert": (load_litert, TFLITE),
    "tflite_micro": (load_micro, (".tflite", ".c")),
    "openvino": (load_openvino, (".tflite", ".onnx", "")),
    "opencv": (load_opencv, (".tflite", ".onnx")),
    "onnxruntime": (load_onnxruntime, (".onnx",)),
    "mediapipe": (load_mediapipe, TFLITE),
    "tensorflow": (load_tensorflow, (".tflite", "")),
}


def check_file(runtime, path, contract, golden, data):
    """Returns a dict about one file; see the module."""
    load, _ = LOADERS[runtime]
    try:
        run = load(path, contract)
        difference = 0.0
        pixels = [vector["pixels"] for vector in golden["vectors"]]
        values = golden["files"][path.name]
        inputs = [data["picture"]] if "image" in values else map(np.array, values.get("inputs", pixels))
        for numbers, output in zip(inputs, values["outputs"]):  # noqa: B905, Python 3.9 has no strict
            received = first_digit(run(feeds(contract, numbers))).astype(np.float64).ravel()
            difference = max(difference, float(np.abs(received - output).max()))
        count = len(data["images"][: PICTURES if "image" in values else None])
        answers = [first_digit(run(feeds(contract, numbers_of(contract, image)))) for image in data["images"][:count]]
        classes = [int(np.argmax(answer)) for answer in answers]
        correct = int(sum(classes == data["labels"][:count]))
        return {"golden": difference / values["tolerance"], "correct": correct, "images": count}
    except Exception as error:  # Every runtime has exceptions of its own.
        return {"error": (str(error).strip().splitlines() or [type(error).__name__])[-1][:200]}


def main(runtime, images, *exports):
    """Checks each file in a process of its own, because some runtimes crash."""
    for export in map(pathlib.Path, exports):
        card = json.loads((export / "card.json").read_text())
        for name in card["files"]:
            if pathlib.Path(name).suffix not in LOADERS[runtime][1]:
                continue
            command = [*interpreter_command(), __file__, "--file", runtime, images, str(export), name]
            result = subprocess.run(command, capture_output=True, text=True)
            lines = result.stdout.strip().splitlines()
            crashed = {"error": f"crashed with status {result.returncode}"}
            answer = json.loads(lines[-1]) if lines and not result.returncode else crashed
            print(json.dumps({"file": f"{export.name}/{name}", **answer}), flush=True)


def interpreter_command():
    """Returns the command of this interpreter; by the emulator that EMULATOR names, if there is one."""
    return [*os.environ.get("EMULATOR", "").split(), sys.executable]


def main_file(runtime, images, export, name):
    """Checks one file."""
    export = pathlib.Path(export)
    golden = json.loads((export / "golden.json").read_text())
    contract = json.loads((export / "card.json").read_text())["files"][name]
    data = {name: np.array(values, np.uint8) for name, values in json.loads(pathlib.Path(images).read_text()).items()}
    print(json.dumps(check_file(runtime, export / name, contract, golden, data)))


if __name__ == "__main__":
    if sys.argv[1] == "--file":
        main_file(*sys.argv[2:])
    else:
        main(*sys.argv[1:])
