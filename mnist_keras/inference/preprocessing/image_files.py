"""Loads image files with Pillow: upright, 8 bits per channel."""

import functools
import importlib.util
import io
import os
import pathlib
import sys

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError, features

from mnist_keras.errors import InputError
from mnist_keras.files import check_regular_file

# An image of 50 million pixels takes 150 to 200 MB of memory.
MAX_PIXELS = 50_000_000
# A longer side takes gigabytes whatever the other one is.
MAX_SIDE = 20_000
# Image formats that are accepted. Pillow has others that start programs or read other files.
_KINDS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM")
SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".pgm", ".ppm"),
    *(".heic", ".heif", ".avif"),
)
# Name of a file that stands for standard input.
STANDARD_INPUT = "-"


def load_image(path: str | os.PathLike, content: bytes | None = None) -> np.ndarray:
    """Loads an image file; the first frame of an animated one.

    Args:
        path: a PNG, JPEG, BMP, GIF, WebP, TIFF, PPM or PGM file; AVIF with Pillow 11.3 or newer; HEIC with the extra
            `heic`. "-" is standard input.
        content: the bytes of the file, which is then not opened: `path` is its name in messages. None opens it.

    Returns:
        uint8 (height, width, channels): gray, gray and alpha, RGB, or RGBA. It is rotated by its EXIF orientation.

    Raises:
        InputError: there is no such file, it is not an image, or it is too large, see `check_image_size`.
    """
    if content is None and str(path) == STANDARD_INPUT:
        path, content = "standard input", _standard_input()
    if content is None:
        check_regular_file(path)
    try:
        with Image.open(path if content is None else io.BytesIO(content), formats=_kinds()) as picture:
            # The header contains the size: a huge image is refused before it is decoded.
            check_image_size(str(path), picture.width, picture.height)
            return _pixels(ImageOps.exif_transpose(picture))
    except FileNotFoundError as error:
        raise InputError(f"There is no such file: {path}.") from error
    except IsADirectoryError as error:
        raise InputError(f"{path} is a folder. Expected: image files.") from error
    except InputError:
        raise
    except MemoryError as error:
        raise InputError(f"{path} is too large for this machine's memory. Scale it down first.") from error
    except Exception as error:  # Pillow's decoders raise whatever a damaged file leads them into.
        # Pillow names the object that it has read the bytes from.
        unknown = "no image format fits its content" if isinstance(error, UnidentifiedImageError) else ""
        reason = _missing_decoder(pathlib.Path(path).suffix.lower()) or unknown or str(error) or type(error).__name__
        raise InputError(f"{path} cannot be read as an image: {reason}") from error


@functools.cache
def _standard_input() -> bytes:
    # It can be read only once, but the image may be needed again for a figure.
    return sys.stdin.buffer.read()


@functools.cache
def _kinds() -> tuple[str, ...]:
    """Returns the image formats that can be read here."""
    kinds: tuple[str, ...] = _KINDS
    if features.check("avif"):
        kinds += ("AVIF",)
    if importlib.util.find_spec("pillow_heif"):
        import pillow_heif

        pillow_heif.register_heif_opener()
        kinds += ("HEIF",)
    return kinds


def _missing_decoder(suffix: str) -> str | None:
    """Returns what to install for files with this suffix; None if they can be read."""
    if suffix in (".heic", ".heif") and "HEIF" not in _kinds():
        return "HEIC needs the module pillow_heif. Run: pip install -e '.[heic]', or save it as JPEG."
    if suffix == ".avif" and "AVIF" not in _kinds():
        return "AVIF needs Pillow 11.3 or newer with AVIF. Run: pip install --upgrade pillow, or save it as JPEG."
    return None


def check_image_size(name: str, width: int, height: int) -> None:
    """Raises InputError if an image has more than `MAX_PIXELS` pixels, or a side of more than `MAX_SIDE`."""
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise InputError(
            f"{name} has {width}x{height} pixels. Expected: at most {MAX_PIXELS:,}, and at most {MAX_SIDE:,} a side. "
            "Scale it down first."
        )


def _pixels(picture: Image.Image) -> np.ndarray:
    if picture.mode.startswith("I"):
        # 16 bits, which Pillow would cut off at 255.
        return (np.asarray(picture, np.int64) >> 8).clip(0, 255).astype(np.uint8)[..., np.newaxis]
    if picture.mode == "F":
        raise ValueError("its pixels are floating-point numbers; save it with 8 or 16 bits")
    transparent = "A" in picture.getbands() or "transparency" in picture.info
    plain = picture.mode in ("1", "L", "LA")
    pixels = np.asarray(picture.convert(("LA" if plain else "RGBA") if transparent else ("L" if plain else "RGB")))
    return pixels[..., np.newaxis] if pixels.ndim == 2 else pixels
