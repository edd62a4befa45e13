"""Can probabilities be believed, and from which one on should an answer count? In plain numpy."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

_COLDEST, _HOTTEST = 0.1, 10.0
THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


class Answers(NamedTuple):
    """What a reader who is only told answers from some confidence on gets."""

    threshold: float
    # Share of the examples that are answered.
    answered: float
    # Share of right ones among these, and among the others; None where there are none.
    right: float | None
    right_of_others: float | None


def apply_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """The probabilities, (examples, 10), that come of logits divided by `temperature`."""
    logits = np.log(np.maximum(np.asarray(probabilities, np.float64), np.finfo(np.float32).tiny)) / temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def fit_temperature(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """The temperature with the least cross-entropy, 0.1 to 10 (temperature scaling, Guo et al. 2017).

    Above 1 the network was too sure of itself, below 1 too little.

    Args:
        probabilities: (examples, 10), of examples that were not trained on.
        labels: integers (examples,).
    """

    def loss(exponent: float) -> float:
        of_label = apply_temperature(probabilities, np.exp(exponent))[np.arange(len(labels)), labels]
        return float(-np.log(np.maximum(of_label, np.finfo(np.float64).tiny)).mean())

    # The loss has one valley in 1 / temperature: thirds of the range go until it is narrow.
    low, high = np.log(_COLDEST), np.log(_HOTTEST)
    while high - low > 1e-4:
        third = (high - low) / 3
        if loss(low + third) < loss(high - third):
            high -= third
        else:
            low += third
    return float(np.exp((low + high) / 2))


def selective_accuracy(
    probabilities: np.ndarray, labels: np.ndarray, thresholds: Sequence[float] = THRESHOLDS
) -> list[Answers]:
    """How many examples are answered, and how many of them right, from each confidence on."""
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    rows = []
    for threshold in thresholds:
        counts = confidence >= threshold
        shares = (float(right[which].mean()) if which.any() else None for which in (counts, ~counts))
        rows.append(Answers(threshold, float(counts.mean()), *shares))
    return rows
