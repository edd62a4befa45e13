"""Accuracy on corrupted test images, in the spirit of MNIST-C (Mu, Gilmer 2019). Must not import TensorFlow.

Each corruption is a function of float32 images (examples, 28, 28) in 0..255 and a random generator. The comments at
`CORRUPTIONS` state the strengths. The corrupted digits are not preprocessed: the model predicts their 28x28 pixels.
"""

from collections.abc import Callable

import numpy as np
from scipy import ndimage

Corruption = Callable[[np.ndarray, np.random.Generator], np.ndarray]

# Over the examples and the pixels of a 3x3 neighborhood.
_WINDOW = (1, 3, 3)


def corrupt(images: np.ndarray, name: str, seed: int = 0) -> np.ndarray:
    """Applies one of `CORRUPTIONS` to every image.

    Args:
        images: uint8 (examples, 28, 28).
        name: key of `CORRUPTIONS`.
        seed: the same seed gives the same corrupted images.

    Returns:
        uint8, of the shape of `images`.
    """
    corrupted = CORRUPTIONS[name](images.astype(np.float32), np.random.default_rng(seed))
    return np.clip(np.rint(corrupted), 0, 255).astype(np.uint8)


def corruption_accuracy(
    predict: Callable[[np.ndarray], np.ndarray], images: np.ndarray, labels: np.ndarray
) -> dict[str, float]:
    """Returns the accuracy under each corruption, 0 to 1, and that on the unchanged images as "none".

    Args:
        predict: uint8 (examples, 28, 28) to probabilities (examples, classes).
        images: uint8 (examples, 28, 28).
        labels: integers (examples,), the class of each.
    """
    variants = {"none": images} | {name: corrupt(images, name) for name in CORRUPTIONS}
    return {name: float((predict(variant).argmax(axis=1) == labels).mean()) for name, variant in variants.items()}


def _resample(images: np.ndarray, matrices: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Resamples each image bilinearly at the points of an affine map about the center. Outside is black.

    Args:
        images: float32 (examples, side, side).
        matrices: from output to input pixels (row, column), (examples, 2, 2) or one for all images.
        shifts: pixels that are added in the input (row, column), (examples, 2) or one for all images.
    """
    examples, side, _ = images.shape
    center = np.full(2, (side - 1) / 2)
    matrices = np.broadcast_to(matrices, (examples, 2, 2))
    offsets = center - matrices @ center + shifts
    resampled = [
        ndimage.affine_transform(image, matrix, offset, order=1, mode="grid-constant")
        for image, matrix, offset in zip(images, matrices, offsets, strict=True)
    ]
    return np.stack(resampled)


def _random_signs(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return random.choice([-1.0, 1.0], len(images))


def _shift(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    angle = random.uniform(0, 2 * np.pi, len(images))
    return _resample(images, np.eye(2), 3 * np.stack([np.sin(angle), np.cos(angle)], axis=1))


def _rotate(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    angle = np.radians(25) * _random_signs(images, random)
    matrices = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return _resample(images, np.moveaxis(matrices, -1, 0), np.zeros(2))


def _scale(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    factor = np.where(_random_signs(images, random) > 0, 0.65, 1.35)
    return _resample(images, np.eye(2) / factor[:, np.newaxis, np.newaxis], np.zeros(2))


def _shear(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    matrices = np.tile(np.eye(2), (len(images), 1, 1))
    matrices[:, 1, 0] = np.tan(np.radians(30)) * _random_signs(images, random)
    return _resample(images, matrices, np.zeros(2))


def _thicken(images: np.ndarray, _: np.random.Generator) -> np.ndarray:
    return ndimage.maximum_filter(images, _WINDOW, mode="constant")


def _thin(images: np.ndarray, _: np.random.Generator) -> np.ndarray:
    # A whole pixel off both edges would erase many digits.
    return 0.35 * images + 0.65 * ndimage.minimum_filter(images, _WINDOW, mode="constant")


def _blur(images: np.ndarray, _: np.random.Generator) -> np.ndarray:
    for _repetition in range(3):
        images = ndimage.uniform_filter(images, _WINDOW, mode="constant")
    return images


def _add_noise(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return images + random.normal(0, 0.25 * 255, images.shape)


def _add_stripes(images: np.ndarray, _: np.random.Generator) -> np.ndarray:
    striped = images.copy()
    striped[:, ::6] = np.maximum(striped[:, ::6], 160)
    return striped


def _occlude(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    occluded = images.copy()
    for image, (row, column) in zip(occluded, random.integers(6, 16, (len(images), 2)), strict=True):
        image[row : row + 7, column : column + 7] = 0
    return occluded


CORRUPTIONS: dict[str, Corruption] = {
    # By 3 pixels in a random direction.
    "shift": _shift,
    # By 25 degrees clockwise or counterclockwise.
    "rotation": _rotate,
    # To 65 % or 135 % of the size.
    "scale": _scale,
    # By 30 degrees to the left or right.
    "shear": _shear,
    # Edges moved outward by 1 pixel.
    "thick": _thicken,
    # Edges moved inward by about two thirds of a pixel.
    "thin": _thin,
    # Three 3x3 means.
    "blur": _blur,
    # Normal, with a standard deviation of a quarter of the range.
    "noise": _add_noise,
    # Black ink on white.
    "inverted": lambda images, _: 255 - images,
    # Plus 40 % of the range.
    "brightness": lambda images, _: images + 0.4 * 255,
    # Every sixth row at 160 of 255, 63 %.
    "stripes": _add_stripes,
    # A black square of 7x7 pixels at a random place in the middle.
    "occlusion": _occlude,
}
