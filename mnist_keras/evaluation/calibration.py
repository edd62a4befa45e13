"""Temperature scaling and selective accuracy of predicted probabilities. Must not import TensorFlow."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import optimize

_MIN_TEMPERATURE, _MAX_TEMPERATURE = 0.1, 10.0
# Absolute tolerance of the logarithm of the temperature.
_TOLERANCE = 1e-4
THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


class SelectiveAccuracy(NamedTuple):
    """Coverage and accuracy of the predictions above a confidence threshold (selective classification)."""

    #: Minimum confidence, the maximum of the probabilities, of a selected prediction; 0 to 1.
    threshold: float
    #: Fraction of the examples that are selected, 0 to 1.
    coverage: float
    #: Accuracy on the selected examples, 0 to 1; None without selected examples.
    accuracy: float | None
    #: Accuracy on the rejected examples, 0 to 1; None without rejected examples.
    rejected_accuracy: float | None


def selective_accuracy(
    probabilities: np.ndarray, labels: np.ndarray, thresholds: Sequence[float] = THRESHOLDS
) -> list[SelectiveAccuracy]:
    """Returns coverage, accuracy and rejected accuracy at each confidence threshold.

    Args:
        probabilities: (examples, classes).
        labels: integers (examples,), the class of each.
        thresholds: minimum confidences, 0 to 1.
    """
    confidence, is_correct = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    rows = []
    for threshold in thresholds:
        selected = confidence >= threshold
        accuracies = (_mean_or_none(is_correct[part]) for part in (selected, ~selected))
        rows.append(SelectiveAccuracy(threshold, float(selected.mean()), *accuracies))
    return rows


def _mean_or_none(values: np.ndarray) -> float | None:
    return float(values.mean()) if len(values) else None


def apply_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Returns the softmax of the logits divided by `temperature` (temperature scaling).

    Args:
        probabilities: (examples, classes), the softmax of the logits.
        temperature: above 1 lowers the confidence, below 1 raises it.

    Returns:
        float64 (examples, classes).
    """
    logits = np.log(np.maximum(np.asarray(probabilities, np.float64), np.finfo(np.float32).tiny)) / temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def fit_temperature(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Returns the temperature from 0.1 to 10 with the minimum cross-entropy (temperature scaling, Guo et al. 2017).

    The network is overconfident if it is above 1, underconfident if it is below 1.

    Args:
        probabilities: (examples, classes), of examples outside of the training set.
        labels: integers (examples,), the class of each.
    """

    def cross_entropy(log_temperature: float) -> float:
        scaled = apply_temperature(probabilities, np.exp(log_temperature))
        of_labels = scaled[np.arange(len(labels)), labels]
        return float(-np.log(np.maximum(of_labels, np.finfo(np.float64).tiny)).mean())

    # The cross-entropy is convex in 1 / temperature, so it has one minimum.
    bounds = np.log(_MIN_TEMPERATURE), np.log(_MAX_TEMPERATURE)
    result = optimize.minimize_scalar(cross_entropy, bounds=bounds, method="bounded", options={"xatol": _TOLERANCE})
    return float(np.exp(result.x))
