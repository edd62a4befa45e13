"""What is exported: the model of a run, or a Keras file of someone else, with what is known about its training."""

import os
import pathlib
import re
import warnings
from typing import Any, NamedTuple

import keras
import numpy as np

from mnist_keras.data import Digits
from mnist_keras.data.digits import is_of_digits
from mnist_keras.errors import InputError, InputWarning
from mnist_keras.evaluation.metrics import compute_metrics
from mnist_keras.experiments.run_folder import read_run
from mnist_keras.export.card import UNKNOWN_DATASET, describe_model, describe_training
from mnist_keras.files import MODEL_FILE, check_regular_file, sha256
from mnist_keras.inference.class_names import names_from_settings, read_class_names
from mnist_keras.inference.input_range import Assumptions, find_assumptions
from mnist_keras.inference.keras_model import (
    as_function,
    check_ends,
    keras_predict_function,
    load_keras_model,
    read_keras_file,
)
from mnist_keras.inference.loading import HDF5_SUFFIXES, check_in_subprocess
from mnist_keras.inference.output_kind import to_probabilities
from mnist_keras.models.other_network import adapt_network

# Maximum difference between two probabilities of a network and of the model around it.
_MAX_DIFFERENCE = 1e-3


class Source(NamedTuple):
    """A model with the input and the output of this package's models, and what `card.json` says about it."""

    #: The run's folder, or the model's file.
    path: pathlib.Path
    #: Maps pixels in 0..255, (batch, 28, 28, 1), to logits, (batch, classes).
    model: keras.Model
    #: The name of each class.
    class_names: tuple[str, ...]
    #: From `describe_model`.
    card: dict[str, Any]
    #: The entry "training" of the card.
    training: dict[str, Any]

    @property
    def name(self) -> str:
        """Name of the model."""
        return self.card["name"]

    @property
    def dataset(self) -> str:
        """Name of the dataset that the model was trained on, or `UNKNOWN_DATASET`."""
        return self.card["dataset"]["name"]


def read_source(path: str | os.PathLike, digits: Digits, input_range: str = "auto") -> Source:
    """Reads the folder of a run, or a Keras file of someone else.

    Args:
        path: a run's folder, or a `.keras`, `.h5` or `.hdf5` file.
        digits: see `read_file`.
        input_range: see `read_file`. A run needs "auto".

    Raises:
        InputError: see `read_run_folder` and `read_file`; or the model has a format that cannot be exported.
    """
    path = pathlib.Path(path)
    if path.name == MODEL_FILE and (path.parent / "config.json").is_file():
        path = path.parent
    if path.suffix in (".keras", *HDF5_SUFFIXES) and not path.is_dir():
        return read_file(path, digits, input_range)
    if path.suffix in (".tflite", ".onnx", ".c") or (path / "saved_model.pb").is_file():
        kind = "SavedModel" if path.is_dir() else f"{path.suffix} file"
        raise InputError(
            f"{path} is a {kind}, from which no other format can be made. Expected: the folder of a run, or a .keras "
            "or .h5 file. Save the model as a .keras file where it was trained, by model.save, and export that file."
        )
    if input_range != "auto":
        raise InputError(
            f"input_range applies to Keras files of other people: a run has its own. Received: {path} and "
            f"input_range={input_range!r}. Omit it."
        )
    return read_run_folder(path)


def read_run_folder(path: pathlib.Path) -> Source:
    """Reads the model of a run.

    Raises:
        InputError: the folder is not that of a complete run, or its model is damaged.
    """
    config, report = read_run(path)
    card = describe_model(
        config["recipe"]["name"], report["parameters"], config["dataset"], report, seed=config["seed"]
    )
    model = load_keras_model(path / MODEL_FILE)
    return Source(path, model, names_from_settings(config), card, describe_training(config))


def read_file(path: pathlib.Path, digits: Digits, input_range: str = "auto") -> Source:
    """Reads a Keras file of someone else, and puts layers around its network that make its input and output ours.

    An `InputWarning` says what was assumed about the file.

    Args:
        path: a `.keras`, `.h5` or `.hdf5` file.
        digits: the dataset on whose test images the card's test accuracy is measured.
        input_range: "auto", "1" or "255", see `load_predictor`.

    Raises:
        InputError: there is no such file, it cannot be loaded, it has another input or output than `load_predictor`
            takes, its classes are not those of `digits`, or the layers around the network change its predictions.
    """
    check_regular_file(path)
    if not path.exists():
        raise InputError(f"There is no such file: {path}. Expected: the folder of a run, or a .keras or .h5 file.")
    if path.suffix in HDF5_SUFFIXES:
        check_in_subprocess(path)
    network = read_keras_file(path)
    function = as_function(path, network)
    assumed = find_assumptions(function, path, input_range)
    if assumed.message:
        warnings.warn(assumed.message, InputWarning, stacklevel=3)
    class_names = read_class_names(path, function.classes)
    check_same_classes(path, class_names, digits)
    expected = to_probabilities(function.predict(digits.test_images, assumed.white), assumed.output_kind)
    model = _adapted(path, network, assumed, digits.test_images, expected)
    named = {} if is_of_digits(class_names) else {"class_names": class_names}
    card = describe_model(
        model.name,
        model.count_params(),
        {"name": UNKNOWN_DATASET, **named},
        compute_metrics(expected, digits.test_labels, class_names).to_dict(),
        test_set=digits.name,
    )
    training = {
        "about": "not known",
        "file": path.name,
        "sha256": sha256(path),
        "input": {"shape": function.input_shape, "range": [0, assumed.white]},
        "output": assumed.output_kind.value,
    }
    return Source(path, model, class_names, card, training)


def check_same_classes(path: pathlib.Path, class_names: tuple[str, ...], digits: Digits) -> None:
    """Raises InputError if a dataset has other classes than the model in `path`."""
    if digits.class_names != class_names:
        raise InputError(
            f"{path} and the dataset {digits.name} have other classes. Expected: the {len(class_names)} classes of the "
            f"model, {_first(class_names)}. Received: {len(digits.class_names)}, "
            f"{_first(digits.class_names)}. Choose the dataset of the model by --dataset and --data_dir. The "
            "classes of a file have the names in labels.txt beside it, one per line."
        )


def _first(names: tuple[str, ...], maximum: int = 5) -> str:
    return ", ".join(names[:maximum]) + (", ..." if len(names) > maximum else "")


def _adapted(
    path: pathlib.Path, network: keras.Model, assumed: Assumptions, images: np.ndarray, expected: np.ndarray
) -> keras.Model:
    """Returns the network with our input and output, which must predict `expected` for the images."""
    form, _ = check_ends(path, network)
    # Part of names of operations and of a C source, which take few characters.
    name = re.sub(r"[^A-Za-z0-9_-]+", "_", path.stem).strip("_-") or "model"
    try:
        model = adapt_network(network, form, assumed.white, assumed.output_kind, name)
        difference = np.abs(keras_predict_function(model)(images) - expected).max()
    except Exception as error:  # Layers that fix the size of a batch raise whatever their operations raise.
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
        raise InputError(
            f"{path} cannot be exported: {reason}. Expected: a network that takes any number of images at once. "
            "Save it without a fixed batch size."
        ) from error
    # `not (... <= ...)`, because NaN must fail too.
    if not difference <= _MAX_DIFFERENCE:
        raise InputError(
            f"{path} cannot be exported: with the input and output of the exported files its network predicts "
            f"differently. Expected: probabilities within {_MAX_DIFFERENCE:g}. Received: a difference of "
            f"{difference:.2g}. Save the network as a functional model whose last layer returns logits."
        )
    return model
