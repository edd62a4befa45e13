"""Preprocesses an image to a 28x28 digit with LiteRT. Must not import TensorFlow."""

import functools
import pathlib

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from mnist_keras.errors import InputError
from mnist_keras.inference.preprocessing.digit import PreprocessedDigit
from mnist_keras.inference.preprocessing.image_files import check_image_size
from mnist_keras.inference.sharing import Pool

# `normalize_ops.py` as a LiteRT file, written by `python -m mnist_keras.export.tflite`.
NORMALIZER = pathlib.Path(__file__).with_name("normalizer.tflite")


# Output names of the file, where they differ from the fields of `PreprocessedDigit`.
OUTPUT_NAMES = {"light_on_dark": "is_light", "has_other_digits": "is_one_of_several"}
# Number of pixels up to which an interpreter is kept for the next image. It keeps the memory of its last image, about
# 40 bytes per pixel. The time to make an interpreter does not matter for larger images.
_MAX_KEPT_PIXELS = 500_000


@functools.cache
def _interpreters() -> Pool[Interpreter]:
    return Pool(lambda: Interpreter(str(NORMALIZER), num_threads=1))


def preprocess_image(picture: np.ndarray) -> PreprocessedDigit:
    """Preprocesses an image of a digit of any paper, light, polarity, pen and position to MNIST's geometry.

    Args:
        picture: uint8 (height, width) or (height, width, channels): gray, gray and alpha, RGB, or RGBA.

    Raises:
        InputError: the image has another shape or dtype, or is too large, see `check_image_size`.
    """
    picture = np.asarray(picture)
    if picture.ndim == 2:
        picture = picture[..., np.newaxis]
    if picture.dtype != np.uint8 or picture.ndim != 3 or not 1 <= picture.shape[2] <= 4 or not picture.size:
        raise InputError(
            "An image must be uint8 of shape (height, width) or (height, width, 1 to 4 channels). "
            f"Received: {picture.dtype} of shape {picture.shape}."
        )
    check_image_size("The image", picture.shape[1], picture.shape[0])
    interpreters = _interpreters()
    interpreter = interpreters.take()
    try:
        outputs = interpreter.get_signature_runner()(picture=_as_rgba(picture))
    except (MemoryError, RuntimeError) as error:
        raise InputError(
            f"The image cannot be preprocessed. Received: {picture.shape[1]}x{picture.shape[0]} pixels ({error}). "
            "Scale it down first."
        ) from error
    if picture.shape[0] * picture.shape[1] <= _MAX_KEPT_PIXELS:
        interpreters.give_back(interpreter)
    values = {field: outputs[OUTPUT_NAMES.get(field, field)] for field in PreprocessedDigit._fields}
    digit, box = values.pop("digit").astype(np.uint8), values.pop("box")
    top, left, bottom, right = (int(edge) for edge in box)
    flags = {name: bool(value) for name, value in values.items()}
    return PreprocessedDigit(digit=digit, box=(top, left, bottom, right), **flags)


def _as_rgba(picture: np.ndarray) -> np.ndarray:
    color, alpha = np.split(picture, [picture.shape[2] - 1 + picture.shape[2] % 2], axis=2)
    rgba = np.full((*picture.shape[:2], 4), 255, np.uint8)
    rgba[..., :3] = color
    if alpha.size:
        rgba[..., 3:] = alpha
    return rgba
