"""Several looks at each digit, whose probabilities are averaged (test-time augmentation)."""

import itertools
import math
from collections.abc import Callable

import numpy as np

from mnist_keras.data.augmentation.transforms import apply_parameters

# Degrees clockwise; factors of magnification; pixels to the right.
_ANGLES, _SCALES, _SHIFTS = (-6, 0, 6), (0.95, 1.05), (-1, 0, 1)


def with_tta(predict: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
    """A function like `predict`, the mean of it over 18 views of each image: turned, magnified and shifted a little.

    Args:
        predict: uint8 (examples, 28, 28) -> probabilities (examples, 10), such as `Predictor.predict`.
    """
    views = list(itertools.product(_ANGLES, _SCALES, _SHIFTS))
    return lambda images: np.mean([predict(_transformed(images, *view)) for view in views], axis=0)


def _transformed(images: np.ndarray, degrees: float, scale: float, right: float) -> np.ndarray:
    def each(value: float) -> np.ndarray:
        return np.full(len(images), value, np.float32)

    return apply_parameters(
        images[..., np.newaxis],
        angle=each(math.radians(degrees)),
        shift_x=each(right / images.shape[2]),
        shift_y=each(0.0),
        scale=each(scale),
        shear=each(0.0),
    ).numpy()[..., 0]
