"""Images of any size to 28x28 gray pixels: as they are, by a plain resize, or by the package's preprocessing."""

import warnings
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from PIL import Image

from mnist_keras.data.forms.layouts import Labeled
from mnist_keras.errors import InputError, InputWarning

#: "none": images must have 28x28 pixels. "resize": gray, scaled to 28x28 with padding. "digit": `preprocess_image`.
IMAGE_PREPARATIONS = ("none", "resize", "digit")


class PreparedImages(NamedTuple):
    """Images of one size."""

    #: uint8 (examples, 28, 28).
    images: np.ndarray
    #: bool (images received,): False for those that "digit" leaves out, because it finds no ink on them.
    is_kept: np.ndarray


def check_preparation(preparation: str) -> None:
    """Raises InputError unless `preparation` is one of `IMAGE_PREPARATIONS`."""
    if preparation not in IMAGE_PREPARATIONS:
        raise InputError(
            f"image_preparation must be one of {', '.join(IMAGE_PREPARATIONS)}. "
            f"Received: image_preparation={preparation!r}. Choose one."
        )


def prepare_images(named_pixels: Iterable[tuple[str, np.ndarray]], preparation: str) -> PreparedImages:
    """Prepares images one by one, so that large ones take no memory together.

    Args:
        named_pixels: for each image its name in messages and its pixels, uint8 (height, width, 1 to 4 channels).
        preparation: one of `IMAGE_PREPARATIONS`.

    Raises:
        InputError: an image has another size than 28x28 and `preparation` is "none".
    """
    images, is_kept = [], []
    for name, pixels in named_pixels:
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or not 1 <= pixels.shape[2] <= 4:
            raise InputError(
                f"{name} must be uint8 of shape (height, width, 1 to 4 channels). Received: {pixels.dtype} of shape "
                f"{pixels.shape}. Save it with 8 bits per channel."
            )
        prepared = _PREPARE[preparation](name, pixels)
        is_kept.append(prepared is not None)
        if prepared is not None:
            images.append(prepared)
    stacked = np.stack(images) if images else np.zeros((0, 28, 28), np.uint8)
    return PreparedImages(stacked, np.array(is_kept, bool))


def turn_light_on_dark(sets: list[Labeled], name: str) -> tuple[list[Labeled], bool]:
    """Inverts all images if most training images are dark on light, which their borders show. MNIST is light on dark.

    One decision for all images, because single images of things have light and dark borders.

    Args:
        sets: the training set and, if there is one, the test set; images uint8 (examples, 28, 28).
        name: the dataset's name.

    Returns:
        The sets, and whether they are inverted.
    """
    fraction = light_borders(sets[0].images)
    if 0.1 < fraction < 0.9:
        warnings.warn(
            f"{fraction:.0%} of the training images of {name} are dark on light, the others light on dark. "
            "--image_preparation=digit decides for each image.",
            InputWarning,
            stacklevel=2,
        )
    if fraction <= 0.5:
        return sets, False
    warnings.warn(
        f"the images of {name} are dark on light, as their borders show: they are inverted, as MNIST is light on dark.",
        InputWarning,
        stacklevel=2,
    )
    return [Labeled(255 - images, labels) for images, labels in sets], True


def light_borders(images: np.ndarray) -> float:
    """Returns the fraction of images (examples, 28, 28) whose border, one pixel wide, is light: a median above 127."""
    border = np.concatenate([images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]], axis=1)
    return float((np.median(border, axis=1) > 127).mean()) if len(images) else 0.0


def to_gray(pixels: np.ndarray) -> np.ndarray:
    """Returns gray pixels, uint8 (height, width). What is transparent becomes white, like paper.

    Args:
        pixels: uint8 (height, width, channels): gray, gray and alpha, RGB, or RGBA.
    """
    channels = pixels.shape[2]
    if channels == 1:
        return pixels[..., 0]
    image = Image.fromarray(pixels, {2: "LA", 3: "RGB", 4: "RGBA"}[channels])
    if channels in (2, 4):
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))
    return np.asarray(image.convert("L"))


def _as_is(name: str, pixels: np.ndarray) -> np.ndarray:
    if pixels.shape[:2] != (28, 28):
        raise InputError(
            f"{name} has {pixels.shape[1]}x{pixels.shape[0]} pixels. Expected: 28x28, or a way to prepare images of "
            f"other sizes. Received: image_preparation=none. Pass --image_preparation=digit for photos and scans of "
            "digits, which are centered and scaled like MNIST's, or --image_preparation=resize to scale whole images."
        )
    return to_gray(pixels)


def _resize(name: str, pixels: np.ndarray) -> np.ndarray:
    """Scales an image to fit into 28x28 with its aspect ratio, and pads it with the median of its border."""
    gray = to_gray(pixels)
    height, width = gray.shape
    if (height, width) == (28, 28):
        return gray
    scale = 28 / max(height, width)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    small = np.asarray(
        Image.fromarray(gray).resize(size, Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC)
    )
    border = np.concatenate([small[0], small[-1], small[:, 0], small[:, -1]])
    square = np.full((28, 28), np.median(border), np.uint8)
    top, left = (28 - size[1]) // 2, (28 - size[0]) // 2
    square[top : top + size[1], left : left + size[0]] = small
    return square


def _as_digit(name: str, pixels: np.ndarray) -> np.ndarray | None:
    # LiteRT is imported for this way alone.
    from mnist_keras.inference.preprocessing.normalize import preprocess_image

    prepared = preprocess_image(pixels)
    return prepared.digit if prepared.has_ink else None


_PREPARE = {"none": _as_is, "resize": _resize, "digit": _as_digit}
