"""A digit in MNIST's geometry and what preprocessing found out about its image."""

from typing import NamedTuple

import numpy as np

# Height and width of MNIST's images.
SIDE = 28


class PreprocessedDigit(NamedTuple):
    """The digit on an image as the networks take it.

    `preprocess_image` returns NumPy arrays and Python's numbers; `normalize_ops` has tensors in the same fields.
    """

    #: uint8 (28, 28), white ink on black, as in MNIST; zeros without ink. As a tensor: whole numbers, float32.
    digit: np.ndarray
    #: Whether there is ink. If not, the flags below are False and the box is zeros.
    has_ink: bool
    #: Whether the ink is lighter than the paper.
    light_on_dark: bool
    #: Whether the image's border may cut the digit.
    touches_border: bool
    #: Whether the image shows other digits; this one is the largest.
    has_other_digits: bool
    #: Bounding box of the ink in pixels of the image: top, left, bottom, right; bottom and right are exclusive.
    box: tuple[int, int, int, int]

    @property
    def warnings(self) -> tuple[str, ...]:
        """Reasons to doubt a prediction, in words."""
        if not self.has_ink:
            return ("no ink",)
        reasons = {"touches the border": self.touches_border, "one of several": self.has_other_digits}
        return tuple(reason for reason, holds in reasons.items() if holds)
