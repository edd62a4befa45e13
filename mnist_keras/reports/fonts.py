"""Fonts for text in any script, such as class names in hiragana; stand-ins for characters that no font here has."""

import contextlib
import functools
import logging
import re
import unicodedata
import warnings
from collections.abc import Iterator

import matplotlib
from matplotlib import font_manager
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.table import Cell
from matplotlib.text import Text
from matplotlib.ticker import FixedFormatter, FixedLocator

# Fonts with many scripts, of Linux distributions, macOS and Windows.
_FAMILIES = (
    *("Noto Sans CJK JP", "Noto Sans JP", "IPAexGothic", "IPAGothic", "TakaoGothic", "VL Gothic"),
    *("Hiragino Sans", "Hiragino Kaku Gothic ProN", "Arial Unicode MS"),
    *("Yu Gothic", "Meiryo", "MS Gothic", "Microsoft YaHei", "Malgun Gothic"),
    *("Noto Sans CJK SC", "Noto Sans CJK KR", "WenQuanYi Zen Hei", "Unifont"),
)


@contextlib.contextmanager
def fonts_for(figure: Figure, stand_ins: bool) -> Iterator[None]:
    """Draws a figure in the default font, or in that font on this machine that has most of the characters it lacks.

    Args:
        figure: its text is the same afterwards.
        stand_ins: replaces the characters that the font lacks, by Latin letters such as ka or by their numbers in
            Unicode. False: they stay, for a browser with other fonts.
    """
    families, missing = _choose(_characters(figure))
    with contextlib.ExitStack() as undo:
        undo.enter_context(matplotlib.rc_context({"font.sans-serif": families}))
        undo.enter_context(_without_warnings())
        if missing and stand_ins:
            _replace(figure, missing, undo)
        yield


def _choose(characters: set[str]) -> tuple[list[str], set[str]]:
    """Returns values for Matplotlib's setting "font.sans-serif", and the characters that the font lacks."""
    usual = list(matplotlib.rcParams["font.sans-serif"])
    missing = _missing(characters, usual)
    if not missing:
        return usual, missing
    installed = set(font_manager.get_font_names())
    families = [usual, *([family, *usual] for family in _FAMILIES if family in installed)]
    return min(((each, _missing(characters, each)) for each in families), key=lambda choice: len(choice[1]))


@contextlib.contextmanager
def _without_warnings() -> Iterator[None]:
    """Silences warnings of missing characters, and the log about fonts without a bold one."""
    log = logging.getLogger("matplotlib.font_manager")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph .* missing from")
            yield
    finally:
        log.setLevel(level)


def _replace(figure: Figure, missing: set[str], undo: contextlib.ExitStack) -> None:
    def drawable(text: str) -> str:
        return "".join(_stand_in(character) if character in missing else character for character in text)

    # Drawing sets the labels of ticks again, from their formatter.
    for axis in _axes_with_labels(figure):
        undo.callback(axis.set_major_formatter, axis.get_major_formatter())
        labels = [label.get_text() for label in axis.get_majorticklabels()]
        axis.set_major_formatter(FixedFormatter([drawable(label) for label in labels]))
    for text in _texts(figure):
        if missing & set(text.get_text()):
            undo.callback(text.set_text, text.get_text())
            text.set_text(drawable(text.get_text()))


def _characters(figure: Figure) -> set[str]:
    for axis in _axes_with_labels(figure):
        axis.get_majorticklabels()
    return set("".join(text.get_text() for text in _texts(figure)))


def _texts(figure: Figure) -> list[Text]:
    # A table does not list the texts of its cells.
    return [*figure.findobj(Text), *(cell.get_text() for cell in figure.findobj(Cell))]


def _axes_with_labels(figure: Figure) -> list[Axis]:
    """Returns the axes whose ticks and labels are given."""
    both = [axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)]
    return [axis for axis in both if isinstance(axis.get_major_locator(), FixedLocator)]


def _missing(characters: set[str], families: list[str]) -> set[str]:
    """Returns the characters that the font of these families lacks. Line breaks are none."""
    with matplotlib.rc_context({"font.sans-serif": families}):
        known = _charmap(font_manager.findfont(font_manager.FontProperties()))
    return {character for character in characters if character.isprintable() and ord(character) not in known}


@functools.cache
def _charmap(path: str) -> frozenset[int]:
    return frozenset(font_manager.get_font(path).get_charmap())


def _stand_in(character: str) -> str:
    """Returns "ka" for the hiragana letter ka, or "U+4E00" for a character whose name has no sound."""
    sound = re.search(r"(?:LETTER|SYLLABLE) (.+)", unicodedata.name(character, ""))
    return sound[1].lower() if sound else f"U+{ord(character):04X}"
