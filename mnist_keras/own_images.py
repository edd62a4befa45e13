"""A user's picture -> the 28x28 that the networks were trained on."""

import os
import pathlib

import numpy as np
from PIL import Image, UnidentifiedImageError

from mnist_keras.errors import InputError

_SIDE = 28
# Kinds that pictures of digits come in; Pillow knows others that start programs or read many files.
_KINDS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM")


def read_digit(path: str | os.PathLike) -> np.ndarray:
    """Reads a picture that is drawn as MNIST is: 28x28 pixels, light ink on a dark ground.

    Returns:
        uint8 (28, 28).

    Raises:
        InputError: the file is no picture, or one of another size, polarity or kind.
    """
    path = pathlib.Path(path)
    try:
        with Image.open(path, formats=_KINDS) as picture:
            # The size stands in the header: a huge picture is refused before it is decoded.
            if picture.size != (_SIDE, _SIDE):
                width, height = picture.size
                raise InputError(
                    f"{path} must be a picture of 28x28 pixels, a digit as in MNIST. Received: {width}x{height}. "
                    "Crop it to the digit and scale it down."
                )
            if "A" in picture.getbands() or "transparency" in picture.info:
                raise InputError(f"{path} is partly transparent. Expected: opaque pixels; flatten it first.")
            pixels = _gray(picture)
    except FileNotFoundError as error:
        raise InputError(f"There is no such file: {path}.") from error
    except IsADirectoryError as error:
        raise InputError(f"{path} is a folder. Expected: picture files.") from error
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path} cannot be read as a picture: {error}") from error
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    if np.median(border) > 127:
        raise InputError(
            f"{path} is dark ink on a light ground (its border is {np.median(border):.0f} of 255). Expected: light "
            "ink on black, as in MNIST. Invert it first."
        )
    return pixels


def _gray(picture: Image.Image) -> np.ndarray:
    if picture.mode.startswith("I"):
        # 16 bits, which Pillow would cut off at 255.
        return (np.asarray(picture, np.int64) >> 8).clip(0, 255).astype(np.uint8)
    return np.asarray(picture.convert("L"))
