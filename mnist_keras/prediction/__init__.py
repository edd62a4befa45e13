"""Any trained model behind one call. A format's library is imported when a file of it is loaded."""

import os
import pathlib

from mnist_keras.checksums import sha256_of
from mnist_keras.errors import InputError
from mnist_keras.json_files import read_json
from mnist_keras.prediction.predictor import Predictor
from mnist_keras.shipped import shipped

__all__ = ["Predictor", "load_predictor", "shipped_models"]

# Of an export, see `exporting.formats`; the second where there is no first.
_TFLITE = ("mnist.tflite", "mnist_float16.tflite")


def shipped_models() -> dict[str, pathlib.Path]:
    """The TFLite file of each model that ships, and of others that were exported beside them, by name."""
    files = {path.parent.name: path for name in reversed(_TFLITE) for path in shipped("exported").glob(f"*/{name}")}
    return dict(sorted(files.items()))


def load_predictor(path: str | os.PathLike, trusted: bool = False) -> Predictor:
    """Loads a model.

    Args:
        path: a `.keras`, `.tflite` or `.onnx` file, a SavedModel, a run's folder (its `model.keras`), an export's
            folder (its SavedModel), or the name of a model that ships (its TFLite file).
        trusted: skip the trial in a process of its own that a `.tflite` file gets if no card confirms its checksum.

    Raises:
        InputError: nothing is there, it is no digit model, or not the file that the card beside it describes.
    """
    path = pathlib.Path(path)
    if not path.exists():
        path = shipped_models().get(str(path), path)
    if not path.exists():
        raise InputError(
            f"There is no such file or folder: {path}. Models known by their name, in {shipped('exported')}: "
            f"{', '.join(shipped_models())}."
        )
    for inside in ("model.keras", "saved_model"):
        if (path / inside).exists():
            path = path / inside
            break
    trained_on, recorded = _described(path)
    if recorded and sha256_of(path) != recorded:
        raise InputError(
            f"{path} is not the one that card.json beside it describes: their SHA-256 differ. It is damaged or was "
            "replaced. Export it again, or move it to another folder."
        )
    if path.suffix == ".keras":
        from mnist_keras.prediction.keras_file import load_keras_model, probabilities_of

        predict = probabilities_of(load_keras_model(path))
    elif path.suffix == ".tflite":
        from mnist_keras.prediction.tflite import load_tflite
        from mnist_keras.prediction.trial import try_elsewhere

        if not (recorded or trusted):
            try_elsewhere(path)
        predict = load_tflite(path)
    elif path.suffix == ".onnx":
        from mnist_keras.prediction.onnx import load_onnx

        predict = load_onnx(path)
    elif (path / "saved_model.pb").is_file():
        from mnist_keras.prediction.saved_model import load_saved_model

        predict = load_saved_model(path)
    else:
        raise InputError(
            f"{path} is no model. Expected: a .keras, .tflite or .onnx file, a SavedModel (a folder with "
            "saved_model.pb), a run's folder or an export's folder."
        )
    return Predictor(predict, path, trained_on)


def _described(path: pathlib.Path) -> tuple[str | None, str | None]:
    """Dataset and SHA-256 of the file, where the config of a run or the card of an export beside it says them."""
    for name in ("config.json", "card.json"):
        try:
            content = read_json(path.parent / name)
            dataset = str(content["dataset"]["name"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
        try:
            return dataset, str(content["files"][path.name]["sha256"])
        except (KeyError, TypeError):
            return dataset, None
    return None, None
