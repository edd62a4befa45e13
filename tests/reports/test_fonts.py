"""Class names in scripts that Matplotlib's own fonts do not have."""

import logging
import warnings

import numpy as np
import pytest
from matplotlib import font_manager
from PIL import Image

from mnist_keras.data.forms.idx import KMNIST_NAMES
from mnist_keras.reports import fonts
from mnist_keras.reports.evaluation_figures import confusion_matrix
from mnist_keras.reports.style import as_svg, new_figure, save_figure

LATIN = ("o", "ki", "su", "tu", "na", "ha", "ma", "ya", "re", "wo")


@pytest.fixture(autouse=True)
def no_other_font(monkeypatch, caplog):
    """Without the fonts of this machine. Nothing may be warned or logged."""
    monkeypatch.setattr(fonts, "_FAMILIES", ())
    with warnings.catch_warnings(), caplog.at_level(logging.WARNING, "matplotlib"):
        warnings.simplefilter("error")
        yield
    assert not caplog.records


def matrix(names):
    return confusion_matrix(np.eye(len(names), dtype=int).tolist(), "a title", names)


def table(names):
    counts = np.ones((70, 70), int)
    return confusion_matrix(counts.tolist(), "a title", list(names) * 7)


def pixels(figure, path):
    save_figure(figure, path / "figure.png")
    return np.asarray(Image.open(path / "figure.png"))


@pytest.mark.parametrize("draw", [matrix, table])
def test_characters_without_a_font_are_written_in_latin_letters(tmp_path, draw):
    np.testing.assert_array_equal(pixels(draw(KMNIST_NAMES), tmp_path), pixels(draw(LATIN), tmp_path))


def test_a_saved_figure_keeps_its_names_and_an_html_page_shows_them(tmp_path):
    figure = matrix(KMNIST_NAMES)
    save_figure(figure, tmp_path / "figure.png")
    svg = as_svg(figure)
    assert all(svg.count(f">{name}</text>") == 2 for name in KMNIST_NAMES)
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == list(KMNIST_NAMES)


def test_characters_whose_name_has_no_sound_are_numbers(tmp_path):
    np.testing.assert_array_equal(
        pixels(new_figure(3, 1, "漢\nab"), tmp_path), pixels(new_figure(3, 1, "U+6F22\nab"), tmp_path)
    )


def test_a_font_of_this_machine_that_has_the_characters_is_used(tmp_path, monkeypatch):
    usual, other = (
        set(font_manager.get_font(font_manager.findfont(name)).get_charmap()) for name in ("DejaVu Sans", "STIXGeneral")
    )
    character = next(chr(code) for code in sorted(other - usual) if chr(code).isalpha())
    without = pixels(new_figure(3, 1, character), tmp_path)
    monkeypatch.setattr(fonts, "_FAMILIES", ("No Such Font", "STIXGeneral"))
    np.testing.assert_raises(
        AssertionError, np.testing.assert_array_equal, pixels(new_figure(3, 1, character), tmp_path), without
    )
    # A font without them changes nothing, and text in Latin letters keeps its font.
    latin = pixels(new_figure(3, 1, "title"), tmp_path)
    monkeypatch.setattr(fonts, "_FAMILIES", ())
    np.testing.assert_array_equal(pixels(new_figure(3, 1, "title"), tmp_path), latin)
