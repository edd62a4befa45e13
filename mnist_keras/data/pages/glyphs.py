"""Digits, letters, signs and scribbles as masks of ink."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from mnist_keras.data.pages.letters import DIGITS, LETTERS, SIGNS
from mnist_keras.data.printed import print_text
from mnist_keras.data.strokes import Shape, parse_shape, random_strokes
from mnist_keras.data.synthetic import synthetic_digits

# Shares of printed digits, of those drawn by strokes, and of synthetic ones among the others.
_PRINTED, _STROKES, _SYNTHETIC = 0.18, 0.15, 0.2
# Share of letters that are drawn by strokes; the others are printed.
_DRAWN = 0.6
# Printed letters that look like no digit.
_CHARACTERS = "abcdefghkmnprtuvwxyACEFGHJKLMNPRTUVWXYαβγδεζηθκλμξπρσφψωΔΣΩ&@#?%$€§"
# Standard deviations of the logarithm of the aspect ratio, of the shear and of the angle of a digit, in radians.
_ASPECT, _SHEAR, _ANGLE = 0.12, 0.12, 0.08


class Glyphs:
    """Draws random glyphs: masks of ink, float32 (height, width), 0 to 1, without margins."""

    def __init__(self, images: np.ndarray, random: np.random.Generator) -> None:
        """
        Args:
            images: handwritten digits, uint8 (examples, 28, 28), white ink on black.
            random: the source of randomness.
        """
        self._images = images
        self._random = random
        self._synthetic = synthetic_digits(4000, seed=7)[0]
        self._digits = [parse_shape(strokes) for strokes in DIGITS]
        self._letters = [parse_shape(strokes) for strokes in LETTERS]
        self._signs = [(parse_shape(strokes), height, middle) for strokes, height, middle in SIGNS]

    def digit(self, size: float) -> np.ndarray:
        """Draws a digit, handwritten or printed; its longer side is about `size` pixels."""
        random = self._random
        if random.random() < _PRINTED:
            return self._printed(str(random.integers(10)), size, slant=random.uniform(-0.15, 0.15))
        if random.random() < _STROKES:
            return self._drawn(self._digits[random.integers(len(self._digits))], size)
        images = self._synthetic if random.random() < _SYNTHETIC else self._images
        ink = _sharpened(self._distorted(images[random.integers(len(images))], size), size / 20, random)
        if random.random() < 0.12:
            ink = _thickened(ink, size * random.uniform(0.03, 0.13))
        if random.random() < 0.08:
            ink = _interrupted(ink, size, random)
        if random.random() < 0.1:
            ink = _detached(ink, size, random)
        return _trimmed(ink) if (ink > 0.3).any() else self.digit(size)

    def as_in_mnist(self, side: int) -> np.ndarray:
        """Returns a handwritten digit with its margins, enlarged to `side` pixels without interpolation."""
        image = self.image()
        nearest = ((np.arange(side) + 0.5) * len(image) / side).astype(int)
        return image[nearest][:, nearest]

    def image(self) -> np.ndarray:
        """Returns one of the handwritten digits with its margins, float32 (28, 28)."""
        return self._images[self._random.integers(len(self._images))] / np.float32(255)

    def letter(self, size: float) -> np.ndarray:
        """Draws a letter or a sign that is no digit; its longer side is about `size` pixels."""
        random = self._random
        if random.random() < _DRAWN:
            return self._drawn(self._letters[random.integers(len(self._letters))], size)
        return self._printed(random.choice(list(_CHARACTERS)), size)

    def sign(self, height: float) -> tuple[np.ndarray, float]:
        """Draws a sign within a number of `height` pixels, and returns its middle's distance from the number's top."""
        shape, share, middle = self._signs[self._random.integers(len(self._signs))]
        return self._drawn(shape, height * share, jitter=0.03), height * middle

    def word(self, height: float) -> list[np.ndarray]:
        """Draws the letters of a word, or prints the word as one mask."""
        random = self._random
        length = int(random.integers(1, 8))
        if random.random() < 0.4:
            text = "".join(random.choice(list(_CHARACTERS[:44]), length))
            return [self._printed(text, height * length * 0.6)]
        return [self.letter(height * random.uniform(0.6, 1)) for _ in range(length)]

    def scribble(self, size: float) -> np.ndarray:
        """Draws random curves."""
        random = self._random
        shape = [
            list(map(tuple, random.uniform(0, 1, (random.integers(2, 10), 2)))) for _ in range(random.integers(1, 4))
        ]
        return self._drawn(shape, size, jitter=0.0)

    def _drawn(self, shape: Shape, size: float, jitter: float = 0.05) -> np.ndarray:
        random = self._random
        size = max(3.0, size)
        pen = max(1.0, size * random.uniform(0.05, 0.18))
        shear, aspect_ratio, angle = random.normal(0, 0.15), random.uniform(0.55, 1.1), random.normal(0, 0.1)
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        stretch = np.array([[aspect_ratio, 0], [-shear, 1]])
        strokes = [(points - 0.5) @ stretch @ turn * size for points in random_strokes(shape, random, jitter)]
        everything = np.concatenate(strokes)
        first = everything.min(axis=0) - pen
        width, height = (everything.max(axis=0) - first + pen + 1).astype(int)
        mask = Image.new("L", (int(width), int(height)))
        draw = ImageDraw.Draw(mask)
        for points in strokes:
            points = points - first
            draw.line([tuple(point) for point in points], 255, max(1, round(pen)), joint="curve")
            for x, y in (points[0], points[-1]):
                draw.ellipse([x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2], fill=255)
        return np.asarray(mask, np.float32) / 255

    def _printed(self, text: str, size: float, slant: float = 0.0) -> np.ndarray:
        mask = print_text(text, size, self._random, slant)
        return self.letter(size) if mask is None else mask

    def _distorted(self, image: np.ndarray, size: float) -> np.ndarray:
        """Enlarges, stretches, shears and turns a digit; its ink is about `size` pixels long."""
        random = self._random
        digit = Image.fromarray(image)
        left, top, right, bottom = digit.getbbox() or (0, 0, *digit.size)
        digit = digit.crop((left - 1, top - 1, right + 1, bottom + 1))
        scale, aspect_ratio = size / max(digit.size), np.exp(random.normal(0, _ASPECT))
        width, height = (
            max(3, round(digit.width * scale * aspect_ratio)),
            max(3, round(digit.height * scale / aspect_ratio)),
        )
        margin = max(width, height) // 3 + 2
        page = Image.new("L", (width + 2 * margin, height + 2 * margin))
        page.paste(digit.resize((width, height), Image.Resampling.BICUBIC), (margin, margin))
        shear, angle = random.normal(0, _SHEAR), random.normal(0, _ANGLE)
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        matrix = turn @ np.array([[1, shear], [0, 1]])
        center = np.array(page.size) / 2
        offset = center - matrix @ center
        coefficients = (*matrix[0], offset[0], *matrix[1], offset[1])
        page = page.transform(page.size, Image.Transform.AFFINE, coefficients, Image.Resampling.BILINEAR)
        return np.asarray(page, np.float32) / 255


def _sharpened(ink: np.ndarray, scale: float, random: np.random.Generator) -> np.ndarray:
    """Gives an enlarged digit sharp edges. A random threshold makes its strokes thicker or thinner."""
    return np.clip((ink - random.uniform(0.25, 0.7)) * max(1.0, scale / 2.5) + 0.5, 0, 1)


def _thickened(ink: np.ndarray, pixels: float) -> np.ndarray:
    size = min(int(pixels) // 2 * 2 + 1, 25)
    if size < 3:
        return ink
    image = Image.fromarray((ink * 255).astype(np.uint8))
    return np.asarray(image.filter(ImageFilter.MaxFilter(size)), np.float32) / 255


def _interrupted(ink: np.ndarray, size: float, random: np.random.Generator) -> np.ndarray:
    """Leaves a gap in the strokes: a pen that skips, or a bar that is detached."""
    rows, columns = np.mgrid[: ink.shape[0], : ink.shape[1]]
    angle = random.uniform(0, np.pi)
    across = (rows - ink.shape[0] / 2) * np.cos(angle) + (columns - ink.shape[1] / 2) * np.sin(angle)
    return ink * (np.abs(across - random.uniform(-0.35, 0.35) * size) > size * random.uniform(0.01, 0.035))


def _detached(ink: np.ndarray, size: float, random: np.random.Generator) -> np.ndarray:
    """Moves one end of a digit away: a pen that was lifted, as for the bar of a 5."""
    rows, columns = np.mgrid[: ink.shape[0], : ink.shape[1]]
    angle = random.uniform(0, 2 * np.pi)
    down, right = np.cos(angle), np.sin(angle)
    along = (rows - ink.shape[0] / 2) * down + (columns - ink.shape[1] / 2) * right
    end = ink * (along > random.uniform(0.2, 0.4) * size)
    if end.sum() < 0.05 * ink.sum():
        return ink
    shift = random.uniform(0.02, 0.25) * size
    moved = np.roll(end, (round(shift * down), round(shift * right)), axis=(0, 1))
    return np.maximum(ink - end, moved)


def _trimmed(ink: np.ndarray) -> np.ndarray:
    rows, columns = np.flatnonzero(ink.max(axis=1) > 0.3), np.flatnonzero(ink.max(axis=0) > 0.3)
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
