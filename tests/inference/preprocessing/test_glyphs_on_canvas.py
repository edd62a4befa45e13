"""Which ink is one digit: specks, letters, shadows and parts of the same digit."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from mnist_keras.data.synthetic import synthetic_digits
from mnist_keras.inference.preprocessing.normalize import preprocess_image, preprocess_number

DIGITS, LABELS = synthetic_digits(300, seed=2)


def paper_with(number, scale=5, place=(50, 50)):
    """A page of 240x240 pixels with a digit."""
    paper = np.full((240, 240), 230, np.uint8)
    ink = DIGITS[number].repeat(scale, 0).repeat(scale, 1)
    top, left = place
    paper[top : top + len(ink), left : left + len(ink)] -= (0.8 * ink).astype(np.uint8)
    return paper


@pytest.mark.parametrize("number", range(6))
def test_specks_near_a_digit_are_no_part_of_it(number):
    paper = paper_with(number)
    clean = np.array(preprocess_image(paper).box)
    top, left, bottom, right = clean
    paper[top - 14 : top - 10, (left + right) // 2 : (left + right) // 2 + 4] = 40
    paper[(top + bottom) // 2 : (top + bottom) // 2 + 4, right + 10 : right + 14] = 40
    np.testing.assert_allclose(preprocess_image(paper).box, clean, atol=4)


def test_a_digit_beside_a_larger_letter_is_the_one_that_counts():
    image = Image.fromarray(paper_with(3, scale=3, place=(130, 140)))
    pen = ImageDraw.Draw(image)
    for stroke in ([(20, 20), (20, 140)], [(100, 20), (100, 140)], [(20, 80), (100, 80)]):
        pen.line(stroke, 40, width=9)
    preprocessed = preprocess_image(np.asarray(image))
    assert preprocessed.box[0] > 130 and preprocessed.box[1] > 140
    assert preprocessed.is_digit > 0.9


# A wide 7 has a second peak, at the distance of two digits that touch each other.
@pytest.mark.parametrize("number", [234, 245])
def test_an_image_of_one_digit_is_not_split(number):
    assert LABELS[number] == 7
    paper = paper_with(number)
    ink = np.argwhere(paper < 150)
    np.testing.assert_allclose(preprocess_image(paper).box, [*ink.min(axis=0), *ink.max(axis=0) + 1], atol=6)


def test_the_remains_of_a_shadow_are_no_digit():
    size = (900, 1200)
    image = Image.new("L", size, 208)
    pen = ImageDraw.Draw(image)
    for stroke in ([(382, 240), (306, 450), (504, 450)], [(459, 348), (450, 630)]):
        pen.line(stroke, 50, width=18, joint="curve")
    shadow = Image.new("L", size, 255)
    ImageDraw.Draw(shadow).polygon([(size[0], 0), size, (0, size[1])], fill=150)
    shadow = np.asarray(shadow.filter(ImageFilter.GaussianBlur(60))) / 255
    found = preprocess_number((np.asarray(image) * shadow).astype(np.uint8))
    (digit,) = found.digits
    np.testing.assert_allclose(digit.box, (240, 298, 631, 506), atol=12)
