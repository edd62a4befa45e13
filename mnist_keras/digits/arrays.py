"""Digits: four arrays, where they came from, and what they must look like."""

import dataclasses
import hashlib

import numpy as np

from mnist_keras.errors import InputError


@dataclasses.dataclass(frozen=True)
class Digits:
    """A training set and a test set of 28x28 grey pictures of the classes 0 to 9."""

    #: "mnist", "sample", or the name of the folder they were read from.
    name: str
    #: uint8 (examples, 28, 28), white ink on black.
    train_images: np.ndarray
    #: uint8 (examples,), 0..9.
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray

    def __post_init__(self):
        for part in ("train", "test"):
            _check(part, getattr(self, f"{part}_images"), getattr(self, f"{part}_labels"))

    def checksum(self) -> str:
        """SHA-256 over the four arrays, in their order."""
        digest = hashlib.sha256()
        for field in dataclasses.fields(self)[1:]:
            digest.update(np.ascontiguousarray(getattr(self, field.name)).data)
        return digest.hexdigest()


def _check(part: str, images: np.ndarray, labels: np.ndarray) -> None:
    if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (28, 28):
        raise InputError(
            f"The {part} images must be uint8 of shape (examples, 28, 28). "
            f"Received: {images.dtype} of shape {images.shape}."
        )
    if labels.ndim != 1 or labels.dtype.kind not in "ui":
        raise InputError(
            f"The {part} labels must be integers of shape (examples,). "
            f"Received: {labels.dtype} of shape {labels.shape}."
        )
    if len(images) != len(labels):
        raise InputError(
            f"Every {part} image needs one label. Received: {len(images)} images and {len(labels)} labels."
        )
    if not len(images):
        raise InputError(f"The {part} set is empty; at least one image is needed.")
    if labels.min() < 0 or labels.max() > 9:
        raise InputError(f"The {part} labels must lie in 0..9. Received: labels from {labels.min()} to {labels.max()}.")
