import numpy as np
from pictures import DIGITS, as_picture, grain, ink_of

from mnist_keras.inference.preprocessing.segment import crop_with_margin, find_digits


def paper_with(places, shape=(300, 600)):
    """A page with digits, number and size and place of each."""
    paper = np.full(shape, 220, np.float32)
    boxes = []
    for number, size, (top, left) in places:
        ink = ink_of(DIGITS[number], size)
        paper[top : top + ink.shape[0], left : left + ink.shape[1]] -= 160 * ink
        boxes.append((top, left, top + ink.shape[0], left + ink.shape[1]))
    return as_picture(paper + grain(shape, 3))[..., np.newaxis], boxes


def test_digits_are_found_line_by_line_from_left_to_right():
    places = [
        (0, 80, (30, 40)),
        (1, 90, (20, 150)),
        (2, 80, (40, 260)),
        (3, 70, (35, 480)),
        (1, 80, (180, 60)),
        (0, 90, (170, 200)),
    ]
    picture, expected = paper_with(places)
    found = find_digits(picture)
    assert len(found) == 6
    assert np.abs(np.subtract(found, expected)).max() <= 6


def test_a_part_joins_the_digit_next_to_it():
    picture, _ = paper_with([(1, 100, (60, 60)), (2, 100, (60, 400))])
    picture[62:68, 520:545] = 60
    assert len(find_digits(picture)) == 2


def test_a_crop_has_a_margin_inside_the_image():
    picture, (box,) = paper_with([(0, 100, (2, 300))])
    assert crop_with_margin(picture, box).shape[0] <= 2 + 100 + 20
    assert crop_with_margin(picture, box).shape[1] >= box[3] - box[1] + 40


def test_a_blank_page_has_no_digit():
    assert find_digits(np.full((100, 100, 3), 200, np.uint8)) == []
