"""Finds the Keras model of a name or a path, whose gradients an explanation needs. Imports Keras on the first load."""

import os
import pathlib
from typing import TYPE_CHECKING, NamedTuple

from mnist_keras.errors import InputError
from mnist_keras.files import FORMAT_FILES, MODEL_FILE, check_regular_file
from mnist_keras.inference.predictor import Predictor, load_predictor, shipped_models

if TYPE_CHECKING:
    import keras


class KerasSource(NamedTuple):
    """A Keras model, and what the files beside it say about it."""

    #: From pixels in 0..255, (batch, 28, 28, 1), to logits, (batch, classes).
    model: "keras.Model"
    #: The same model; has its path, the names of its classes and the dataset it was trained on.
    predictor: Predictor


def find_keras_model(name_or_path: str | os.PathLike) -> pathlib.Path:
    """Returns the `.keras` file of a model; of a shipped model without one, the folder of its SavedModel.

    Args:
        name_or_path: the name of a shipped model, the folder of a run or of an export, or a `.keras` file.

    Raises:
        InputError: there is no such file, or it is a SavedModel, a TFLite file or another format without gradients.
    """
    path, shipped = pathlib.Path(name_or_path), shipped_models()
    is_shipped = not path.exists() and str(path) in shipped
    if is_shipped:
        path = shipped[str(path)].parent
    check_regular_file(path)
    if not path.exists():
        raise InputError(
            f"There is no such file or folder: {path}. Expected: the folder of a run or an export, a .keras file, or a "
            f"shipped model: {', '.join(shipped)}."
        )
    file = path / MODEL_FILE if path.is_dir() else path
    if file.is_file() and file.suffix == ".keras":
        return file
    saved_model = path / FORMAT_FILES["saved_model"]
    # The shipped ensemble has no .keras file. `load_model` rebuilds its network.
    if is_shipped and saved_model.is_dir():
        return saved_model
    raise InputError(
        f"An explanation needs the gradients of a Keras model. Expected: a .keras file, the folder of a run, or the "
        f"folder of an export with {MODEL_FILE}. Received: {path}. Pass the folder of the run, or export it with "
        "--formats=keras."
    )


def load_keras_source(file: pathlib.Path) -> KerasSource:
    """Loads what `find_keras_model` found.

    Raises:
        InputError: the file is damaged, or its model is not one of this package: its input is not (batch, 28, 28, 1),
            or its output is not called "logits".
    """
    from mnist_keras.explanations.attribution import check_returns_logits
    from mnist_keras.inference.keras_model import load_keras_model
    from mnist_keras.models.pretrained import load_model

    predictor = load_predictor(file)
    model = load_keras_model(file) if file.suffix == ".keras" else load_model(file.parent.name)
    check_returns_logits(model, str(file))
    return KerasSource(model, predictor)
