"""All digits on an image, in reading order."""

import numpy as np
import pytest
import tensorflow as tf
from pictures import DIGITS, as_picture, grain, ink_of

from mnist_keras.inference.preprocessing.normalize import preprocess_number
from mnist_keras.inference.preprocessing.numbers_ops import normalize_all


def paper_with(places, shape=(300, 600)):
    """A page with digits, number and size and place of each, and their bounding boxes."""
    paper = np.full(shape, 220, np.float32)
    boxes = []
    for number, size, (top, left) in places:
        ink = ink_of(DIGITS[number], size)
        paper[top : top + ink.shape[0], left : left + ink.shape[1]] -= 160 * ink
        boxes.append((top, left, top + ink.shape[0], left + ink.shape[1]))
    return paper + grain(shape, 3), boxes


TWO_LINES = [
    (0, 80, (30, 40)),
    (1, 90, (20, 150)),
    (2, 80, (40, 260)),
    (3, 70, (35, 480)),
    (1, 80, (180, 60)),
    (0, 90, (170, 200)),
]


def test_digits_are_found_line_by_line_from_left_to_right():
    paper, expected = paper_with(TWO_LINES)
    found = preprocess_number(as_picture(paper))
    assert found.lines == [0, 0, 0, 0, 1, 1]
    assert np.abs(np.subtract([digit.box for digit in found.digits], expected)).max() <= 6
    assert all(digit.is_digit > 0.5 and not digit.warnings for digit in found.digits)
    assert not found.signs


def test_a_slanted_line_keeps_its_order():
    places = [(number % 4, 60, (20 + 22 * number, 20 + 75 * number)) for number in range(7)]
    paper, expected = paper_with(places)
    found = preprocess_number(as_picture(paper))
    assert found.lines == [0] * 7
    assert np.abs(np.subtract([digit.box for digit in found.digits], expected)).max() <= 6


def test_digits_in_cells_are_found_one_by_one():
    places = [(number % 4, 60, (50, 30 + 100 * number)) for number in range(5)]
    paper, expected = paper_with(places, (160, 520))
    paper[20:23, 10:] = paper[140:143, 10:] = 60
    for column in range(10, 520, 100):
        paper[20:143, column : column + 3] = 60
    found = preprocess_number(as_picture(paper))
    assert np.abs(np.subtract([digit.box for digit in found.digits], expected)).max() <= 8


def test_digits_that_touch_each_other_are_separated():
    # The left edge of the second digit is two pixels left of the right edge of the first one.
    first = ink_of(DIGITS[0], 80)
    places = [(0, 80, (40, 60)), (2, 80, (40, 60 + first.shape[1] - 2))]
    paper, expected = paper_with(places, (160, 260))
    found = preprocess_number(as_picture(paper))
    assert len(found.digits) == 2
    assert np.abs(np.subtract([digit.box for digit in found.digits], expected)).max() <= 12


def test_a_minus_is_not_joined_to_a_digit_but_told():
    paper, expected = paper_with([(0, 90, (60, 150)), (2, 90, (60, 260))], (220, 420))
    paper[102:110, 60:115] = 60
    found = preprocess_number(as_picture(paper))
    assert len(found.digits) == 2
    assert found.digits[0].box[1] >= 140
    assert found.signs == 1


def test_a_blank_page_has_no_digit():
    found = preprocess_number(np.full((100, 100, 3), 200, np.uint8))
    assert found == ([], [], 0)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_normalizer_file_is_up_to_date(channels):
    """Else write it anew: python -m mnist_keras.export.tflite"""
    picture = np.repeat(as_picture(paper_with(TWO_LINES)[0])[..., np.newaxis], channels, axis=2)
    seen, expected = preprocess_number(picture), tf.function(normalize_all)(tf.constant(picture))
    assert len(seen.digits) == int(expected.count)
    for index, digit in enumerate(seen.digits):
        assert np.abs(digit.digit - expected.digits[index].numpy()).max() <= 1
        assert abs(digit.is_digit - float(expected.is_digit[index])) < 1e-3
