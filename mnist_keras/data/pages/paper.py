"""Paper, light and camera: gray values of a page."""

import numpy as np
from PIL import Image, ImageFilter

from mnist_keras.data.pages.page import Page


def photograph(page: Page, random: np.random.Generator) -> np.ndarray:
    """Returns the gray values of a page, float32 (cells, cells), 0 to 255, of either polarity."""
    side = page.side
    rows, columns = np.mgrid[:side, :side].astype(np.float32) / side - 0.5
    light = _lighting(rows, columns, random) * page.light
    if random.random() < 0.07:
        light = _pasted(light, page, random)
    if random.random() < 0.08:
        light = _with_edge(light, page, rows, columns, random)
    if random.random() < 0.04:
        light = _turned(light, page, rows, columns, random)
    image = Image.fromarray(np.clip(light * 255, 0, 255).astype(np.uint8))
    if random.random() < 0.5:
        blur = random.uniform(0.2, 1.2) * page.scale * random.uniform(0.3, 1)
        image = image.filter(ImageFilter.GaussianBlur(blur))
    return _exposed(np.asarray(image.reduce(page.scale), np.float32) / 255, page, random)


def scan(page: Page) -> np.ndarray:
    """Returns the gray values of white ink on black, as in MNIST, float32 (cells, cells), 0 to 255."""
    ink = 1 - page.light.reshape(page.cells, page.scale, page.cells, page.scale).mean(axis=(1, 3))
    return 255 * ink


def _lighting(rows: np.ndarray, columns: np.ndarray, random: np.random.Generator) -> np.ndarray:
    light = np.ones_like(rows)
    if random.random() < 0.4:
        down, across = random.normal(0, 0.35, 2)
        light *= np.clip(1 + down * rows + across * columns, 0.35, 1.2)
    if random.random() < 0.12:
        # A shadow with a hard or soft edge.
        edge = _across(rows, columns, random) - random.uniform(-0.4, 0.4)
        light *= 1 - random.uniform(0.15, 0.6) / (1 + np.exp(-np.clip(edge / random.uniform(0.004, 0.1), -20, 20)))
    if random.random() < 0.3:
        light *= 1 + random.uniform(0.01, 0.05) * clouds(len(rows), int(random.integers(4, 24)), random)
    return light / max(light.max(), 1)


def clouds(side: int, cells: int, random: np.random.Generator) -> np.ndarray:
    """Returns smooth noise with a standard deviation of about 1, float32 (side, side); `cells` waves per side."""
    noise = Image.fromarray(random.normal(0, 1, (cells, cells)).astype(np.float32))
    return np.asarray(noise.resize((side, side), Image.Resampling.BICUBIC))


def _across(rows: np.ndarray, columns: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Returns the distance from a line through the center of the page, as a share of its side."""
    angle = random.uniform(0, 2 * np.pi)
    return rows * np.cos(angle) + columns * np.sin(angle)


def _pasted(light: np.ndarray, page: Page, random: np.random.Generator) -> np.ndarray:
    """Puts a darker piece of paper with the ink on white paper."""
    rows, columns = np.nonzero(page.is_glyph if page.boxes else light < 0.7)
    if not len(rows):
        return light
    margin = int(random.uniform(0, 0.15) * page.side)
    piece = (
        slice(max(0, rows.min() - margin), rows.max() + margin),
        slice(max(0, columns.min() - margin), columns.max() + margin),
    )
    result = np.ones_like(light)
    result[piece] = light[piece] * random.uniform(0.5, 0.95)
    return result


def _with_edge(light: np.ndarray, page: Page, rows: np.ndarray, columns: np.ndarray, random: np.random.Generator):
    """Shows a table beyond the edge of the paper."""
    beyond = _across(rows, columns, random) > random.uniform(0.38, 0.6)
    if page.is_glyph[beyond].any():
        return light
    return np.where(beyond, light * random.uniform(0.1, 0.8), light)


def _turned(light: np.ndarray, page: Page, rows: np.ndarray, columns: np.ndarray, random: np.random.Generator):
    """Fills the corners as a program does that has turned the image."""
    angle = random.uniform(0.05, 0.5)
    down = rows * np.cos(angle) + columns * np.sin(angle)
    across = columns * np.cos(angle) - rows * np.sin(angle)
    beyond = (np.abs(down) > 0.5) | (np.abs(across) > 0.5)
    if page.is_glyph[beyond].any():
        return light
    return np.where(beyond, 0.0 if random.random() < 0.7 else 1.0, light)


def _exposed(light: np.ndarray, page: Page, random: np.random.Generator) -> np.ndarray:
    """Turns light into gray values: contrast, polarity, resolution and noise."""
    is_negative = random.random() < 0.3
    paper = 255.0 if random.random() < 0.15 else random.uniform(110, 255)
    darkest = paper * (random.uniform(0, 0.35) if random.random() < 0.85 else random.uniform(0.3, 0.7))
    if is_negative and random.random() < 0.4:
        # As MNIST: white on black.
        paper, darkest = 255.0, 0.0
    gray = darkest + (paper - darkest) * light
    if random.random() < 0.3:
        gray = _coarse(gray, page, random)
    if random.random() < 0.7:
        gray = gray + random.normal(0, random.uniform(0.5, 9), gray.shape)
    return 255 - gray if is_negative else gray


def _coarse(gray: np.ndarray, page: Page, random: np.random.Generator) -> np.ndarray:
    """Shows an image of fewer pixels than cells, sometimes in black and white; digits have 11 pixels or more."""
    cells = page.cells
    smallest = min([box.size / page.scale for box in page.boxes] or [0.3 * cells])
    fewest = min(cells, max(0.2 * cells, 11 * cells / smallest))
    size = int(np.exp(random.uniform(np.log(fewest), np.log(cells))))
    pixels = np.asarray(Image.fromarray(gray.astype(np.float32)).resize((size, size), Image.Resampling.BOX))
    if random.random() < 0.2:
        # As scanning apps do: darker than the surroundings.
        around = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).filter(
            ImageFilter.BoxBlur(max(3, size // 6))
        )
        pixels = (pixels > 0.9 * np.asarray(around)) * random.uniform(100, 255)
    pixels = pixels + random.normal(0, random.uniform(0, 6), pixels.shape)
    nearest = ((np.arange(cells) + 0.5) * size / cells).astype(int)
    return pixels[nearest][:, nearest]
