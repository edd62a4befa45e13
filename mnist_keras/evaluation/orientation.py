"""Checks by a shipped model whether labeled images are upright digits. Must not import TensorFlow."""

import functools
import warnings
from collections.abc import Callable

import numpy as np

from mnist_keras.cli import silence_native_logs
from mnist_keras.data import Digits, base_dataset
from mnist_keras.data.digits import is_of_digits
from mnist_keras.errors import InputWarning
from mnist_keras.inference.predictor import Predictor, load_pretrained

# Transforms of (examples, height, width) that make images upright which are stored otherwise.
ORIENTATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "upright": lambda images: images,
    "transposed": lambda images: images.swapaxes(1, 2),
    "mirrored left to right": lambda images: images[:, :, ::-1],
    "mirrored top to bottom": lambda images: images[:, ::-1],
    "turned by 180 degrees": lambda images: images[:, ::-1, ::-1],
    "turned clockwise": lambda images: np.rot90(images, 1, (1, 2)),
    "turned counterclockwise": lambda images: np.rot90(images, -1, (1, 2)),
    "transposed and turned by 180 degrees": lambda images: images.swapaxes(1, 2)[:, ::-1, ::-1],
}
# The check predicts at most this number of images, chosen at random.
_MAX_IMAGES = 500
# Digits of other people's datasets are classified correctly more often than this in the right orientation.
_MIN_ACCURACY = 0.6
_VERIFIED = ("mnist", "sample")


def orientation_accuracies(images: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Returns the accuracy of the shipped `compact_1k` by orientation, 0 to 1: how well labels and images agree.

    Args:
        images: uint8 (examples, 28, 28), white ink on black.
        labels: integers (examples,), 0 to 9.
    """
    chosen = np.random.default_rng(0).permutation(len(images))[:_MAX_IMAGES]
    predict, labels = _compact_model().predict, labels[chosen]
    return {
        name: float((predict(np.ascontiguousarray(turn(images[chosen]))).argmax(axis=1) == labels).mean())
        for name, turn in ORIENTATIONS.items()
    }


def are_digits(digits: Digits) -> bool:
    """Returns whether the labels of a dataset's training images are the digits that they show."""
    if not is_of_digits(digits.class_names):
        return False
    if base_dataset(digits.name) in _VERIFIED:
        return True
    return orientation_accuracies(digits.train_images, digits.train_labels)["upright"] > _MIN_ACCURACY


def warn_unless_upright(digits: Digits) -> None:
    """Warns if the images of a dataset are digits in another orientation than MNIST's, such as EMNIST's files.

    MNIST and its sample are verified by checksums and not checked, nor are datasets of other classes.
    """
    if base_dataset(digits.name) in _VERIFIED or not is_of_digits(digits.class_names):
        return
    for part in ("training", "test"):
        prefix = part.removesuffix("ing")
        images, labels = getattr(digits, f"{prefix}_images"), getattr(digits, f"{prefix}_labels")
        accuracies = orientation_accuracies(images, labels)
        best = max(accuracies, key=lambda name: accuracies[name])
        if best != "upright" and accuracies[best] > max(_MIN_ACCURACY, accuracies["upright"] + 0.2):
            warnings.warn(
                f"the {part} images of {digits.name} seem to be {best}: the shipped compact_1k classifies "
                f"{accuracies['upright']:.0%} of them correctly as they are, and {accuracies[best]:.0%} after that is "
                "undone. A model trained on them does not read digits that are upright.",
                InputWarning,
                stacklevel=2,
            )


@functools.cache
def _compact_model() -> Predictor:
    with silence_native_logs():
        return load_pretrained("compact_1k")
