"""MNIST digit classification with Keras 3: training, evaluation, export and prediction.

The names below are the public interface. Each is imported on first use, so `import mnist_keras` imports neither
TensorFlow nor Keras.
"""

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from mnist_keras.data import Digits as Digits
    from mnist_keras.data import load_digits as load_digits
    from mnist_keras.data import split_validation as split_validation
    from mnist_keras.data.augmentation.config import Augmentation as Augmentation
    from mnist_keras.errors import InputError as InputError
    from mnist_keras.evaluation.metrics import EvaluationReport as EvaluationReport
    from mnist_keras.evaluation.metrics import evaluate as evaluate
    from mnist_keras.experiments.save_run import save_run as save_run
    from mnist_keras.experiments.train_run import train_run as train_run
    from mnist_keras.explanations.explanation import Explanation as Explanation
    from mnist_keras.explanations.explanation import explain_prediction as explain_prediction
    from mnist_keras.explanations.features import TrainingFeatures as TrainingFeatures
    from mnist_keras.export.export import export_model as export_model
    from mnist_keras.export.export import export_run as export_run
    from mnist_keras.inference.images import DigitPrediction as DigitPrediction
    from mnist_keras.inference.images import NumberPrediction as NumberPrediction
    from mnist_keras.inference.images import predict_file as predict_file
    from mnist_keras.inference.images import predict_number as predict_number
    from mnist_keras.inference.predictor import Predictor as Predictor
    from mnist_keras.inference.predictor import list_models as list_models
    from mnist_keras.inference.predictor import load_predictor as load_predictor
    from mnist_keras.inference.predictor import load_pretrained as load_pretrained
    from mnist_keras.inference.preprocessing.digit import PreprocessedDigit as PreprocessedDigit
    from mnist_keras.inference.preprocessing.image_files import load_image as load_image
    from mnist_keras.inference.preprocessing.normalize import PreprocessedNumber as PreprocessedNumber
    from mnist_keras.inference.preprocessing.normalize import preprocess_image as preprocess_image
    from mnist_keras.inference.preprocessing.normalize import preprocess_number as preprocess_number
    from mnist_keras.models import build_model as build_model
    from mnist_keras.models.pretrained import load_model as load_model
    from mnist_keras.recipes import RECIPES as RECIPES
    from mnist_keras.recipes import Recipe as Recipe
    from mnist_keras.recipes import get_recipe as get_recipe
    from mnist_keras.training.kernel_recorder import KernelRecorder as KernelRecorder
    from mnist_keras.training.learning_rate_range import LearningRateTest as LearningRateTest
    from mnist_keras.training.learning_rate_range import find_learning_rate as find_learning_rate
    from mnist_keras.training.settings import TrainingOptions as TrainingOptions
    from mnist_keras.training.train import TrainingResult as TrainingResult
    from mnist_keras.training.train import train as train
else:
    # Type checkers see the imports above, and report any other name as an error. A test compares the two lists.
    import importlib

    _MODULES = {
        "Augmentation": "mnist_keras.data.augmentation.config",
        "DigitPrediction": "mnist_keras.inference.images",
        "Digits": "mnist_keras.data",
        "EvaluationReport": "mnist_keras.evaluation.metrics",
        "Explanation": "mnist_keras.explanations.explanation",
        "InputError": "mnist_keras.errors",
        "KernelRecorder": "mnist_keras.training.kernel_recorder",
        "LearningRateTest": "mnist_keras.training.learning_rate_range",
        "NumberPrediction": "mnist_keras.inference.images",
        "Predictor": "mnist_keras.inference.predictor",
        "PreprocessedDigit": "mnist_keras.inference.preprocessing.digit",
        "PreprocessedNumber": "mnist_keras.inference.preprocessing.normalize",
        "RECIPES": "mnist_keras.recipes",
        "Recipe": "mnist_keras.recipes",
        "TrainingFeatures": "mnist_keras.explanations.features",
        "TrainingOptions": "mnist_keras.training.settings",
        "TrainingResult": "mnist_keras.training.train",
        "build_model": "mnist_keras.models",
        "evaluate": "mnist_keras.evaluation.metrics",
        "explain_prediction": "mnist_keras.explanations.explanation",
        "export_model": "mnist_keras.export.export",
        "export_run": "mnist_keras.export.export",
        "find_learning_rate": "mnist_keras.training.learning_rate_range",
        "get_recipe": "mnist_keras.recipes",
        "list_models": "mnist_keras.inference.predictor",
        "load_digits": "mnist_keras.data",
        "load_image": "mnist_keras.inference.preprocessing.image_files",
        "load_model": "mnist_keras.models.pretrained",
        "load_predictor": "mnist_keras.inference.predictor",
        "load_pretrained": "mnist_keras.inference.predictor",
        "predict_file": "mnist_keras.inference.images",
        "predict_number": "mnist_keras.inference.images",
        "preprocess_image": "mnist_keras.inference.preprocessing.normalize",
        "preprocess_number": "mnist_keras.inference.preprocessing.normalize",
        "save_run": "mnist_keras.experiments.save_run",
        "split_validation": "mnist_keras.data",
        "train": "mnist_keras.training.train",
        "train_run": "mnist_keras.experiments.train_run",
    }
    __all__ = sorted(_MODULES)
    _NEED_KERAS = (
        "Explanation",
        "KernelRecorder",
        "LearningRateTest",
        "TrainingFeatures",
        "TrainingResult",
        "build_model",
        "explain_prediction",
        "export_model",
        "export_run",
        "find_learning_rate",
        "load_model",
        "save_run",
        "train",
        "train_run",
    )

    def __getattr__(name):
        if name not in _MODULES:
            raise AttributeError(f"module 'mnist_keras' has no attribute {name!r}")
        if name in _NEED_KERAS:
            importlib.import_module("mnist_keras.distribution.keras_config").check_keras_config()
        return getattr(importlib.import_module(_MODULES[name]), name)

    def __dir__():
        return [*globals(), *__all__]
