"""Weights of the classes for unbalanced training sets. Must not import TensorFlow."""

import numpy as np

# Values of `TrainingOptions.class_weight`.
CLASS_WEIGHTS = (None, "balanced")


def balanced_class_weights(labels: np.ndarray, classes: int) -> np.ndarray:
    """Returns weights that are inversely proportional to the frequencies of the classes.

    The weight of a class is examples / (classes in the training set * examples of the class), as in scikit-learn's
    `compute_class_weight`. So every class contributes equally to the loss, and the mean weight of the examples is 1.

    Args:
        labels: integers (examples,), from 0 to `classes` - 1.
        classes: number of classes.

    Returns:
        float32 (classes,); 0 for a class without examples.
    """
    counts = np.bincount(labels, minlength=classes)
    weights = len(labels) / (np.count_nonzero(counts) * np.maximum(counts, 1))
    return np.where(counts > 0, weights, 0).astype(np.float32)
