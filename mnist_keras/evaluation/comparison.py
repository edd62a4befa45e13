"""Compares the test accuracies of two recipes by a paired bootstrap. Must not import TensorFlow."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mnist_keras.errors import InputError

_RESAMPLES = 10_000


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Difference between the mean test accuracies of two recipes, in percentage points."""

    #: The first recipe's mean accuracy minus the second's.
    difference: float
    #: Limits of the 95 % confidence interval of the difference.
    low: float
    high: float
    #: Two-sided p-value of the hypothesis that the accuracies are equal; at least 1 / 10,000, the resolution.
    p_value: float


def compare_runs(first: Sequence[Mapping[str, Any]], second: Sequence[Mapping[str, Any]]) -> Comparison:
    """Compares two recipes by a paired bootstrap over seeds and test images (Efron, Tibshirani 1993).

    Each resample draws seeds of each recipe independently, and test images jointly for both recipes.

    Args:
        first: reports of the first recipe's runs (report.json), one per seed.
        second: reports of the second recipe's runs.

    Raises:
        InputError: the reports are not of the same test set, or do not list the misclassified images.
    """
    if any("misclassified" not in report for report in (*first, *second)):
        raise InputError(
            "A comparison needs the misclassified images of each run. Received: a report without `misclassified`. "
            "Train these runs again."
        )
    tests = {(report["dataset"], report["examples"]) for report in (*first, *second)}
    if len(tests) != 1:
        raise InputError(
            f"A comparison needs runs on the same test images. Received: {sorted(tests)}. Choose runs on one dataset."
        )
    ((_, examples),) = tests
    runs = [[[index for index, _ in report["misclassified"]] for report in reports] for reports in (first, second)]
    # All runs classify the other images correctly, so these cancel out.
    indices = sorted({index for recipe_runs in runs for run in recipe_runs for index in run})
    # Per recipe, booleans (runs, indices).
    errors = [np.array([np.isin(indices, run) for run in recipe_runs]) for recipe_runs in runs]
    random = np.random.default_rng(0)

    def resampled_difference() -> float:
        first_rate, second_rate = (table[random.integers(len(table), size=len(table))].mean(axis=0) for table in errors)
        counts = random.multinomial(examples, [*[1 / examples] * len(indices), 1 - len(indices) / examples])[:-1]
        return float((second_rate - first_rate) @ counts)

    differences = np.array([resampled_difference() for _ in range(_RESAMPLES)])
    observed = float((errors[1].mean(axis=0) - errors[0].mean(axis=0)).sum())
    two_sided = 2 * min(np.mean(differences <= 0), np.mean(differences >= 0))
    to_points = 100 / examples
    low, high = np.percentile(differences, [2.5, 97.5]) * to_points
    p_value = float(np.clip(two_sided, 1 / _RESAMPLES, 1.0))
    return Comparison(observed * to_points, float(low), float(high), p_value)
