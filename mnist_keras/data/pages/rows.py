"""Rows of digits on a page: numbers, with signs, in cells, touching each other."""

import numpy as np

from mnist_keras.data.pages.scenes import Scene

# Gaps between digits as a share of their height: minimum and maximum.
_GAPS = {"touching": (-0.2, 0.02), "near": (0.02, 0.2), "wide": (0.15, 1.0)}


def rows_of_digits(scene: Scene) -> None:
    """Draws one or several rows of digits, with signs or in cells; the image may be cut to them."""
    page, random, side = scene.page, scene.random, scene.page.side
    height = float(np.exp(scene.uniform(np.log(9), np.log(0.68 * page.cells)))) * page.scale
    in_cells = scene.chance(0.5)
    count = 1 if scene.chance(0.6) else int(np.clip(side // (1.3 * height), 1, 4))
    slope = random.normal(0, 0.04)
    start = scene.uniform(-0.1, 0.3) * side if scene.chance(0.3) else scene.uniform(0, 0.15) * side
    first = scene.uniform(0, max(1, side - count * 1.25 * height))
    tops = [first + row * height * scene.uniform(1.1, 1.4) for row in range(count)]
    columns: list[float] = []
    for top in tops:
        columns += _cells(scene, top, height, start, slope) if in_cells else _number(scene, top, height, start, slope)
    bands = [(top - 0.15 * height, top + 1.15 * height) for top in tops]
    if in_cells and scene.chance(0.95):
        _draw_cells(scene, bands, sorted(set(columns)), slope)
    elif scene.chance(0.25):
        scene.ruled(scene.line * scene.uniform(0.15, 0.8))
    elif scene.chance(0.1):
        row = bands[0][1]
        page.lines([(0, row, side, row + slope * side, scene.uniform(0.5, 2.5) * page.scale)], scene.line)
    if scene.chance(0.6):
        margin = scene.uniform(0.02, 0.5) * height
        top = max(0.0, min(top for top, _ in bands) - margin)
        bottom = min(float(side), max(bottom for _, bottom in bands) + margin + max(0.0, slope * side))
        if bottom - top > 6 * page.scale:
            page.first, page.last = int(top), int(bottom)


def touching_digits(scene: Scene) -> None:
    """Draws two to five digits that touch or overlap each other, as large as the page allows or smaller."""
    page, random, side = scene.page, scene.random, scene.page.side
    count = int(random.choice([2, 3, 4, 5], p=[0.5, 0.25, 0.15, 0.1]))
    height = scene.uniform(0.12, min(0.8, 1.5 / count)) * side
    masks = [scene.glyphs.digit(height * scene.uniform(0.85, 1.05)) for _ in range(count)]
    overlaps = [scene.uniform(-0.02, 0.22) * height for _ in masks]
    width = sum(mask.shape[1] for mask in masks) - sum(overlaps[1:])
    if width > side:
        masks = masks[:2]
        width = masks[0].shape[1] + masks[1].shape[1] - overlaps[1]
    left = scene.uniform(0, max(0, side - width))
    top = scene.uniform(0, max(0, side - 1.1 * height))
    for number, mask in enumerate(masks):
        left -= overlaps[number] if number else 0
        row = np.clip(top + height - mask.shape[0] + random.normal(0, 0.07) * height, 0, side - mask.shape[0])
        page.put(mask, row, left, scene.pen * scene.uniform(0.85, 1), True)
        left += mask.shape[1]
    if scene.chance(0.4):
        margin = scene.uniform(0.02, 0.4) * height
        page.first, page.last = int(max(0, top - margin)), int(min(side, top + 1.2 * height + margin))


def touching_as_in_mnist(scene: Scene) -> None:
    """Puts two to four of MNIST's images side by side, so that their ink touches or overlaps by some pixels."""
    page, random, side = scene.page, scene.random, scene.page.side
    images = [scene.glyphs.image() for _ in range(random.choice([2, 3, 4], p=[0.7, 0.15, 0.15]))]
    columns = [np.flatnonzero(image.max(axis=0) > 0.2) for image in images]
    images = [image[:, inked[0] : inked[-1] + 1] for image, inked in zip(images, columns, strict=True)]
    overlaps = [0, *random.integers(-1, 6, len(images) - 1)]
    starts = np.cumsum([0, *(image.shape[1] for image in images[:-1])]) - np.cumsum(overlaps)
    margin = int(random.integers(0, 12))
    width = int(starts[-1]) + images[-1].shape[1] + 2 * margin
    height = len(images[0])
    scale = side / max(width, height)
    top = (side - height * scale) / 2
    for image, start in zip(images, starts, strict=True):
        # Each pixel becomes a square of equal values.
        rows, across = ((np.arange(int(length * scale)) / scale).astype(int) for length in image.shape)
        left = (side - width * scale) / 2 + (margin + start) * scale
        page.put(image[rows][:, across], top, left, 1.0, True)
    page.first, page.last = int(max(0, top)), int(min(side, top + height * scale))


def _number(scene: Scene, top: float, height: float, left: float, slope: float) -> list[float]:
    """Draws digits and signs with one kind of gap."""
    random, side = scene.random, scene.page.side
    gaps = _GAPS[random.choice(list(_GAPS))]
    for _ in range(random.integers(2, 14)):
        tall = height * scene.uniform(0.8, 1.05)
        is_sign = scene.chance(0.15)
        if is_sign and scene.chance(0.8):
            mask, middle = scene.glyphs.sign(tall)
            row = top + middle - mask.shape[0] / 2
        else:
            mask = scene.glyphs.letter(tall) if is_sign else scene.glyphs.digit(tall)
            row = top + height - mask.shape[0] + random.normal(0, 0.05) * height
        if left + mask.shape[1] > side and not scene.chance(0.15):
            break
        scene.page.put(mask, row + slope * left, left, scene.pen * scene.uniform(0.85, 1), not is_sign)
        left += mask.shape[1] + scene.uniform(*gaps) * tall
        if left > 0.98 * side:
            break
    return []


def _cells(scene: Scene, top: float, height: float, left: float, slope: float) -> list[float]:
    """Draws a digit into each cell of a row, and returns the columns of the lines between the cells."""
    random, side = scene.random, scene.page.side
    pitch = height * scene.uniform(1.0, 1.7)
    columns = [left]
    for _ in range(random.integers(2, 14)):
        mask = scene.glyphs.digit(height * scene.uniform(0.8, 1.05))
        column = left + (pitch - mask.shape[1]) / 2 + random.normal(0, 0.08) * pitch
        if column + mask.shape[1] > side and not scene.chance(0.15):
            break
        row = top + height - mask.shape[0] + random.normal(0, 0.05) * height
        scene.page.put(mask, row + slope * column, column, scene.pen * scene.uniform(0.85, 1), True)
        left += pitch
        columns.append(left)
        if left > 0.98 * side:
            break
    return columns


def _draw_cells(scene: Scene, bands: list[tuple[float, float]], columns: list[float], slope: float) -> None:
    page, side = scene.page, scene.page.side
    width = scene.uniform(0.4, 2.5) * page.scale
    left, right = (0.0, float(side)) if scene.chance(0.6) else (columns[0], columns[-1])
    segments = [
        (left, row + slope * left, right, row + slope * right, width * scene.uniform(0.6, 1.5))
        for band in bands
        for row in band
    ]
    top, bottom = (0.0, float(side)) if scene.chance(0.3) else (bands[0][0], bands[-1][1])
    segments += [
        (
            column,
            top + slope * column,
            column + scene.random.normal(0, 1),
            bottom + slope * column,
            width * scene.uniform(0.5, 1.6),
        )
        for column in columns
    ]
    page.lines(segments, scene.line)
