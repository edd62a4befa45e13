"""Is this MNIST? The same 70,000 labelled images as the official files, in any order."""

import hashlib

import numpy as np

from mnist_keras.digits.arrays import Digits
from mnist_keras.errors import InputError

# `content_hash` of the official archives, whose own SHA-256 stand in the tests.
TRAIN_HASH = "386a0fff07efe9ae3f934853780556ca1fe630371d4964508a3e3256c2063b0e"
TEST_HASH = "292a2c8e9008782f6c6c94df46012a17c808c2666413d175e62502bbcf68dd61"


def content_hash(images: np.ndarray, labels: np.ndarray) -> str:
    """SHA-256 of the labelled images, independent of their order: TFDS stores them shuffled.

    Args:
        images: uint8 (examples, 28, 28).
        labels: integers (examples,).
    """
    rows = np.concatenate([images.reshape(len(images), -1), labels.astype(np.uint8)[:, np.newaxis]], axis=1)
    return hashlib.sha256(np.sort(rows.view(f"S{rows.shape[1]}"), axis=0).data).hexdigest()


def verify_mnist(digits: Digits, source: str) -> Digits:
    """Returns the digits if they are MNIST.

    Raises:
        InputError: they are not.
    """
    for part, expected in (("train", TRAIN_HASH), ("test", TEST_HASH)):
        images, labels = getattr(digits, f"{part}_images"), getattr(digits, f"{part}_labels")
        received = content_hash(images, labels)
        if received != expected:
            raise InputError(
                f"The {part} set in {source} is not MNIST's: its checksum must be {expected[:16]}..., received "
                f"{received[:16]}... over {len(images)} images. If it is another dataset, say --dataset=folder; "
                "if it should be MNIST, fetch it again."
            )
    return digits
