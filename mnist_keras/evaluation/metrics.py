"""Probabilities and labels -> EvaluationReport, in plain numpy."""

import dataclasses
from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np

from mnist_keras.errors import InputError

CLASSES = 10
_CALIBRATION_BINS = 15


@dataclasses.dataclass(frozen=True)
class EvaluationReport:
    """How well probabilities match labels."""

    examples: int
    correct: int
    #: Mean cross-entropy, nats.
    loss: float
    #: Mean gap between confidence and accuracy over 15 equal bins of confidence, weighted by their sizes
    #: (expected calibration error, Guo et al. 2017).
    expected_calibration_error: float
    #: Of the digits read as d, the share that are d; None where no digit was read so.
    precision: list[float | None]
    #: Of the digits that are d, the share read as d; None where there is no such digit.
    recall: list[float | None]
    #: confusion[label][prediction]: counts.
    confusion: list[list[int]]
    #: Index and prediction of every example that was read wrong.
    misclassified: list[tuple[int, int]]

    @property
    def accuracy(self) -> float:
        """Share of correct answers, 0..1."""
        return self.correct / self.examples

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"accuracy": self.accuracy, **dataclasses.asdict(self)}

    def __str__(self) -> str:
        lines = [
            f"accuracy           {self.correct}/{self.examples}  {self.accuracy:.2%}",
            f"loss               {self.loss:.4f}",
            f"calibration error  {self.expected_calibration_error:.4f}",
            "",
            "digit  precision   recall",
        ]
        for digit, pair in enumerate(zip(self.precision, self.recall, strict=True)):
            cells = ["      -" if value is None else f"{value:7.2%}" for value in pair]
            lines.append(f"{digit:>5}    {cells[0]}  {cells[1]}")
        width = max(4, len(str(np.max(self.confusion))) + 1)
        lines += ["", "confusion (rows: label, columns: prediction)"]
        lines.append("     " + "".join(f"{digit:>{width}}" for digit in range(CLASSES)))
        for digit, row in enumerate(self.confusion):
            lines.append(f"{digit:>5}" + "".join(f"{count or '.':>{width}}" for count in row))
        return "\n".join(lines)


def compute_metrics(probabilities: np.ndarray, labels: np.ndarray) -> EvaluationReport:
    """Scores predictions.

    Args:
        probabilities: (examples, 10), rows summing to 1.
        labels: integers (examples,), 0..9.

    Raises:
        InputError: the shapes do not fit, or the rows are no probabilities.
    """
    probabilities, labels = np.asarray(probabilities, np.float64), np.asarray(labels)
    if probabilities.shape != (len(labels), CLASSES) or not len(labels):
        raise InputError(
            f"Scoring needs one row of 10 probabilities a label, and at least one. "
            f"Received: probabilities of shape {probabilities.shape} for {len(labels)} labels."
        )
    if not (np.all(probabilities >= 0) and np.allclose(probabilities.sum(axis=1), 1, atol=1e-3)):
        raise InputError(
            "Scoring needs probabilities: no negative ones, rows summing to 1. "
            f"Received: values from {probabilities.min():.4g} to {probabilities.max():.4g}."
        )
    predictions = probabilities.argmax(axis=1)
    hits = predictions == labels
    confusion = np.zeros((CLASSES, CLASSES), int)
    np.add.at(confusion, (labels, predictions), 1)
    of_label = probabilities[np.arange(len(labels)), labels]
    return EvaluationReport(
        examples=len(labels),
        correct=int(hits.sum()),
        loss=float(-np.log(np.maximum(of_label, np.finfo(np.float32).tiny)).mean()),
        expected_calibration_error=_calibration_error(probabilities.max(axis=1), hits),
        precision=_shares(confusion.diagonal(), confusion.sum(axis=0)),
        recall=_shares(confusion.diagonal(), confusion.sum(axis=1)),
        confusion=confusion.tolist(),
        misclassified=[(int(index), int(predictions[index])) for index in np.flatnonzero(~hits)],
    )


def evaluate(predict: Callable[[np.ndarray], np.ndarray], images: np.ndarray, labels: np.ndarray) -> EvaluationReport:
    """Scores anything that turns uint8 images (examples, 28, 28) into probabilities (examples, 10)."""
    return compute_metrics(predict(images), labels)


def _shares(parts: np.ndarray, wholes: np.ndarray) -> list[float | None]:
    return [float(part / whole) if whole else None for part, whole in zip(parts, wholes, strict=True)]


def _calibration_error(confidence: np.ndarray, hits: np.ndarray) -> float:
    bins = np.minimum((confidence * _CALIBRATION_BINS).astype(int), _CALIBRATION_BINS - 1)
    gaps = np.bincount(bins, weights=confidence - hits, minlength=_CALIBRATION_BINS)
    return float(np.abs(gaps).sum() / len(hits))


# Index -> what readers see. About 2130, 2654, 3520, 8527 and 9679 they are divided; those stay as they are.
LABEL_FIXES = {947: 9, 1621: 6, 1901: 4, 2462: 0, 2597: 3, 3558: 0, 5937: 3, 6651: 6, 6783: 6, 9729: 6}


def correct_after_label_fixes(correct: int, misread: Collection[Sequence[int]]) -> int:
    """How many of MNIST's 10,000 test images a model read right, were these labels corrected.

    Args:
        correct: how many it read as labelled.
        misread: (index, prediction) of every other, as in `EvaluationReport.misclassified`.
    """
    predictions = {index: prediction for index, prediction in misread}
    gained = sum(predictions.get(index) == digit for index, digit in LABEL_FIXES.items())
    lost = sum(index not in predictions for index in LABEL_FIXES)
    return correct + gained - lost
