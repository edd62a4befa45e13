"""Preprocesses an image to one or all of its digits with LiteRT. Must not import TensorFlow."""

import functools
import pathlib
from typing import Any, NamedTuple

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from mnist_keras.errors import InputError
from mnist_keras.inference.preprocessing.digit import PreprocessedDigit
from mnist_keras.inference.preprocessing.image_files import check_image_size
from mnist_keras.inference.sharing import Pool

# `normalize_ops.py` and `numbers_ops.py` as a LiteRT file, written by `python -m mnist_keras.export.tflite`.
NORMALIZER = pathlib.Path(__file__).with_name("normalizer.tflite")
# Its signatures: one digit, all digits.
ONE, ALL = "digit", "numbers"
# Output names of the file, where they differ from the fields of `PreprocessedDigit`.
OUTPUT_NAMES = {"light_on_dark": "is_light", "has_other_digits": "is_one_of_several"}
# Number of pixels up to which an interpreter is kept for the next image: it keeps the memory of its last image. The
# time to make an interpreter does not matter for larger images.
_MAX_KEPT_PIXELS = 2_000_000


class PreprocessedNumber(NamedTuple):
    """All digits of an image in reading order: line by line, from left to right."""

    #: The digits; `has_other_digits` and `touches_border` are False.
    digits: list[PreprocessedDigit]
    #: Number of the line of each digit, from 0.
    lines: list[int]
    #: Number of letters and signs, such as a minus or a comma.
    signs: int


@functools.cache
def _interpreters(signature: str) -> Pool[Interpreter]:
    return Pool(lambda: Interpreter(str(NORMALIZER), num_threads=1))


def preprocess_image(picture: np.ndarray) -> PreprocessedDigit:
    """Preprocesses an image of a digit of any paper, light, polarity, pen and position to MNIST's geometry.

    Args:
        picture: uint8 (height, width) or (height, width, channels): gray, gray and alpha, RGB, or RGBA.

    Raises:
        InputError: the image has another shape or dtype, or is too large, see `check_image_size`.
    """
    outputs = _run(ONE, picture)
    values = {field: outputs[OUTPUT_NAMES.get(field, field)] for field in PreprocessedDigit._fields}
    digit, box, is_digit = values.pop("digit").astype(np.uint8), values.pop("box"), float(values.pop("is_digit"))
    flags = {name: bool(value) for name, value in values.items()}
    return PreprocessedDigit(digit=digit, is_digit=is_digit, box=_to_pixels(box, picture), **flags)


def find_removed_ink(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray, tuple[float, float, float, float]]:
    """Returns the ink that `preprocess_image` finds on an image, and the part of it that it keeps.

    Args:
        picture: as in `preprocess_image`.

    Returns:
        All ink and the digit's, float32 (96, 96), 0 to 1, on a square canvas; and the canvas' top, left, bottom and
        right edge in pixels of the image.
    """
    outputs = _run(ONE, picture)
    height, width = np.shape(picture)[:2]
    side = max(height, width)
    top, left = (height - side) / 2, (width - side) / 2
    return outputs["ink"], outputs["kept"], (top, left, top + side, left + side)


def preprocess_number(picture: np.ndarray) -> PreprocessedNumber:
    """Preprocesses all digits of an image, at most 32, to MNIST's geometry.

    Args:
        picture: as in `preprocess_image`.

    Raises:
        InputError: as `preprocess_image`.
    """
    outputs = _run(ALL, picture)
    count = int(outputs["count"])
    digits = [
        PreprocessedDigit(
            digit=outputs["digits"][index].astype(np.uint8),
            has_ink=True,
            is_digit=float(outputs["is_digit"][index]),
            light_on_dark=bool(outputs["light_on_dark"]),
            touches_border=False,
            has_other_digits=False,
            box=_to_pixels(outputs["boxes"][index], picture),
        )
        for index in range(count)
    ]
    return PreprocessedNumber(digits, [int(line) for line in outputs["lines"][:count]], int(outputs["signs"]))


def _run(signature: str, picture: np.ndarray) -> dict[str, Any]:
    picture = np.asarray(picture)
    if picture.ndim == 2:
        picture = picture[..., np.newaxis]
    if picture.dtype != np.uint8 or picture.ndim != 3 or not 1 <= picture.shape[2] <= 4 or not picture.size:
        raise InputError(
            "An image must be uint8 of shape (height, width) or (height, width, 1 to 4 channels). "
            f"Received: {picture.dtype} of shape {picture.shape}."
        )
    check_image_size("The image", picture.shape[1], picture.shape[0])
    interpreters = _interpreters(signature)
    interpreter = interpreters.take()
    try:
        outputs = interpreter.get_signature_runner(signature)(picture=picture)
    except (MemoryError, RuntimeError) as error:
        raise InputError(
            f"The image cannot be preprocessed. Received: {picture.shape[1]}x{picture.shape[0]} pixels ({error}). "
            "Scale it down first."
        ) from error
    if picture.shape[0] * picture.shape[1] <= _MAX_KEPT_PIXELS:
        interpreters.give_back(interpreter)
    return outputs


def _to_pixels(box: np.ndarray, picture: np.ndarray) -> tuple[int, int, int, int]:
    """Returns a box in whole pixels inside the image."""
    top, left, bottom, right = np.clip(np.round(box), 0, [*np.shape(picture)[:2]] * 2).astype(int).tolist()
    return top, left, bottom, right
