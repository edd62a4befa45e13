"""Every kind of picture that people take comes out as the digit on it."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from pictures import DIGITS, as_picture, grain, ink_of, page
from PIL import Image, ImageDraw

from mnist_keras.errors import InputError
from mnist_keras.inference.preprocessing.image_ops import stroke_width
from mnist_keras.inference.preprocessing.normalize import find_removed_ink, preprocess_image

ROWS, COLUMNS = np.mgrid[:240, :320].astype(np.float32)


def likeness(one, other):
    """Correlation of two pictures, one of them moved by a pixel at most: the center of mass is rounded."""
    moved = [np.roll(one, (down, right), axis=(0, 1)) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    return max(np.corrcoef(image.ravel().astype(float), other.ravel().astype(float))[0, 1] for image in moved)


def shadow(paper, width):
    edge = (COLUMNS + 0.5 * ROWS - 260) / width
    return paper * (1 - 0.45 / (1 + np.exp(-np.clip(edge, -30, 30))))


def specks(paper):
    for row, column in ((20, 30), (200, 290), (60, 80), (180, 60), (90, 230), (30, 200)):
        paper[row : row + 4, column : column + 4] = 30
    return paper


def ruled(paper):
    for row in range(12, 240, 40):
        paper[row : row + 3] -= 130
    return paper


def aslant(paper):
    for column in range(320):
        for row in range(12 + column // 80, 236, 48):
            paper[row : row + 3, column] -= 120
    return paper


KINDS = {
    "gradient": lambda paper: paper * (0.45 + 0.55 * COLUMNS / 320),
    "vignette": lambda paper: paper * (1 - 0.8 * ((COLUMNS / 320 - 0.5) ** 2 + (ROWS / 240 - 0.5) ** 2)),
    "soft shadow": lambda paper: shadow(paper, 15),
    "hard shadow": lambda paper: shadow(paper, 1),
    "grain": lambda paper: paper + grain(paper.shape, 12),
    "specks": specks,
    "ruled": ruled,
    "ruled aslant": aslant,
    "light on dark": lambda paper: 255 - paper,
    "light on dark, in shadow": lambda paper: 255 - shadow(paper, 15) * 0.9,
    "black and white": lambda paper: np.where(paper > 140, 255, 0),
    "faint": lambda paper: 225 - (225 - paper) * 0.3,
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", range(len(DIGITS)))
def test_paper_and_light(kind, number):
    ink = ink_of(DIGITS[number], 110)
    clean, seen = preprocess_image(as_picture(page(ink))), preprocess_image(as_picture(KINDS[kind](page(ink))))
    # Of lines that cross the digit, remainders may stay.
    minimum, tolerance = (0.83, 20) if kind.startswith("ruled") else (0.93, 10)
    assert likeness(seen.digit, clean.digit) > minimum
    assert seen.light_on_dark == kind.startswith("light on dark")
    assert not seen.warnings
    assert np.abs(np.subtract(seen.box, (60, 90, 60 + ink.shape[0], 90 + ink.shape[1]))).max() <= tolerance


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_the_normalizer_file_is_up_to_date(kind, channels):
    """Else write it anew: python -m mnist_keras.export.tflite"""
    from mnist_keras.inference.preprocessing.normalize_ops import normalize_checked

    number = (list(KINDS).index(kind) + channels) % len(DIGITS)
    picture = np.repeat(as_picture(KINDS[kind](page(ink_of(DIGITS[number], 110))))[..., np.newaxis], channels, axis=2)
    if channels % 2 == 0:
        picture[..., -1] = 255 - picture[..., -1] // 2
    seen, expected = preprocess_image(picture), normalize_checked(picture)
    # Sums are taken in another order.
    assert np.abs(seen.digit - expected.digit.numpy()).max() <= 1
    np.testing.assert_allclose(seen.box, expected.box.numpy(), atol=0.51)
    np.testing.assert_allclose(seen.is_digit, expected.is_digit.numpy(), atol=1e-3)
    for flag in ("has_ink", "light_on_dark", "touches_border", "has_other_digits"):
        assert getattr(seen, flag) == bool(getattr(expected, flag))


@pytest.mark.parametrize("number", range(len(DIGITS)))
@pytest.mark.parametrize(("size", "place"), [(200, (20, 60)), (110, (3, 200)), (28, (150, 20))])
def test_position_and_size(number, size, place):
    clean = preprocess_image(as_picture(page(ink_of(DIGITS[number], 110))))
    seen = preprocess_image(as_picture(page(ink_of(DIGITS[number], size), place=place)))
    assert likeness(seen.digit, clean.digit) > 0.88
    rows = np.flatnonzero(seen.digit.max(axis=1) > 60)
    columns = np.flatnonzero(seen.digit.max(axis=0) > 60)
    assert 19 <= max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1 <= 22


# The filled loop of the second one and its mirror image beyond the crop are as wide as a shadow.
@pytest.mark.parametrize("number", [0, 2, 3])
def test_a_tight_crop(number):
    clean = preprocess_image(as_picture(page(ink_of(DIGITS[number], 110))))
    ink = ink_of(DIGITS[number], 60)
    seen = preprocess_image(as_picture(page(ink, ink.shape, (0, 0))))
    assert likeness(seen.digit, clean.digit) > 0.9
    # Nothing is cut off: the ink comes near opposite sides.
    assert not seen.touches_border


def test_a_digit_that_touches_the_border_gets_a_warning():
    ink = ink_of(DIGITS[0], 110)
    picture = page(ink)[80:]
    assert preprocess_image(as_picture(picture)).warnings == ("touches the border",)


def seven(pen):
    """A 7 of 260 pixels, drawn with a pen of that width."""
    picture = Image.new("L", (320, 320), 225)
    half = pen // 2
    ImageDraw.Draw(picture).line([(60, 30 + half), (240 - half, 30 + half), (130, 290)], 20, pen, joint="curve")
    return preprocess_image(np.asarray(picture)).digit / np.float32(255)


def test_thin_strokes_get_thicker_and_thick_ones_thinner():
    # MNIST's strokes are from 1.7 to 4.4 pixels wide.
    thin, thick = seven(3), seven(100)
    # Unchanged they would have 27 pixels of ink and a width of 5.97.
    assert 33 < thin.sum() < 45
    assert 5 < float(stroke_width(thick)) < 5.85


def test_another_digit_is_left_out_with_a_warning():
    picture = page(ink_of(DIGITS[2], 120), place=(60, 30))
    other = ink_of(DIGITS[3], 90)
    picture[70 : 70 + other.shape[0], 200 : 200 + other.shape[1]] -= 170 * other
    seen = preprocess_image(as_picture(picture))
    assert likeness(seen.digit, preprocess_image(as_picture(page(ink_of(DIGITS[2], 120)))).digit) > 0.95
    assert seen.warnings == ("one of several",)


def test_the_detached_bar_of_a_five_stays():
    picture = np.full((200, 200), 230, np.uint8)
    picture[40:50, 95:150] = 30
    picture[60:100, 70:80], picture[95:105, 70:120], picture[100:150, 115:125] = 30, 30, 30
    picture[145:155, 70:120] = 30
    seen = preprocess_image(picture)
    np.testing.assert_allclose(seen.box, (40, 70, 155, 150), atol=2)
    assert not seen.warnings


def test_a_blot_on_a_thin_stroke_is_ink():
    picture = np.full((240, 240), 230, np.uint8)
    picture[20:220, 118:124] = 20
    picture[130:205, 85:160] = 20
    ink, _, _ = find_removed_ink(picture)
    # A cell is 2.5 pixels wide.
    blot, stroke = ink[53:81, 35:63], ink[9:51, 47:50]
    assert (blot > 0.9).all()
    np.testing.assert_allclose(stroke.sum(axis=1), 2.4, atol=0.3)


def test_the_center_of_mass_is_that_of_mnist():
    digit = preprocess_image(as_picture(page(ink_of(DIGITS[3], 110)))).digit.astype(float)
    for axis in (0, 1):
        center = (digit.sum(axis=1 - axis) * np.arange(28)).sum() / digit.sum()
        assert 13.3 < center < 14.7


@pytest.mark.parametrize(("channels", "alpha"), [(1, False), (2, True), (3, False), (4, True)])
def test_channels_and_transparency(channels, alpha):
    gray = as_picture(page(ink_of(DIGITS[0], 110)))
    picture = np.repeat(gray[..., np.newaxis], channels, axis=2)
    if alpha:
        # Ink alone; the paper is nothing at all, and black.
        picture[..., -1] = 255 - gray
        picture[..., :-1] = 0
    assert likeness(preprocess_image(picture).digit, preprocess_image(gray).digit) > 0.97


@pytest.mark.parametrize("picture", [np.zeros((5, 5)), np.zeros((3, 4, 5), np.uint8), np.zeros((0, 4), np.uint8)])
def test_a_file_that_is_no_image_raises(picture):
    with pytest.raises(InputError, match=r"An image must be uint8 of shape .* Received"):
        preprocess_image(picture)


@given(
    arrays.arrays(np.uint8, st.tuples(st.integers(1, 70), st.integers(1, 70), st.integers(1, 4))),
    st.sampled_from(["as it is", "rows", "two tones"]),
)
@settings(deadline=None)
def test_any_image_gets_a_prediction(picture, kind):
    if kind == "rows":
        picture = np.broadcast_to(picture[:, :1], picture.shape).copy()
    if kind == "two tones":
        picture = np.where(picture > 99, 255, 0).astype(np.uint8)
    seen = preprocess_image(picture)
    assert seen.digit.shape == (28, 28)
    assert seen.has_ink == bool(seen.digit.any())
    assert ("no ink" in seen.warnings) != seen.has_ink


def test_an_image_does_not_depend_on_the_images_before_it():
    # The second round finds an interpreter that has seen images of other sizes.
    pages = [as_picture(page(ink_of(digit, 110))) for digit in DIGITS]
    pictures = [picture[: 200 + 4 * number, : 250 + 7 * number] for number, picture in enumerate(pages)]
    first = [preprocess_image(picture) for picture in pictures]
    for number in (3, 0, 2, 2, 1):
        again = preprocess_image(pictures[number])
        np.testing.assert_array_equal(again.digit, first[number].digit)
        assert again.box == first[number].box


def test_memory_of_large_images_is_released():
    code = (
        "import numpy as np, mnist_keras\n"
        "def resident(): return int(open('/proc/self/statm').read().split()[1]) * 4096\n"
        "mnist_keras.preprocess_image(np.full((28, 28), 200, np.uint8))\n"
        "before = resident()\n"
        "mnist_keras.preprocess_image(np.full((2000, 2000), 200, np.uint8))\n"
        "print(resident() - before)\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(result.stdout) < 60_000_000
