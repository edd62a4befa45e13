"""What is seen on a picture: the digit as the network gets it, and what to tell its owner. Imports no TensorFlow."""

import dataclasses
import pathlib

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from mnist_keras.errors import InputError

# `normalizer.py` as LiteRT runs it, written by `exporting/seeing.py`.
NORMALIZER = pathlib.Path(__file__).with_name("normalizer.tflite")


@dataclasses.dataclass(frozen=True)
class Sight:
    """A digit found on a picture."""

    #: uint8 (28, 28), white ink on black, as in MNIST; all black where there is no ink.
    digit: np.ndarray
    has_ink: bool
    #: Whether the ink is lighter than its ground.
    is_light: bool
    #: Whether the picture's border may cut it.
    touches_border: bool
    #: Whether there are other digits on the picture; this is the largest.
    is_one_of_several: bool
    #: Of the ink, in pixels: top, left, bottom, right, the last two just outside.
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
    # One of its own for every picture: several threads may look, and a large picture's memory goes with it.
    run = Interpreter(str(NORMALIZER), num_threads=1).get_signature_runner()
    seen = run(picture=_as_rgba(picture))
    digit, box = seen.pop("digit"), seen.pop("box")
    flags = {name: bool(value) for name, value in seen.items()}
    top, left, bottom, right = (int(edge) for edge in box)
    return Sight(digit=digit.astype(np.uint8), box=(top, left, bottom, right), **flags)


def _as_rgba(picture: np.ndarray) -> np.ndarray:
    colour, alpha = np.split(picture, [picture.shape[2] - 1 + picture.shape[2] % 2], axis=2)
    rgba = np.full((*picture.shape[:2], 4), 255, np.uint8)
    rgba[..., :3] = colour
    if alpha.size:
        rgba[..., 3:] = alpha
    return rgba
