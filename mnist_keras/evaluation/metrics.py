"""Metrics of predicted probabilities: accuracy, cross-entropy, calibration error, precision, recall, confusion matrix.

Must not import TensorFlow.
"""

import dataclasses
from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np

from mnist_keras.errors import InputError

CLASSES = 10
_CALIBRATION_BINS = 15
# Label errors of MNIST's test set: index to the digit that most human readers see. Readers disagree about 2130, 2654,
# 3520, 8527 and 9679, whose labels stay unchanged.
LABEL_FIXES = {947: 9, 1621: 6, 1901: 4, 2462: 0, 2597: 3, 3558: 0, 5937: 3, 6651: 6, 6783: 6, 9729: 6}


@dataclasses.dataclass(frozen=True)
class EvaluationReport:
    """Metrics of predictions on a test set. `str(report)` is a printable table."""

    #: Number of examples.
    examples: int
    #: Number of correct predictions.
    correct: int
    #: Mean cross-entropy, nats.
    loss: float
    #: Mean absolute difference between confidence and accuracy over 15 confidence bins of equal width, weighted by the
    #: number of examples (expected calibration error, Guo et al. 2017), 0 to 1.
    expected_calibration_error: float
    #: Precision of each digit, 0 to 1; None if it was never predicted.
    precision: list[float | None]
    #: Recall of each digit, 0 to 1; None if it has no examples.
    recall: list[float | None]
    #: confusion[label][prediction]: number of examples.
    confusion: list[list[int]]
    #: (index, prediction) of each misclassified example.
    misclassified: list[tuple[int, int]]

    @property
    def accuracy(self) -> float:
        """Fraction of correct predictions, 0 to 1."""
        return self.correct / self.examples

    def to_dict(self) -> dict[str, Any]:
        """Returns all fields and the accuracy as a dict for JSON."""
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
    """Computes the metrics of predicted probabilities.

    Args:
        probabilities: (examples, 10); each row sums to 1.
        labels: integers (examples,), 0 to 9.

    Raises:
        InputError: the shapes do not match, there are no examples, or the rows are not probabilities.
    """
    probabilities, labels = np.asarray(probabilities, np.float64), np.asarray(labels)
    if probabilities.shape != (len(labels), CLASSES) or not len(labels):
        raise InputError(
            "Metrics need one row of 10 probabilities per label, and at least one label. "
            f"Received: probabilities of shape {probabilities.shape} for {len(labels)} labels. "
            "Pass predictions and labels of the same images."
        )
    if not (np.all(probabilities >= 0) and np.allclose(probabilities.sum(axis=1), 1, atol=1e-3)):
        raise InputError(
            "Metrics need probabilities: at least 0, with a sum of 1 per row. "
            f"Received: values from {probabilities.min():.4g} to {probabilities.max():.4g}. "
            "Apply a softmax to logits."
        )
    predictions = probabilities.argmax(axis=1)
    is_correct = predictions == labels
    confusion = np.zeros((CLASSES, CLASSES), int)
    np.add.at(confusion, (labels, predictions), 1)
    of_labels = probabilities[np.arange(len(labels)), labels]
    return EvaluationReport(
        examples=len(labels),
        correct=int(is_correct.sum()),
        loss=float(-np.log(np.maximum(of_labels, np.finfo(np.float32).tiny)).mean()),
        expected_calibration_error=_calibration_error(probabilities.max(axis=1), is_correct),
        precision=_ratios(confusion.diagonal(), confusion.sum(axis=0)),
        recall=_ratios(confusion.diagonal(), confusion.sum(axis=1)),
        confusion=confusion.tolist(),
        misclassified=[(int(index), int(predictions[index])) for index in np.flatnonzero(~is_correct)],
    )


def evaluate(predict: Callable[[np.ndarray], np.ndarray], images: np.ndarray, labels: np.ndarray) -> EvaluationReport:
    """Computes the metrics of `predict` on a test set.

    Args:
        predict: uint8 (examples, 28, 28) to probabilities (examples, 10), such as `Predictor.predict`.
        images: uint8 (examples, 28, 28).
        labels: integers (examples,), 0 to 9.

    Raises:
        InputError: `predict` does not return one row of probabilities per image.
    """
    return compute_metrics(predict(images), labels)


def _ratios(counts: np.ndarray, totals: np.ndarray) -> list[float | None]:
    return [float(count / total) if total else None for count, total in zip(counts, totals, strict=True)]


def _calibration_error(confidence: np.ndarray, is_correct: np.ndarray) -> float:
    bins = np.minimum((confidence * _CALIBRATION_BINS).astype(int), _CALIBRATION_BINS - 1)
    differences = np.bincount(bins, weights=confidence - is_correct, minlength=_CALIBRATION_BINS)
    return float(np.abs(differences).sum() / len(is_correct))


def correct_after_label_fixes(correct: int, misclassified: Collection[Sequence[int]]) -> int:
    """Returns the number of correct predictions on MNIST's test set if its ten label errors are corrected.

    Args:
        correct: number of correct predictions by the original labels.
        misclassified: (index, prediction) of each other image, as in `EvaluationReport.misclassified`.
    """
    predictions = {index: prediction for index, prediction in misclassified}
    gained = sum(predictions.get(index) == digit for index, digit in LABEL_FIXES.items())
    lost = sum(index not in predictions for index in LABEL_FIXES)
    return correct + gained - lost
