"""Characters printed in the fonts that come with Matplotlib."""

import functools
import pathlib

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

# Fonts of Matplotlib without letters, or with pictures in their place.
_NO_LETTERS = ("LastResort", "cmsy", "cmex", "cmmi", "STIXSiz", "STIXNonUni", "Display")


@functools.cache
def _fonts() -> list[pathlib.Path]:
    folder = pathlib.Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    return sorted(path for path in folder.glob("*.ttf") if not any(name in path.name for name in _NO_LETTERS))


@functools.cache
def _font(number: int, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(_fonts()[number], size)


def print_text(text: str, size: float, random: np.random.Generator, slant: float = 0.0) -> np.ndarray | None:
    """Prints text in a random font.

    Args:
        text: one character or more.
        size: of the longer side of the result, pixels, at least 4.
        random: the source of randomness.
        slant: shift to the right per pixel upward.

    Returns:
        A mask of ink without margins, float32 (height, width), 0 to 1; None if the font has no such characters.
    """
    size = max(4.0, size)
    font = _font(int(random.integers(len(_fonts()))), max(8, int(1.2 * size / max(1.0, 0.6 * len(text)))))
    box = font.getbbox(text)
    mask = Image.new("L", (int(box[2] - box[0] + 2 * size * abs(slant)) + 8, int(box[3] - box[1]) + 8))
    ImageDraw.Draw(mask).text((4 + size * abs(slant) - box[0], 4 - box[1]), text, 255, font=font)
    if slant:
        mask = mask.transform(mask.size, Image.Transform.AFFINE, (1, slant, -slant * size / 2, 0, 1, 0))
    inked = mask.getbbox()
    if inked is None:
        return None
    mask = mask.crop(inked)
    scale = size / max(mask.size)
    return np.asarray(mask.resize([max(2, round(side * scale)) for side in mask.size]), np.float32) / 255
