"""Every picture the package draws. Functions return a matplotlib Figure; `save_figure` writes it.

What looks into a model is left to `first_layer.py` and `run.py`, so that this imports no TensorFlow.
"""

from mnist_keras.figures.ablation import ablation_figure
from mnist_keras.figures.accuracies import accuracy_by_recipe
from mnist_keras.figures.calibration import reliability_diagram
from mnist_keras.figures.canvas import as_svg, save_figure
from mnist_keras.figures.confusion import confusion_matrix
from mnist_keras.figures.curves import step_curves, training_curves
from mnist_keras.figures.digit_grids import (
    augmentation_grid,
    digit_grid,
    label_grid,
    least_certain_grid,
    misclassified_grid,
    prediction_grid,
)
from mnist_keras.figures.frontier import error_by_parameters
from mnist_keras.figures.readings import readings_table
from mnist_keras.figures.robustness import robustness_figure

__all__ = [
    "ablation_figure",
    "accuracy_by_recipe",
    "as_svg",
    "augmentation_grid",
    "confusion_matrix",
    "digit_grid",
    "error_by_parameters",
    "label_grid",
    "least_certain_grid",
    "misclassified_grid",
    "prediction_grid",
    "readings_table",
    "reliability_diagram",
    "robustness_figure",
    "save_figure",
    "step_curves",
    "training_curves",
]
