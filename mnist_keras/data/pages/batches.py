"""Batches of random pages with the targets of the network that finds digits."""

from collections.abc import Mapping

import numpy as np

from mnist_keras.data.pages.glyphs import Glyphs
from mnist_keras.data.pages.page import Glyph, LabeledPage, Page
from mnist_keras.data.pages.paper import photograph, scan
from mnist_keras.data.pages.rows import rows_of_digits, touching_as_in_mnist, touching_digits
from mnist_keras.data.pages.scenes import Scene

# Frequencies of the scenes from which the network learns.
SCENES = {
    "single_digit": 0.18,
    "as_in_mnist": 0.04,
    "cell": 0.14,
    "rows_of_digits": 0.17,
    "touching_digits": 0.11,
    "touching_as_in_mnist": 0.1,
    "among_letters": 0.06,
    "letter": 0.12,
    "words": 0.03,
    "scribbles": 0.01,
    "things": 0.03,
    "part_of_a_digit": 0.004,
    "only_lines": 0.003,
    "empty": 0.003,
}
# Share of pages with specks.
_SPECKS = 0.12
# Fine pixels per cell, along each axis.
_SCALE = {96: 3, 192: 2}
# Standard deviation of a peak of the heat map, as a share of the digit's size, and its minimum in cells.
_SPREAD, _MIN_SPREAD = 0.1, 2.2


def random_page(
    glyphs: Glyphs, cells: int, random: np.random.Generator, scenes: Mapping[str, float] = SCENES
) -> LabeledPage:
    """Draws a random scene.

    Args:
        glyphs: draws digits and letters.
        cells: side of the page, 96 or 192.
        random: the source of randomness.
        scenes: frequencies of the scenes, of a sum of 1.
    """
    page = Page(cells, _SCALE[cells])
    scene = Scene(page, glyphs, random)
    kind = str(random.choice(list(scenes), p=list(scenes.values())))
    if kind == "as_in_mnist":
        page.put(glyphs.as_in_mnist(page.side), 0, 0, 1.0, True)
        return page.label(scan(page))
    if kind == "touching_as_in_mnist":
        touching_as_in_mnist(scene)
        return page.label(scan(page))
    if kind == "rows_of_digits":
        rows_of_digits(scene)
    elif kind == "touching_digits":
        touching_digits(scene)
    elif kind != "empty":
        getattr(scene, kind)()
    if random.random() < _SPECKS:
        scene.specks()
    return page.label(photograph(page, random))


def page_targets(page: LabeledPage, heat_step: int, vote_step: int) -> dict[str, np.ndarray]:
    """Returns the inputs and targets of a page.

    Args:
        page: with the labels of its cells.
        heat_step: cells per value of the heat map, along each axis.
        vote_step: cells per vote.

    Returns:
        `gray`, `inside`, `mask` (1 for the ink of digits, letters and signs) and `ignored`: uint8 (cells, cells).
        `votes`, from a cell to the center of its glyph, down and right, in cells: int8 (cells / vote_step,
        cells / vote_step, 2). `heat`, 255 at the centers of digits, and of letters and signs: uint8
        (cells / heat_step, cells / heat_step, 2).
    """
    cells = len(page.gray)
    middles = (np.arange(cells) + 0.5)[vote_step // 2 :: vote_step]
    owner = page.owner[vote_step // 2 :: vote_step, vote_step // 2 :: vote_step]
    votes = np.zeros((len(middles), len(middles), 2), np.float32)
    heat = np.zeros((cells // heat_step, cells // heat_step, 2), np.float32)
    for number, glyph in enumerate(page.glyphs, start=1):
        rows, columns = np.nonzero(owner == number)
        votes[rows, columns, 0], votes[rows, columns, 1] = glyph.row - middles[rows], glyph.column - middles[columns]
        kind = heat[..., 0 if glyph.is_digit else 1]
        np.maximum(kind, _peak(glyph, cells, heat_step), out=kind)
    return {
        "gray": page.gray,
        "inside": page.inside,
        "mask": (page.owner > 0).astype(np.uint8),
        "ignored": page.ignored.astype(np.uint8),
        "votes": np.clip(np.rint(votes), -127, 127).astype(np.int8),
        "heat": np.rint(255 * heat).astype(np.uint8),
    }


def _peak(glyph: Glyph, cells: int, step: int) -> np.ndarray:
    """Returns a Gaussian whose value is exactly 1 at the value of the map that the center lies in."""
    middles = (np.arange(cells // step) + 0.5) * step
    spread = max(_MIN_SPREAD, _SPREAD * glyph.size)
    row, column = ((np.floor(position / step) + 0.5) * step for position in (glyph.row, glyph.column))
    down, across = (np.exp(-((middles - position) ** 2) / (2 * spread**2)) for position in (row, column))
    return down[:, np.newaxis] * across


def draw_pages(images: np.ndarray, cells: int, count: int, seed: int, steps: tuple[int, int]) -> dict[str, np.ndarray]:
    """Draws random pages; see `page_targets`.

    Args:
        images: handwritten digits, uint8 (examples, 28, 28), white ink on black.
        cells: side of the pages, 96 or 192.
        count: number of pages.
        seed: the same seed gives the same pages.
        steps: `heat_step` and `vote_step`.
    """
    random = np.random.default_rng([seed, cells])
    glyphs = Glyphs(images, random)
    pages = [page_targets(random_page(glyphs, cells, random), *steps) for _ in range(count)]
    return {name: np.stack([page[name] for page in pages]) for name in pages[0]}
