"""Handwritten digits, from pixels to phone.

The names below are the public interface. Each is imported when it is first used, so that
`import mnist_keras` costs nothing.
"""

import importlib

__version__ = "0.1.0"

_HOMES = {
    "Augmentation": "mnist_keras.augmentation",
    "Digits": "mnist_keras.digits",
    "InputError": "mnist_keras.errors",
    "Predictor": "mnist_keras.prediction",
    "RECIPES": "mnist_keras.recipes",
    "Recipe": "mnist_keras.recipe",
    "Report": "mnist_keras.evaluation",
    "Training": "mnist_keras.training",
    "build_model": "mnist_keras.models",
    "evaluate": "mnist_keras.evaluation",
    "export_run": "mnist_keras.exporting.export",
    "get_recipe": "mnist_keras.recipes",
    "hold_out": "mnist_keras.digits",
    "load_digits": "mnist_keras.digits",
    "load_pretrained": "mnist_keras.prediction.pretrained",
    "load_predictor": "mnist_keras.prediction",
    "Reading": "mnist_keras.reading",
    "Sight": "mnist_keras.own_images.seeing",
    "read_file": "mnist_keras.reading",
    "read_picture": "mnist_keras.own_images.files",
    "see": "mnist_keras.own_images.seeing",
    "save_run": "mnist_keras.saving",
    "train": "mnist_keras.training",
    "train_run": "mnist_keras.runs",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module 'mnist_keras' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__():
    return [*globals(), *__all__]
