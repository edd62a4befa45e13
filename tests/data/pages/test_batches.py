"""Pages made by code, and the targets of the network that finds digits."""

import numpy as np
import pytest

from mnist_keras.data.pages import batches
from mnist_keras.data.pages.batches import SCENES, draw_pages, page_targets, random_page
from mnist_keras.data.pages.glyphs import Glyphs
from mnist_keras.data.pages.page import Page
from mnist_keras.data.pages.paper import photograph
from mnist_keras.data.pages.rows import rows_of_digits, touching_as_in_mnist, touching_digits
from mnist_keras.data.pages.scenes import Scene
from mnist_keras.data.synthetic import synthetic_digits

IMAGES = synthetic_digits(50, seed=1)[0]
STEPS = (4, 2)


@pytest.fixture
def random():
    return np.random.default_rng(0)


@pytest.fixture
def glyphs(random):
    return Glyphs(IMAGES, random)


def scene_of(kind, glyphs, random, cells=96):
    page = Page(cells, 3)
    scene = Scene(page, glyphs, random)
    functions = {
        "rows_of_digits": rows_of_digits,
        "touching_digits": touching_digits,
        "touching_as_in_mnist": touching_as_in_mnist,
    }
    functions[kind](scene) if kind in functions else getattr(scene, kind)()
    return page.label(photograph(page, random))


@pytest.mark.parametrize("kind", [kind for kind in batches.SCENES if kind not in ("as_in_mnist", "empty")])
def test_each_scene_has_the_digits_that_it_says(kind, glyphs, random):
    pages = [scene_of(kind, glyphs, random) for _ in range(12)]
    digits = [sum(glyph.is_digit for glyph in page.glyphs) for page in pages]
    if kind in ("single_digit", "among_letters"):
        assert digits == [1] * 12
    elif kind == "cell":
        assert min(digits) >= 1
    elif kind in ("rows_of_digits", "touching_digits", "touching_as_in_mnist"):
        assert max(digits) >= 3
    else:
        assert digits == [0] * 12
    for page in pages:
        assert page.gray.shape == page.owner.shape == (96, 96)
        assert page.owner.max() <= len(page.glyphs)
        assert not page.owner[page.inside == 0].any()


def test_every_glyph_owns_cells_around_its_center(glyphs, random):
    for _ in range(20):
        page = scene_of("rows_of_digits", glyphs, random)
        for number, glyph in enumerate(page.glyphs, start=1):
            rows, columns = np.nonzero(page.owner == number)
            assert len(rows)
            assert abs((rows.min() + rows.max() + 1) / 2 - glyph.row) < 1e-6
            assert abs((columns.min() + columns.max() + 1) / 2 - glyph.column) < 1e-6


def test_votes_lead_to_the_center_and_the_heat_map_has_its_peak_there(glyphs, random):
    page = scene_of("single_digit", glyphs, random)
    (glyph,) = page.glyphs
    targets = page_targets(page, *STEPS)
    rows, columns = np.nonzero(page.owner[1::2, 1::2])
    votes = targets["votes"][rows, columns]
    np.testing.assert_allclose(2 * rows + 1.5 + votes[:, 0], glyph.row, atol=0.51)
    np.testing.assert_allclose(2 * columns + 1.5 + votes[:, 1], glyph.column, atol=0.51)
    assert targets["heat"][int(glyph.row // 4), int(glyph.column // 4), 0] == 255
    assert (targets["heat"][..., 0] == 255).sum() == 1
    assert not targets["heat"][..., 1].any()
    np.testing.assert_array_equal(targets["mask"], page.owner > 0)


def test_ink_is_where_the_label_says(glyphs, random):
    contrasts = []
    for _ in range(20):
        page = Page(96, 3)
        Scene(page, glyphs, random).single_digit()
        gray = page.label(photograph(page, random))
        inked = gray.owner > 0
        contrasts.append(abs(gray.gray[inked].mean() - gray.gray[~inked].mean()))
    assert np.median(contrasts) > 50


def test_a_digit_that_the_border_cuts_is_none():
    page, digit = Page(96, 3), np.ones((60, 30), np.float32)
    page.put(digit, 100, 50, 1.0, True)
    page.put(digit, -40, 150, 1.0, True)
    labeled = page.label(np.zeros((96, 96), np.float32))
    assert len(labeled.glyphs) == 1
    assert not labeled.ignored.any()
    # Half of it is on the page: nobody can say whether it is one.
    page.put(digit, 258, 150, 1.0, True)
    labeled = page.label(np.zeros((96, 96), np.float32))
    assert len(labeled.glyphs) == 1
    np.testing.assert_array_equal(np.argwhere(labeled.ignored)[[0, -1]], [[86, 50], [95, 59]])


@pytest.mark.parametrize("cells", [96, 192])
def test_pages_depend_on_the_seed_alone(cells):
    one, same, other = (draw_pages(IMAGES, cells, 3, seed, STEPS) for seed in (1, 1, 2))
    for name, values in one.items():
        np.testing.assert_array_equal(values, same[name])
    assert not np.array_equal(one["gray"], other["gray"])
    assert one["votes"].shape == (3, cells // 2, cells // 2, 2)
    assert one["heat"].shape == (3, cells // 4, cells // 4, 2)


@pytest.mark.parametrize("kind", SCENES)
def test_every_kind_of_scene_is_drawn(glyphs, random, kind):
    fewest, most = {
        "single_digit": (1, 1),
        "as_in_mnist": (1, 1),
        "cell": (1, 4),
        "rows_of_digits": (1, 60),
        "touching_digits": (1, 14),
        "touching_as_in_mnist": (2, 4),
        "among_letters": (1, 1),
    }.get(kind, (0, 0))
    pages = [random_page(glyphs, 96, random, {kind: 1.0}) for _ in range(5)]
    # A digit that is cut or covered is none.
    assert fewest <= max(sum(glyph.is_digit for glyph in page.glyphs) for page in pages) <= most
    assert all(page.gray.std() > 0 for page in pages) or kind == "empty"
