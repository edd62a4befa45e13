"""Is one recipe better than another, or only luckier?"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mnist_keras.errors import InputError

_RESAMPLES = 10_000


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Mean accuracy of one recipe less that of another, in points of percent."""

    difference: float
    #: 95 % of the resamples lie between them.
    low: float
    high: float
    #: Two-sided; the least that is told is one resample's share.
    p_value: float


def compare_runs(one: Sequence[Mapping[str, Any]], other: Sequence[Mapping[str, Any]]) -> Comparison:
    """Compares two recipes on the same test images by a paired bootstrap (Efron, Tibshirani 1993).

    Each resample draws seeds of either recipe, and test images; an image that is drawn counts for both.

    Args:
        one: reports of the one recipe's runs, a seed each.
        other: of the other's.

    Raises:
        InputError: they are of different test sets, or of an older version that kept no list of misread images.
    """
    if any("misclassified" not in report for report in (*one, *other)):
        raise InputError("Some of these reports do not list the images that were misread: train these runs anew.")
    tests = {(report["dataset"], report["examples"]) for report in (*one, *other)}
    if len(tests) != 1:
        raise InputError(f"Recipes are compared on the same test images. Received: {sorted(tests)}")
    ((_, examples),) = tests
    misread = [[[index for index, _ in report["misclassified"]] for report in reports] for reports in (one, other)]
    # All other images count the same for every run.
    indices = sorted({index for runs in misread for run in runs for index in run})
    wrong = [np.array([np.isin(indices, run) for run in runs]) for runs in misread]
    random = np.random.default_rng(0)

    def resample() -> float:
        errors, others = (table[random.integers(len(table), size=len(table))].mean(axis=0) for table in wrong)
        drawn = random.multinomial(examples, [*[1 / examples] * len(indices), 1 - len(indices) / examples])[:-1]
        return float((others - errors) @ drawn)

    differences = np.array([resample() for _ in range(_RESAMPLES)])
    observed = float((wrong[1].mean(axis=0) - wrong[0].mean(axis=0)).sum())
    beyond = 2 * min(np.mean(differences <= 0), np.mean(differences >= 0))
    to_points = 100 / examples
    low, high = np.percentile(differences, [2.5, 97.5]) * to_points
    p_value = float(np.clip(beyond, 1 / _RESAMPLES, 1.0))
    return Comparison(observed * to_points, float(low), float(high), p_value)
