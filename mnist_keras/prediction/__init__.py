"""Any trained model behind one call. A format's library is imported when a file of it is loaded."""

import os
import pathlib

from mnist_keras.errors import InputError
from mnist_keras.json_files import read_json
from mnist_keras.prediction.predictor import Predictor

__all__ = ["Predictor", "load_predictor"]


def load_predictor(path: str | os.PathLike) -> Predictor:
    """Loads a model.

    Args:
        path: a `.keras` file, a `.tflite` file, a SavedModel, a run's folder (its `model.keras`), or an
            export's folder (its SavedModel).

    Raises:
        InputError: nothing is there, or it is no digit model.
    """
    path = pathlib.Path(path)
    if not path.exists():
        raise InputError(f"There is no such file or folder: {path}.")
    for inside in ("model.keras", "saved_model"):
        if (path / inside).exists():
            path = path / inside
            break
    if path.suffix == ".keras":
        from mnist_keras.prediction.keras_file import load_keras_model, probabilities_of

        predict = probabilities_of(load_keras_model(path))
    elif path.suffix == ".tflite":
        from mnist_keras.prediction.tflite import load_tflite

        predict = load_tflite(path)
    elif (path / "saved_model.pb").is_file():
        from mnist_keras.prediction.saved_model import load_saved_model

        predict = load_saved_model(path)
    else:
        raise InputError(
            f"{path} is no model. Expected: a .keras or .tflite file, a SavedModel (a folder with "
            "saved_model.pb), a run's folder or an export's folder."
        )
    return Predictor(predict, path, _trained_on(path))


def _trained_on(path: pathlib.Path) -> str | None:
    """The dataset's name, read from the config of a run or the card of an export beside the file."""
    for description in ("config.json", "card.json"):
        try:
            return read_json(path.parent / description)["dataset"]["name"]
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return None
