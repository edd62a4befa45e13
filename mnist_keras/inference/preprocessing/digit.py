"""A digit in MNIST's geometry and what preprocessing found out about its image."""

from typing import NamedTuple

import numpy as np

# Height and width of MNIST's images.
SIDE = 28
# Maximum number of digits of an image.
MAX_DIGITS = 32
# Probability below which a prediction gets the warning "no digit".
IS_DIGIT_THRESHOLD = 0.5


class PreprocessedDigit(NamedTuple):
    """The digit on an image as the networks take it.

    `preprocess_image` returns NumPy arrays and Python's numbers; `normalize_ops` has tensors in the same fields.
    """

    #: uint8 (28, 28), white ink on black, as in MNIST; zeros without ink. As a tensor: whole numbers, float32.
    digit: np.ndarray
    #: Whether there is ink. If not, the probability below is 0, the flags are False and the box is zeros.
    has_ink: bool
    #: Probability that the ink is a digit, and no letter, sign or thing, 0 to 1.
    is_digit: float
    #: Whether the ink is lighter than the paper.
    light_on_dark: bool
    #: Whether the image's border may cut the digit: it touches one side, but not the opposite one as in a tight crop.
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
        reasons = {
            "no digit": self.is_digit < IS_DIGIT_THRESHOLD,
            "touches the border": self.touches_border,
            "one of several": self.has_other_digits,
        }
        return tuple(reason for reason, holds in reasons.items() if holds)
