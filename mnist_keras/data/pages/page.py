"""A page of ink: what was drawn on it, and which of its cells belong to which digit."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

# A digit of which less is on the page is cut: it is no digit, or ignored if more than the second share is.
_WHOLE, _HALF = 0.93, 0.4
# Share of a letter or sign that must be on the page.
_VISIBLE = 0.6


@dataclasses.dataclass
class Box:
    """A bounding box in fine pixels."""

    top: float
    left: float
    bottom: float
    right: float

    @property
    def size(self) -> float:
        """The longer side."""
        return max(self.bottom - self.top, self.right - self.left)


@dataclasses.dataclass
class Glyph:
    """A digit, or a letter or sign, in cells."""

    row: float
    column: float
    size: float
    is_digit: bool


@dataclasses.dataclass
class LabeledPage:
    """A page on a canvas of cells with the labels of its cells. All arrays are (cells, cells)."""

    #: Gray values, uint8.
    gray: np.ndarray
    #: 1 where a cell lies on the image, uint8.
    inside: np.ndarray
    #: Number of the digit, letter or sign that a cell's ink belongs to, from 1; 0 for all else. uint8.
    owner: np.ndarray
    #: Cells whose label is unclear: a digit that is cut in half. bool.
    ignored: np.ndarray
    #: Digits, letters and signs in the order of their numbers: center and longer side.
    glyphs: list[Glyph]


class Page:
    """A square page of `cells` * `scale` fine pixels on which masks of ink are put."""

    def __init__(self, cells: int, scale: int) -> None:
        self.cells, self.scale = cells, scale
        self.side = cells * scale
        # Share of the paper's light that ink takes away, 0 to 1.
        self._printed = np.zeros((self.side, self.side), np.float32)
        self._ink = np.zeros_like(self._printed)
        self._owner = np.zeros((self.side, self.side), np.uint8)
        self._ignored = np.zeros((self.side, self.side), bool)
        self.boxes: list[Box] = []
        self._are_digits: list[bool] = []
        # First and last row of the image, in fine pixels.
        self.first, self.last = 0, self.side

    def put(self, mask: np.ndarray, top: float, left: float, darkness: float, is_digit: bool) -> Box | None:
        """Puts a glyph on the page.

        Args:
            mask: float32 (height, width), 0 to 1.
            top: row of its first row in fine pixels; it may lie beyond the page.
            left: column of its first column.
            darkness: of its ink, 0 to 1.
            is_digit: whether its cells belong to a digit.

        Returns:
            Its bounding box; None if it lies beyond the page.
        """
        top, left = int(top), int(left)
        rows = slice(max(0, top), min(self.side, top + mask.shape[0]))
        columns = slice(max(0, left), min(self.side, left + mask.shape[1]))
        if rows.start >= rows.stop or columns.start >= columns.stop:
            return None
        visible = mask[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
        self._ink[rows, columns] = np.maximum(self._ink[rows, columns], visible * darkness)
        box = Box(rows.start, columns.start, rows.stop, columns.stop)
        share, inked = visible.sum() / max(mask.sum(), 1e-3), visible > 0.5
        if share > (_WHOLE if is_digit else _VISIBLE) and len(self.boxes) < 255:
            self.boxes.append(box)
            self._are_digits.append(is_digit)
            self._owner[rows, columns][inked] = len(self.boxes)
            self._ignored[rows, columns][inked] = False
        else:
            self._owner[rows, columns][inked] = 0
            self._ignored[rows, columns] |= inked & (is_digit and share > _HALF)
        return box

    def lines(self, segments: Sequence[Sequence[float]], darkness: float) -> None:
        """Draws lines under the glyphs: x and y of both ends, and the width, in fine pixels."""
        layer = Image.new("L", (self.side, self.side))
        draw = ImageDraw.Draw(layer)
        for *ends, width in segments:
            draw.line(tuple(ends), 255, max(1, round(width)))
        self.under(np.asarray(layer, np.float32) / 255 * darkness)

    def under(self, darkness: np.ndarray) -> None:
        """Darkens the paper under the glyphs, float32 (side, side), 0 to 1."""
        self._printed = 1 - (1 - self._printed) * (1 - darkness)

    @property
    def light(self) -> np.ndarray:
        """Share of the paper's light that is left, float32 (side, side)."""
        return (1 - self._printed) * (1 - self._ink)

    @property
    def is_glyph(self) -> np.ndarray:
        """Whether a fine pixel belongs to a digit, letter or sign, bool (side, side)."""
        return self._owner > 0

    def label(self, gray: np.ndarray) -> LabeledPage:
        """Labels the cells of the page.

        Args:
            gray: its gray values, float32 (cells, cells), 0 to 255. The rows beyond the image are mirrored.
        """
        scale, cells = self.scale, self.cells
        first, last = self.first // scale, -(-self.last // scale)
        folded = (np.arange(cells) - first) % (2 * (last - first))
        gray = gray[np.minimum(folded, 2 * (last - first) - 1 - folded) + first]
        inside = np.zeros((cells, cells), np.uint8)
        inside[first:last] = 1
        blocks = self._owner.reshape(cells, scale, cells, scale)
        # The middle decides between two glyphs; any glyph's ink counts.
        middle = blocks[:, scale // 2, :, scale // 2]
        owner = np.where(middle > 0, middle, blocks.max(axis=(1, 3))) * inside
        glyphs = []
        for number, is_digit in enumerate(self._are_digits, start=1):
            rows, columns = np.nonzero(owner == number)
            owner[rows, columns] = 0
            if len(rows) < (4 if is_digit else 1):
                # Covered by others, or too small.
                continue
            top, left, bottom, right = rows.min(), columns.min(), rows.max() + 1, columns.max() + 1
            glyphs.append(Glyph((top + bottom) / 2, (left + right) / 2, max(bottom - top, right - left), is_digit))
            # Numbers only become smaller, so that none is in use twice.
            owner[rows, columns] = len(glyphs)
        ignored = self._ignored[scale // 2 :: scale, scale // 2 :: scale]
        return LabeledPage(np.clip(gray, 0, 255).astype(np.uint8), inside, owner, ignored, glyphs)
