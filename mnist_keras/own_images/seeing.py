"""What is seen on a picture: the digit as the network gets it, and what to tell its owner."""

import dataclasses

import numpy as np
import tensorflow as tf

from mnist_keras.errors import InputError
from mnist_keras.own_images.normalizer import normalize_checked


@dataclasses.dataclass(frozen=True)
class Sight:
    """A digit found on a picture."""

    # uint8 (28, 28), white ink on black, as in MNIST; all black where there is no ink.
    digit: np.ndarray
    has_ink: bool
    # Whether the ink is lighter than its ground.
    is_light: bool
    # Whether the picture's border may cut it.
    touches_border: bool
    # Whether there are other digits on the picture; this is the largest.
    is_one_of_several: bool
    # Of the ink, in pixels: top, left, bottom, right, the last two just outside.
    box: tuple[int, int, int, int]

    @property
    def notes(self) -> tuple[str, ...]:
        """What its owner should know, in words."""
        if not self.has_ink:
            return ("no ink",)
        told = {"touches the border": self.touches_border, "one of several": self.is_one_of_several}
        return tuple(note for note, is_so in told.items() if is_so)


def see(picture: np.ndarray) -> Sight:
    """Finds the digit on a picture, whatever the paper, light, polarity, pen and place.

    Args:
        picture: uint8 (height, width) or (height, width, channels): grey, grey and alpha, RGB, or RGBA.

    Raises:
        InputError: the picture has another shape or dtype.
    """
    picture = np.asarray(picture)
    if picture.ndim == 2:
        picture = picture[..., np.newaxis]
    if picture.dtype != np.uint8 or picture.ndim != 3 or not 1 <= picture.shape[2] <= 4 or not picture.size:
        raise InputError(
            "A picture must be uint8 of shape (height, width) or (height, width, 1 to 4 channels). "
            f"Received: {picture.dtype} of shape {picture.shape}."
        )
    seen = normalize_checked(tf.constant(picture))
    return Sight(
        digit=seen.digit.numpy().astype(np.uint8),
        has_ink=bool(seen.has_ink),
        is_light=bool(seen.is_light),
        touches_border=bool(seen.touches_border),
        is_one_of_several=bool(seen.is_one_of_several),
        box=tuple(int(edge) for edge in seen.box.numpy()),
    )
