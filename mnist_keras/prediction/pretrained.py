"""The models that ship with this project, trained on all of MNIST."""

import pathlib

from mnist_keras.errors import InputError
from mnist_keras.prediction import Predictor, load_predictor

_EXPORTED = pathlib.Path(__file__).parents[2] / "exported"


def load_pretrained(name: str = "cnn_robust") -> Predictor:
    """Loads a shipped model, by LiteRT; its card lies beside `Predictor.path`.

    Args:
        name: of a folder in exported/.

    Raises:
        InputError: no such model is shipped.
    """
    shipped = sorted(path.parent.name for path in _EXPORTED.glob("*/mnist.tflite"))
    if name not in shipped:
        raise InputError(f"No model of that name is in {_EXPORTED}: {name!r}. Expected: {', '.join(shipped)}.")
    return load_predictor(_EXPORTED / name / "mnist.tflite")
