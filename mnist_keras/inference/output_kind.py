"""Whether a model predicts probabilities, logits, or a probability per class. Must not import TensorFlow."""

import enum

import numpy as np


class OutputKind(enum.Enum):
    """What the outputs of a model are."""

    PROBABILITIES = "probabilities"
    LOGITS = "logits"
    #: Each class has a probability of its own, and they do not add up to 1.
    SIGMOIDS = "sigmoid probabilities"


def sum_tolerance(classes: int) -> float:
    """Returns the maximum difference to 1 of a sum of probabilities. An int8 file rounds each to steps of 1/256."""
    return max(0.1, classes / 512)


def find_output_kind(outputs: np.ndarray) -> OutputKind:
    """Returns what the outputs of a model on ten images are, (examples, classes), of which NaN are logits."""
    if not (outputs >= 0).all():
        return OutputKind.LOGITS
    if (np.abs(outputs.sum(axis=1) - 1) < sum_tolerance(outputs.shape[1])).all():
        return OutputKind.PROBABILITIES
    return OutputKind.SIGMOIDS if (outputs <= 1).all() else OutputKind.LOGITS


def to_probabilities(outputs: np.ndarray, kind: OutputKind) -> np.ndarray:
    """Returns outputs of a model, float32 (examples, classes), as probabilities of the same shape."""
    if kind is OutputKind.PROBABILITIES:
        return outputs
    if kind is OutputKind.LOGITS:
        powers = np.exp(outputs - outputs.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)
    sums = outputs.sum(axis=1, keepdims=True)
    return np.divide(outputs, sums, out=np.full_like(outputs, 1 / outputs.shape[1]), where=sums > 0)
