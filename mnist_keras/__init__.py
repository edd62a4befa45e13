"""Handwritten digits, from pixels to phone.

The names below are the public interface. Each is imported when it is first used, so that
`import mnist_keras` costs nothing.
"""

import importlib

__version__ = "0.1.0"

_HOMES = {
    "Augmentation": "mnist_keras.data.augmentation.config",
    "Digits": "mnist_keras.data",
    "InputError": "mnist_keras.errors",
    "Predictor": "mnist_keras.inference.predictor",
    "RECIPES": "mnist_keras.recipes",
    "Recipe": "mnist_keras.recipes.recipe",
    "EvaluationReport": "mnist_keras.evaluation.metrics",
    "Training": "mnist_keras.training.train",
    "build_model": "mnist_keras.models",
    "evaluate": "mnist_keras.evaluation.metrics",
    "export_run": "mnist_keras.export.export",
    "get_recipe": "mnist_keras.recipes",
    "split_validation": "mnist_keras.data",
    "load_digits": "mnist_keras.data",
    "load_pretrained": "mnist_keras.inference.predictor",
    "load_predictor": "mnist_keras.inference.predictor",
    "Reading": "mnist_keras.inference.images",
    "PreprocessedDigit": "mnist_keras.inference.preprocessing.digit",
    "predict_file": "mnist_keras.inference.images",
    "load_image": "mnist_keras.inference.preprocessing.image_files",
    "see": "mnist_keras.inference.preprocessing.normalize",
    "save_run": "mnist_keras.experiments.save_run",
    "train": "mnist_keras.training.train",
    "train_run": "mnist_keras.experiments.train_run",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module 'mnist_keras' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__():
    return [*globals(), *__all__]
