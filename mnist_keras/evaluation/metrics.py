"""Metrics of predicted probabilities: accuracy, cross-entropy, calibration error, precision, recall, confusion matrix.

Must not import TensorFlow.
"""

import dataclasses
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

import numpy as np

from mnist_keras.data.digits import DIGIT_NAMES, is_of_digits
from mnist_keras.errors import InputError

_CALIBRATION_BINS = 15
# Label errors of MNIST's test set: index to the digit that most human readers see. Readers disagree about 2130, 2654,
# 3520, 8527 and 9679, whose labels stay unchanged.
LABEL_FIXES = {947: 9, 1621: 6, 1901: 4, 2462: 0, 2597: 3, 3558: 0, 5937: 3, 6651: 6, 6783: 6, 9729: 6}


# More classes would flood a terminal: only the worst are printed.
_MAX_PRINTED_CLASSES = 20
_WORST = 10
# Maximum width of a name above a column of the confusion matrix.
_MAX_COLUMN = 8


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
    #: Precision of each class, 0 to 1; None if it was never predicted.
    precision: list[float | None]
    #: Recall of each class, 0 to 1; None if it has no examples.
    recall: list[float | None]
    #: confusion[label][prediction]: number of examples.
    confusion: list[list[int]]
    #: (index, prediction) of each misclassified example.
    misclassified: list[tuple[int, int]]
    #: The name of each class.
    class_names: tuple[str, ...] = DIGIT_NAMES

    @property
    def accuracy(self) -> float:
        """Fraction of correct predictions, 0 to 1."""
        return self.correct / self.examples

    def to_dict(self) -> dict[str, Any]:
        """Returns all fields and the accuracy as a dict for JSON. The names of the ten digits are left out."""
        fields = {"accuracy": self.accuracy, **dataclasses.asdict(self)}
        if is_of_digits(self.class_names):
            del fields["class_names"]
        return fields

    def __str__(self) -> str:
        lines = [
            f"accuracy           {self.correct}/{self.examples}  {self.accuracy:.2%}",
            f"loss               {self.loss:.4f}",
            f"calibration error  {self.expected_calibration_error:.4f}",
            "",
        ]
        if len(self.class_names) > _MAX_PRINTED_CLASSES:
            return "\n".join([*lines, *self._worst_classes(), "", *self._confusions()])
        return "\n".join([*lines, *self._classes(range(len(self.class_names))), "", *self._confusion_matrix()])

    def _classes(self, classes: Iterable[int]) -> list[str]:
        width = max(5, max(map(len, self.class_names)))
        lines = [f"{'digit' if is_of_digits(self.class_names) else 'class':>{width}}  precision   recall"]
        for index in classes:
            values = (self.precision[index], self.recall[index])
            cells = ["      -" if value is None else f"{value:7.2%}" for value in values]
            lines.append(f"{self.class_names[index]:>{width}}    {cells[0]}  {cells[1]}")
        return lines

    def _worst_classes(self) -> list[str]:
        recalls = [(recall, index) for index, recall in enumerate(self.recall) if recall is not None]
        worst = [index for _, index in sorted(recalls)[:_WORST]]
        return [f"{len(worst)} of {len(self.class_names)} classes with the lowest recall", *self._classes(worst)]

    def _confusion_matrix(self) -> list[str]:
        rows_width = max(5, max(map(len, self.class_names)))
        titles = [name[:_MAX_COLUMN] for name in self.class_names]
        width = max(4, len(str(np.max(self.confusion))) + 1, max(map(len, titles)) + 1)
        lines = ["confusion (rows: label, columns: prediction)"]
        lines.append(" " * rows_width + "".join(f"{title:>{width}}" for title in titles))
        for name, row in zip(self.class_names, self.confusion, strict=True):
            lines.append(f"{name:>{rows_width}}" + "".join(f"{count or '.':>{width}}" for count in row))
        return lines

    def _confusions(self) -> list[str]:
        rows = [
            (self.class_names[label], self.class_names[prediction], str(count))
            for label, prediction, count in most_confused(self.confusion, _WORST)
        ]
        table = [("label", "prediction", "count"), *rows]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in table]
        return [f"the most frequent confusions{'' if rows else ': none'}", *(lines if rows else [])]


def most_confused(confusion: Sequence[Sequence[int]], maximum: int = 8) -> list[tuple[int, int, int]]:
    """Returns the most frequent confusions as (label, prediction, count), most frequent first, at most `maximum`.

    Args:
        confusion: `EvaluationReport.confusion`.
        maximum: number of confusions.
    """
    counts = np.array(confusion)
    np.fill_diagonal(counts, 0)
    labels, predictions = np.nonzero(counts)
    order = np.argsort(-counts[labels, predictions], kind="stable")[:maximum]
    return [(int(labels[i]), int(predictions[i]), int(counts[labels[i], predictions[i]])) for i in order]


def compute_metrics(
    probabilities: np.ndarray, labels: np.ndarray, class_names: Sequence[str] = DIGIT_NAMES
) -> EvaluationReport:
    """Computes the metrics of predicted probabilities.

    Args:
        probabilities: (examples, classes); each row sums to 1.
        labels: integers (examples,), from 0 to the number of classes minus 1.
        class_names: the name of each class.

    Raises:
        InputError: the shapes do not match, there are no examples, or the rows are not probabilities.
    """
    probabilities, labels = np.asarray(probabilities, np.float64), np.asarray(labels)
    classes = len(class_names)
    if probabilities.shape != (len(labels), classes) or not len(labels):
        raise InputError(
            f"Metrics need one row of {classes} probabilities per label, and at least one label. "
            f"Received: probabilities of shape {probabilities.shape} for {len(labels)} labels. "
            "Pass predictions and labels of the same images, and the names of all classes."
        )
    if labels.min() < 0 or labels.max() >= classes:
        raise InputError(
            f"Metrics need labels from 0 to {classes - 1}. Received: labels from {labels.min()} to {labels.max()}. "
            "Pass the labels of the classes that the model predicts."
        )
    if not (np.all(probabilities >= 0) and np.allclose(probabilities.sum(axis=1), 1, atol=1e-3)):
        raise InputError(
            "Metrics need probabilities: at least 0, with a sum of 1 per row. "
            f"Received: values from {probabilities.min():.4g} to {probabilities.max():.4g}. "
            "Apply a softmax to logits."
        )
    predictions = probabilities.argmax(axis=1)
    is_correct = predictions == labels
    confusion = np.zeros((classes, classes), int)
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
        class_names=tuple(class_names),
    )


def evaluate(
    predict: Callable[[np.ndarray], np.ndarray],
    images: np.ndarray,
    labels: np.ndarray,
    class_names: Sequence[str] = DIGIT_NAMES,
) -> EvaluationReport:
    """Computes the metrics of `predict` on a test set.

    Args:
        predict: uint8 (examples, 28, 28) to probabilities (examples, classes), such as `Predictor.predict`.
        images: uint8 (examples, 28, 28).
        labels: integers (examples,), from 0 to the number of classes minus 1.
        class_names: the name of each class, such as `Predictor.class_names`.

    Raises:
        InputError: `predict` does not return one row of probabilities per image.
    """
    return compute_metrics(predict(images), labels, class_names)


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
