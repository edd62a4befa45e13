"""Test-time augmentation: averages the probabilities of transformed copies of each image."""

import itertools
import math
from collections.abc import Callable

import numpy as np

from mnist_keras.data.augmentation.transforms import apply_parameters

# Degrees clockwise, magnifications, pixels to the right.
_ANGLES, _SCALES, _SHIFTS = (-6, 0, 6), (0.95, 1.05), (-1, 0, 1)


def with_tta(predict: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
    """Returns a function that averages `predict` over 18 rotated, scaled and shifted copies of each image.

    Args:
        predict: uint8 (examples, 28, 28) to probabilities (examples, classes), such as `Predictor.predict`.

    Returns:
        A function with the arguments and results of `predict`.
    """
    transforms = list(itertools.product(_ANGLES, _SCALES, _SHIFTS))
    return lambda images: np.mean([predict(_transformed(images, *transform)) for transform in transforms], axis=0)


def _transformed(images: np.ndarray, degrees: float, scale: float, shift: float) -> np.ndarray:
    def per_image(value: float) -> np.ndarray:
        return np.full(len(images), value, np.float32)

    return apply_parameters(
        images[..., np.newaxis],
        angle=per_image(math.radians(degrees)),
        shift_x=per_image(shift / images.shape[2]),
        shift_y=per_image(0.0),
        scale=per_image(scale),
        shear=per_image(0.0),
    ).numpy()[..., 0]
