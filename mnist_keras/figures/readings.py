"""Pictures beside what the network saw of them and read."""

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mnist_keras.figures.canvas import MUTED, TEST, WRONG, new_figure
from mnist_keras.own_images.files import read_picture
from mnist_keras.reading import Reading

_MOST = 20


def readings_table(readings: Sequence[Reading]) -> Figure:
    """A row for each of the first 20: the picture with the digit's box, the 28x28, the ten probabilities."""
    shown = readings[:_MOST]
    title = "Own pictures" + (f" (the first {_MOST} of {len(readings)})" if len(shown) < len(readings) else "")
    figure = new_figure(7, 1.6 * max(1, len(shown)) + 0.6, title)
    rows = figure.subplots(max(1, len(shown)), 3, squeeze=False, width_ratios=(1, 1, 2))
    for (photo, seen, bars), reading in zip(rows, shown, strict=False):
        _draw_photo(photo, reading)
        seen.imshow(reading.sight.digit, cmap="gray", vmin=0, vmax=255)
        seen.set_axis_off()
        colours = [TEST if digit == reading.digit else MUTED for digit in range(10)]
        bars.bar(range(10), reading.probabilities, color=colours)
        bars.set(xticks=range(10), yticks=(), ylim=(0, 1))
        bars.spines[["top", "right", "left"]].set_visible(False)
        answer = "-" if reading.digit is None else f"{reading.digit} ({reading.probabilities.max():.0%})"
        bars.set_title("  ".join([answer, *reading.notes]), fontsize=9, color=WRONG if reading.notes else TEST)
    return figure


def _draw_photo(cell, reading: Reading) -> None:
    picture = read_picture(reading.file)
    cell.imshow(picture[..., 0] if picture.shape[2] < 3 else picture, cmap="gray", vmin=0, vmax=255)
    top, left, bottom, right = reading.sight.box
    cell.add_patch(Rectangle((left - 0.5, top - 0.5), right - left, bottom - top, fill=False, color=WRONG))
    cell.set_axis_off()
    cell.set_title(reading.file[-28:], fontsize=8)
