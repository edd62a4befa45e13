"""Finds out which range of pixel values a model was trained on. Must not import TensorFlow."""

import pathlib
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from mnist_keras.errors import InputError
from mnist_keras.files import project_folder, read_json
from mnist_keras.inference.input_form import OWN_SHAPE
from mnist_keras.inference.output_kind import OutputKind, find_output_kind

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
    #: Shape of one image, without the batch.
    input_shape: tuple[int, ...] = OWN_SHAPE
    #: What `predict` returns. None: the file does not prove it.
    output_kind: OutputKind | None = OutputKind.PROBABILITIES


class Assumptions(NamedTuple):
    """What the file of a model does not say."""

    #: The pixel value of white ink that the model expects.
    white: int
    #: What its outputs are.
    output_kind: OutputKind
    #: A message, if the input has another form than in this package, or something was found by predicting.
    message: str | None


def find_assumptions(model: LoadedModel, path: pathlib.Path, wanted: str = "auto") -> Assumptions:
    """Returns the input range and the kind of outputs of a model, and a message about them.

    Args:
        model: from one of the loaders.
        path: its file, for the message.
        wanted: one of `INPUT_RANGES`.

    Raises:
        InputError: see `find_input_range`.
    """
    white, found = _find_range(model, path, wanted)
    kind = model.output_kind or find_output_kind(model.predict(known_digits()[0], white))
    if model.input_shape == OWN_SHAPE and kind is (model.output_kind or OutputKind.PROBABILITIES):
        return Assumptions(white, kind, _describe_range(path, white, found))
    form = f"{path}: input {model.input_shape}, pixels from 0 to {white}, {kind.value}"
    if found is None:
        return Assumptions(white, kind, f"{form}.")
    remedy = "--input_range overrides this." if found.is_clear else "The range is unknown. Pass --input_range."
    return Assumptions(white, kind, f"{form}: {found.text}. {remedy}")


class _Found(NamedTuple):
    """What the prediction of known digits showed."""

    #: How many digits were classified in each range.
    text: str
    #: Whether they are enough to know the range.
    is_clear: bool


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
    white, found = _find_range(model, path, wanted)
    return white, _describe_range(path, white, found)


def _describe_range(path: pathlib.Path, white: int, found: _Found | None) -> str | None:
    if found is None:
        return None
    if not found.is_clear:
        return f"the input range of {path} is unknown: {found.text}. 0 to {white} is used. Pass --input_range."
    return f"{path} receives pixels from 0 to {white}: {found.text}. --input_range overrides this."


def _find_range(model: LoadedModel, path: pathlib.Path, wanted: str) -> tuple[int, _Found | None]:
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
    images, labels = known_digits()
    correct = {white: int((model.predict(images, white).argmax(axis=1) == labels).sum()) for white in (1, 255)}
    white = max(correct, key=lambda white: (correct[white], white == model.white))
    is_clear = correct[white] >= _MIN_CORRECT
    text = f"of ten known digits it classifies {correct[1]} with pixels from 0 to 1, {correct[255]} with 0 to 255"
    return white if is_clear else model.white, _Found(text, is_clear)


def known_digits() -> tuple[np.ndarray, np.ndarray]:
    """Returns ten digits of MNIST, uint8 (10, 28, 28), and their labels, int64 (10,).

    Raises:
        InputError: the file of a shipped model that holds them is missing or damaged.
    """
    path = project_folder("exported") / "compact_1k" / "golden.json"
    try:
        vectors = read_json(path)["vectors"]
        pixels = np.array([vector["pixels"] for vector in vectors], np.float32).reshape(10, 28, 28)
        return np.round(255 * pixels).astype(np.uint8), np.array([int(vector["label"]) for vector in vectors])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is missing or damaged: {error}. Install the package again.") from error
