"""Field test: predicts labeled image files of a folder, and measures accuracy, warnings and coverage."""

import dataclasses
import os
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import stats

from mnist_keras.data.digits import DIGIT_NAMES, is_of_digits
from mnist_keras.errors import InputError
from mnist_keras.inference.images import DigitPrediction, list_images, predict_file
from mnist_keras.inference.predictor import Predictor

# Begins the names of images that show no digit.
NO_DIGIT = "none"


@dataclasses.dataclass(frozen=True)
class FieldTest:
    """Predictions of labeled images."""

    #: One prediction per image of a digit, in the order of their paths.
    predictions: tuple[DigitPrediction, ...]
    #: int64 (examples,).
    labels: np.ndarray
    #: The predictions of images that show no digit.
    no_digits: tuple[DigitPrediction, ...] = ()

    @property
    def is_correct(self) -> np.ndarray:
        """Whether each image was predicted correctly, bool (examples,). An image without ink is misclassified."""
        digits = [-1 if prediction.digit is None else prediction.digit for prediction in self.predictions]
        return np.array(digits) == self.labels

    @property
    def is_warned(self) -> np.ndarray:
        """Whether each prediction has a warning, bool (examples,)."""
        return np.array([bool(prediction.warnings) for prediction in self.predictions])

    @property
    def probabilities(self) -> np.ndarray:
        """float32 (examples, classes), for `compute_metrics`. An image without ink counts as misclassified."""
        rows = np.stack([prediction.probabilities for prediction in self.predictions])
        no_ink = np.array([prediction.digit is None for prediction in self.predictions])
        classes = rows.shape[1]
        misclassified = (np.arange(classes) != self.labels[:, np.newaxis]) / np.float32(classes - 1)
        return np.where(no_ink[:, np.newaxis], misclassified, rows)

    @property
    def auroc(self) -> float | None:
        """How well `is_digit` tells digits from images without a digit: the area under the ROC curve, 0 to 1.

        None if there are no images without a digit.
        """
        if not self.no_digits:
            return None
        scores = [
            [prediction.normalized.is_digit for prediction in each] for each in (self.predictions, self.no_digits)
        ]
        return float(stats.mannwhitneyu(*scores).statistic / (len(scores[0]) * len(scores[1])))

    def to_dict(self) -> dict[str, Any]:
        """Returns the summary as JSON types: accuracy, coverage, and accuracy of images without and with a warning.

        With images of no digit also their number, how many of them have no warning, and the AUROC of `is_digit`.
        """
        warned, correct = self.is_warned, self.is_correct
        reasons = [reason for prediction in self.predictions for reason in prediction.warnings]
        no_digit = {
            "no_digit_examples": len(self.no_digits),
            "no_digit_without_warning": sum(not prediction.warnings for prediction in self.no_digits),
            "auroc": self.auroc,
        }
        return {
            "examples": len(self.labels),
            "correct": int(correct.sum()),
            "accuracy": float(correct.mean()),
            "coverage": float((~warned).mean()),
            "accuracy_without_warning": float(correct[~warned].mean()) if (~warned).any() else None,
            "accuracy_with_warning": float(correct[warned].mean()) if warned.any() else None,
            "warnings": {reason: reasons.count(reason) for reason in sorted(set(reasons))},
            **(no_digit if self.no_digits else {}),
        }

    def __str__(self) -> str:
        summary = self.to_dict()

        def percent(value: float | None) -> str:
            return "-" if value is None else f"{value:.2%}"

        lines = [
            f"images                       {summary['examples']:>8}",
            f"accuracy                     {percent(summary['accuracy']):>8}",
            f"coverage (without warning)   {percent(summary['coverage']):>8}",
            f"accuracy without warning     {percent(summary['accuracy_without_warning']):>8}",
            f"accuracy with warning        {percent(summary['accuracy_with_warning']):>8}",
            *(f"warning: {reason:<20}{count:>8}" for reason, count in summary["warnings"].items()),
        ]
        if self.no_digits:
            lines += [
                f"images of no digit           {len(self.no_digits):>8}",
                f"of these without warning     {summary['no_digit_without_warning']:>8}",
                f"AUROC of is_digit            {self.auroc:>8.4f}",
            ]
        return "\n".join(lines)


def label_from_path(file: str | os.PathLike, class_names: Sequence[str] = DIGIT_NAMES) -> int | None:
    """Returns the label of an image file: the first character of its name, or the name of its folder.

    None if the name of the file begins with `NO_DIGIT`, or the folder is called so.

    Of other classes than the ten digits, the file's name begins with the name of the class and an underscore, as in
    `ship_3.png`, or the folder's name is the name of the class.

    Raises:
        InputError: neither is a digit, or the name of a class.
    """
    path = pathlib.Path(file)
    if not is_of_digits(class_names):
        return _class_from_path(path, class_names)
    if path.name.startswith(NO_DIGIT) or path.parent.name == NO_DIGIT:
        return None
    for name in (path.name[0], path.parent.name):
        if name in tuple("0123456789"):
            return int(name)
    raise InputError(
        f"{path} has no label. Expected: a file name that begins with the digit, or a folder whose name is the digit; "
        f"{NO_DIGIT} for images of no digit."
    )


def _class_from_path(path: pathlib.Path, class_names: Sequence[str]) -> int:
    fitting = [name for name in class_names if path.stem == name or path.name.startswith(f"{name}_")]
    if path.parent.name in class_names:
        fitting.append(path.parent.name)
    if not fitting:
        raise InputError(
            f"{path} has no label. Expected: a file name that begins with the name of a class and an underscore, as in "
            f"{class_names[0]}_1.png, or a folder whose name is the name of a class."
        )
    return class_names.index(max(fitting, key=len))


def run_field_test(predictor: Predictor, folder: str | os.PathLike) -> FieldTest:
    """Predicts all labeled images in a folder and its subfolders.

    Raises:
        InputError: there is no such folder, it contains no images of digits, or one has no label or cannot be read.
    """
    files = list_labeled_images(folder)
    labels = [label_from_path(file, predictor.class_names) for file in files]
    if set(labels) == {None}:
        raise InputError(f"{folder} contains no images of digits. Expected: a file name that begins with the digit.")
    predictions = [predict_file(predictor, file)[0] for file in files]
    pairs = list(zip(predictions, labels, strict=True))
    return FieldTest(
        tuple(prediction for prediction, label in pairs if label is not None),
        np.array([label for label in labels if label is not None]),
        tuple(prediction for prediction, label in pairs if label is None),
    )


def list_labeled_images(folder: str | os.PathLike) -> list[str]:
    """Returns the images in a folder and its subfolders.

    Raises:
        InputError: there is no such folder, or it contains no images.
    """
    if not pathlib.Path(folder).is_dir():
        raise InputError(f"There is no such folder: {folder}. Expected: a folder of labeled images.")
    return list(list_images([folder]))
