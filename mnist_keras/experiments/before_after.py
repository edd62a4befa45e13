"""Predictions before and after fine-tuning, also on the test set of a dataset mixed in."""

import dataclasses
from typing import Any

import numpy as np

from mnist_keras.data import Digits
from mnist_keras.inference.keras_model import keras_predict_function
from mnist_keras.training.train import TrainingResult


@dataclasses.dataclass(frozen=True)
class BeforeAfter:
    """Predicted classes of one test set before and after a training."""

    #: The dataset of the test set.
    digits: Digits
    #: Integers (examples,), by the trained model.
    after: np.ndarray
    #: The same by the initial model; None without one of the same classes.
    before: np.ndarray | None = None

    def to_dict(self) -> dict[str, Any]:
        """Returns the counts for report.json, those of the initial model only where there is one."""
        is_correct = self.after == self.digits.test_labels
        counts = {"dataset": self.digits.name, "examples": len(is_correct), "correct": int(is_correct.sum())}
        if self.before is None:
            return counts
        was_correct = self.before == self.digits.test_labels
        return counts | {
            "correct_before": int(was_correct.sum()),
            "corrected": int((is_correct & ~was_correct).sum()),
            "newly_misclassified": int((was_correct & ~is_correct).sum()),
        }


def compare_before_and_after(
    training: TrainingResult, digits: Digits, probabilities: np.ndarray
) -> tuple[BeforeAfter, ...]:
    """Compares the initial model of a training with the trained one.

    Args:
        training: from `train`.
        digits: the dataset of the training.
        probabilities: of the trained model on the test images of `digits`, float32 (examples, classes).

    Returns:
        The predictions on the test images of `digits`, and on those of the dataset that is mixed into it. Empty if
        there is neither such a dataset nor an initial model of the same classes.
    """
    initial, mixed_in = training.initial_model, digits.mixed_in
    if initial is None and mixed_in is None:
        return ()
    # Of the dataset itself, the caller has the predictions of the saved model.
    tests = [(digits, probabilities)] + ([(mixed_in, training.predict(mixed_in.test_images))] if mixed_in else [])
    predict = keras_predict_function(initial) if initial is not None else None
    return tuple(
        BeforeAfter(test, after.argmax(axis=1), predict(test.test_images).argmax(axis=1) if predict else None)
        for test, after in tests
    )
