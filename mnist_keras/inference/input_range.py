"""Finds out which range of pixel values a model was trained on. Must not import TensorFlow."""

import pathlib
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from mnist_keras.errors import InputError
from mnist_keras.files import project_folder, read_json

# Values of --input_range: the pixel value of white ink, or found out.
INPUT_RANGES = ("auto", "1", "255")
# A network that classifies fewer of the ten known digits, or other classes, does not tell its range.
_MIN_CORRECT = 6


class LoadedModel(NamedTuple):
    """The function of a model file."""

    #: (images, white) -> float32 (examples, classes). `images` is uint8 (examples, 28, 28), white ink on black; the
    #: network receives pixels from 0 to `white`.
    predict: Callable[[np.ndarray, int], np.ndarray]
    #: The usual `white` of its format: 1 or 255. None: it takes uint8 images, which `predict` does not scale.
    white: int | None
    #: Whether the file itself proves `white`, by a scaling layer or by its quantization.
    is_certain: bool = False
    #: Number of classes.
    classes: int = 10


def find_input_range(model: LoadedModel, path: pathlib.Path, wanted: str = "auto") -> tuple[int, str | None]:
    """Returns the pixel value of white ink that a model expects, and a message if it was found by predicting.

    A file that does not prove its range predicts the ten golden digits of a shipped model in both ranges.

    Args:
        model: from one of the loaders.
        path: its file, for the message.
        wanted: one of `INPUT_RANGES`.

    Raises:
        InputError: `wanted` is unknown, or the file takes uint8 images as they are.
    """
    if wanted not in INPUT_RANGES:
        raise InputError(f"input_range must be one of {', '.join(INPUT_RANGES)}. Received: {wanted!r}.")
    if model.white is None:
        if wanted not in ("auto", "255"):
            raise InputError(f"{path} takes images as bytes, 0 to 255. Received: input_range={wanted!r}. Omit it.")
        return 255, None
    if wanted != "auto":
        return int(wanted), None
    if model.is_certain:
        return model.white, None
    images, labels = _known_digits()
    correct = {white: int((model.predict(images, white).argmax(axis=1) == labels).sum()) for white in (1, 255)}
    white = max(correct, key=lambda white: (correct[white], white == model.white))
    found = f"of ten known digits it classifies {correct[1]} with pixels from 0 to 1, {correct[255]} with 0 to 255"
    if correct[white] < _MIN_CORRECT:
        return model.white, (
            f"the input range of {path} is unknown: {found}. 0 to {model.white} is used. Pass --input_range."
        )
    return white, f"{path} receives pixels from 0 to {white}: {found}. --input_range overrides this."


def _known_digits() -> tuple[np.ndarray, np.ndarray]:
    path = project_folder("exported") / "compact_1k" / "golden.json"
    try:
        vectors = read_json(path)["vectors"]
        pixels = np.array([vector["pixels"] for vector in vectors], np.float32).reshape(10, 28, 28)
        return np.round(255 * pixels).astype(np.uint8), np.array([int(vector["label"]) for vector in vectors])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is missing or damaged: {error}. Install the package again.") from error
