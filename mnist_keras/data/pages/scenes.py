"""What is on a page: a digit alone, in a cell, in a row, among letters; or no digit."""

import dataclasses

import numpy as np
from PIL import Image, ImageDraw

from mnist_keras.data.pages.glyphs import Glyphs
from mnist_keras.data.pages.page import Box, Page
from mnist_keras.data.pages.paper import clouds


@dataclasses.dataclass
class Scene:
    """Draws random scenes on a page."""

    page: Page
    glyphs: Glyphs
    random: np.random.Generator

    def __post_init__(self) -> None:
        # Darkness of the pen and of printed lines.
        self.pen = self.uniform(0.5, 1.0) if self.chance(0.85) else self.uniform(0.2, 0.6)
        self.line = self.uniform(0.2, 1.0)

    def uniform(self, minimum: float, maximum: float) -> float:
        return float(self.random.uniform(minimum, maximum))

    def chance(self, probability: float) -> bool:
        return bool(self.random.random() < probability)

    def single_digit(self) -> None:
        """A digit of any size, often a tight crop, sometimes on ruled paper or underlined."""
        side = self.page.side
        is_tight = self.chance(0.5)
        size = self.uniform(0.88, 1.0) if is_tight else self.uniform(0.3, 0.99) ** 2
        digit = self.glyphs.digit(size * side)
        if is_tight and self.chance(0.6):
            # As a program that stretches each crop to a square, or one that keeps its shape.
            width = side if self.chance(0.5) else max(digit.shape[1], int(side * self.uniform(0.6, 1)))
            digit = _resized(digit, width, side)
        box = self._place(digit)
        if self.chance(0.25):
            self.ruled(self.line * self.uniform(0.15, 0.8))
        elif self.chance(0.1):
            row = box.bottom + self.uniform(0, 0.2) * box.size
            self.page.lines([(0, row, side, row, self.uniform(0.5, 3) * self.page.scale)], self.line)

    def cell(self) -> None:
        """A digit in a cell of a form or table, with parts of its neighbors; lines may cross it."""
        size = self.uniform(0.3, 0.85) * self.page.side
        box = self._place(self.glyphs.digit(size))
        frame = self.frame(box)
        for _ in range(self.random.integers(0, 4)):
            is_digit = self.chance(0.8)
            mask = self.glyphs.digit(size * self.uniform(0.8, 1.1)) if is_digit else self.glyphs.letter(size)
            shift, gap = self.random.normal(0, 0.1) * size, self.uniform(0.02, 0.3) * size
            top, left = (
                (frame.top - gap - mask.shape[0], box.left + shift),
                (frame.bottom + gap, box.left + shift),
                (box.top + shift, frame.left - gap - mask.shape[1]),
                (box.top + shift, frame.right + gap),
            )[self.random.integers(4)]
            self.page.put(mask, top, left, self.pen, is_digit)

    def among_letters(self) -> None:
        """A digit with letters and signs around."""
        side = self.page.side
        box = self._place(self.glyphs.digit(self.uniform(0.2, 0.6) * side))
        for _ in range(self.random.integers(1, 5)):
            size = self.uniform(0.1, 0.5) * side
            mask = self.glyphs.letter(size) if self.chance(0.6) else self.glyphs.sign(size)[0]
            for _ in range(6):
                top, left = self.uniform(-0.2, 0.95) * side, self.uniform(-0.2, 0.95) * side
                above_or_below = top + mask.shape[0] < box.top - 4 or top > box.bottom + 4
                if above_or_below or left + mask.shape[1] < box.left - 4 or left > box.right + 4:
                    self.page.put(mask, top, left, self.pen * self.uniform(0.6, 1), False)
                    break

    def letter(self) -> None:
        """A letter or sign."""
        side = self.page.side
        if self.chance(0.12):
            mask, _ = self.glyphs.sign(self.uniform(0.3, 0.9) * side)
        else:
            mask = self.glyphs.letter(self.uniform(0.25, 0.95) * side)
        top, left = (self.uniform(0, max(1, side - length)) for length in mask.shape)
        self.page.put(mask, top, left, self.pen, False)
        if self.chance(0.15):
            self.ruled(self.line * 0.5)
        if self.chance(0.15):
            self.frame(Box(0.2 * side, 0.2 * side, 0.8 * side, 0.8 * side))

    def words(self) -> None:
        """Lines of handwriting or print."""
        side = self.page.side
        height = self.uniform(0.06, 0.4) * side
        first = top = self.uniform(-0.1, 0.3) * side
        pitch = self.uniform(1.2, 2.0) * height
        while top < 0.9 * side:
            left = self.uniform(-0.1, 0.1) * side
            while left < side:
                for mask in self.glyphs.word(height):
                    foot = top + self.uniform(-0.05, 0.05) * height + height
                    self.page.put(mask, foot - mask.shape[0], left, self.pen, False)
                    left += mask.shape[1] + self.uniform(-0.1, 0.2) * height
                left += self.uniform(0.3, 0.8) * height
            top += pitch
            if self.chance(0.4):
                break
        if self.chance(0.5):
            self.page.first, self.page.last = int(max(0, first - 0.2 * height)), int(min(side, top + 0.3 * height))

    def scribbles(self) -> None:
        """Random curves."""
        side = self.page.side
        for _ in range(self.random.integers(1, 4)):
            mask = self.glyphs.scribble(self.uniform(0.2, 0.95) * side)
            top, left = (self.uniform(0, max(1, side - length)) for length in mask.shape)
            self.page.put(mask, top, left, self.pen, False)

    def things(self) -> None:
        """A photograph of anything: clouds and polygons."""
        side, random = self.page.side, self.random
        picture = np.zeros((side, side), np.float32)
        for cells in (random.integers(2, 4), random.integers(4, 8), random.integers(8, 20), 32):
            picture += clouds(side, int(cells), random) * self.uniform(0.05, 1) * 3 / np.sqrt(cells)
        image = Image.fromarray(np.clip(picture * 60 + 128, 0, 255).astype(np.uint8))
        draw = ImageDraw.Draw(image)
        for _ in range(random.integers(0, 6)):
            points = random.uniform(-0.1, 1.1, (random.integers(3, 6), 2)) * side
            tone = int(random.integers(256))
            if self.chance(0.3):
                draw.ellipse([*points.min(axis=0), *points.max(axis=0)], fill=tone)
            elif self.chance(0.6):
                draw.polygon([tuple(point) for point in points], fill=tone)
            else:
                draw.line([tuple(point) for point in points], fill=tone, width=int(random.integers(1, 9)))
        self.page.under(1 - np.asarray(image, np.float32) / 255)

    def part_of_a_digit(self) -> None:
        """A digit of which the border cuts most."""
        side = self.page.side
        mask = self.glyphs.digit(self.uniform(0.5, 1.6) * side)
        height, width = mask.shape
        share, along = self.uniform(0.1, 0.35), self.uniform(0, 0.5) * side
        top, left = (
            (-height * (1 - share), along),
            (side - height * share, along),
            (along, -width * (1 - share)),
            (along, side - width * share),
        )[self.random.integers(4)]
        self.page.put(mask, top, left, self.pen, True)

    def only_lines(self) -> None:
        """Ruled paper or a frame."""
        side = self.page.side
        if self.chance(0.5):
            self.ruled(self.line)
        else:
            self.frame(Box(0.25 * side, 0.25 * side, 0.75 * side, 0.75 * side))

    def specks(self) -> None:
        """Dirt on the paper or the lens."""
        side, scale = self.page.side, self.page.scale
        layer = Image.new("L", (side, side))
        draw = ImageDraw.Draw(layer)
        for _ in range(self.random.integers(1, 15)):
            row, column, radius = self.uniform(0, side), self.uniform(0, side), self.uniform(0.2, 1.2) * scale
            draw.ellipse([column - radius, row - radius, column + radius, row + radius], fill=255)
        self.page.under(np.asarray(layer, np.float32) / 255 * self.pen * self.uniform(0.3, 1))

    def ruled(self, darkness: float) -> None:
        """Rules the paper with lines or squares."""
        side, scale = float(self.page.side), self.page.scale
        pitch, slope, width = self.uniform(5, 40) * scale, self.random.normal(0, 0.03), self.uniform(0.3, 1.5) * scale
        rows = np.arange(self.uniform(0, pitch) - 0.1 * side, 1.1 * side, pitch)
        segments = [(0.0, float(row), side, float(row) + slope * side, width) for row in rows]
        if self.chance(0.5):
            columns = np.arange(self.uniform(0, pitch) - 0.1 * side, 1.1 * side, pitch)
            segments += [(float(column), 0.0, float(column) - slope * side, side, width) for column in columns]
        self.page.lines(segments, darkness)

    def frame(self, box: Box) -> Box:
        """Draws a frame around a box, whose lines may cross it: a cell of a table, or a lone rectangle."""
        side, scale, size = self.page.side, self.page.scale, box.size
        width = (self.uniform(0.4, 4.0) if self.chance(0.8) else self.uniform(3, 6)) * scale
        distances = [self.uniform(-0.06 if self.chance(0.3) else 0.02, 0.48) * size for _ in range(4)]
        frame = Box(
            box.top - distances[0], box.left - distances[1], box.bottom + distances[2], box.right + distances[3]
        )
        in_table = self.chance(0.7)
        left, right = (0.0, side) if in_table else (frame.left, frame.right)
        top, bottom = (0.0, side) if in_table else (frame.top, frame.bottom)
        segments = [(left, row, right, row) for row in (frame.top, frame.bottom)]
        segments += [(column, top, column, bottom) for column in (frame.left, frame.right)]
        askew = [
            tuple(position + self.random.normal(0, 0.025) * size * (position not in (0, side)) for position in segment)
            for segment in segments
        ]
        drawn = [(*segment, width * self.uniform(0.5, 1.5)) for segment in askew if self.chance(0.85)]
        self.page.lines(drawn, self.line)
        return frame

    def _place(self, mask: np.ndarray) -> Box:
        """Puts a digit anywhere on the page, half of the time near its middle."""
        side = self.page.side
        rooms = [max(0, side - length) for length in mask.shape]
        if self.chance(0.5):
            top, left = (self.uniform(0, room) for room in rooms)
        else:
            top, left = (np.clip(room / 2 + self.random.normal(0, 0.05) * side, 0, room) for room in rooms)
        box = self.page.put(mask, top, left, self.pen, True)
        assert box is not None
        return box


def _resized(mask: np.ndarray, width: int, height: int) -> np.ndarray:
    image = Image.fromarray((mask * 255).astype(np.uint8)).resize((width, height))
    return np.asarray(image, np.float32) / 255
