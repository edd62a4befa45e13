"""The models that ship with this project, trained on all of MNIST."""

from mnist_keras.errors import InputError
from mnist_keras.prediction import Predictor, load_predictor, shipped_models
from mnist_keras.shipped import shipped


def load_pretrained(name: str = "cnn_robust") -> Predictor:
    """Loads a shipped model, by LiteRT; its card lies beside `Predictor.path`.

    Args:
        name: of a folder in exported/.

    Raises:
        InputError: no such model is shipped.
    """
    models = shipped_models()
    if name not in models:
        raise InputError(f"No model of that name is in {shipped('exported')}: {name!r}. Expected: {', '.join(models)}.")
    return load_predictor(models[name])
