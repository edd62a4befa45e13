"""Segments an image into its digits, such as those of a number on paper."""

import numpy as np
import tensorflow as tf

from mnist_keras.inference.preprocessing.components import component_boxes
from mnist_keras.inference.preprocessing.ink import find_ink
from mnist_keras.inference.preprocessing.normalize_ops import to_gray
from mnist_keras.inference.sharing import refuse_tensorflow_after_fork

# Side of the grid in cells: finer than for one digit, because an image may show a dozen.
_CELLS = 240
# Components at least this tall, as a share of the tallest, are digits; lower ones are parts of the nearest.
_DIGIT = 0.45
# Margin around a cropped digit, as a share of its longer side.
_MARGIN = 0.2

Box = tuple[int, int, int, int]


def find_digits(picture: np.ndarray) -> list[Box]:
    """Returns the bounding boxes of the digits in pixels (top, left, bottom, right), line by line from left to right.

    Digits must not touch each other. Pass each box to `crop_with_margin`.

    Args:
        picture: uint8 (height, width, channels).
    """
    refuse_tensorflow_after_fork()
    has_ink, found = _pieces(tf.constant(picture))
    if not has_ink:
        return []
    scale = np.array([*picture.shape[:2], *picture.shape[:2]]) / _CELLS
    pieces = [np.array(piece) for piece in sorted({tuple(piece) for piece in found.numpy().tolist()})]
    tallest = max(piece[2] - piece[0] for piece in pieces)
    digits = [piece for piece in pieces if piece[2] - piece[0] >= _DIGIT * tallest]
    for piece in pieces:
        if piece[2] - piece[0] < _DIGIT * tallest:
            _join(piece, digits)
    return _in_reading_order([_to_pixels(digit * scale) for digit in digits])


def crop_with_margin(picture: np.ndarray, box: Box) -> np.ndarray:
    """Crops a box with a margin. `preprocess_image` drops the other digits that the margin cuts."""
    top, left, bottom, right = box
    margin = int(np.ceil(_MARGIN * max(bottom - top, right - left)))
    return picture[max(0, top - margin) : bottom + margin, max(0, left - margin) : right + margin]


@tf.function(input_signature=[tf.TensorSpec((None, None, None), tf.uint8)], autograph=False)
def _pieces(picture: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    ink = find_ink(to_gray(picture), _CELLS)
    return ink.present, component_boxes(ink.amount, ink.strongest)


def _to_pixels(box: np.ndarray) -> Box:
    top, left, bottom, right = (int(edge) for edge in np.round(box))
    return top, left, bottom, right


def _join(piece: np.ndarray, digits: list[np.ndarray]) -> None:
    """Joins a component with the nearest digit, if their gap is at most as large as the component."""
    gaps = [max(*(piece[:2] - digit[2:]), *(digit[:2] - piece[2:]), 0) for digit in digits]
    nearest = int(np.argmin(gaps))
    if gaps[nearest] <= max(piece[2:] - piece[:2]):
        digit = digits[nearest]
        digits[nearest] = np.concatenate([np.minimum(digit[:2], piece[:2]), np.maximum(digit[2:], piece[2:])])


def _in_reading_order(boxes: list[Box]) -> list[Box]:
    lines: list[list[Box]] = []
    for box in sorted(boxes):
        line = next((line for line in lines if any(_side_by_side(box, other) for other in line)), None)
        if line is None:
            lines.append([box])
        else:
            line.append(box)
    return [box for line in lines for box in sorted(line, key=lambda box: box[1])]


def _side_by_side(one: Box, other: Box) -> bool:
    """Returns whether two boxes overlap vertically by at least half the height of the smaller one."""
    shared = min(one[2], other[2]) - max(one[0], other[0])
    return 2 * shared >= min(one[2] - one[0], other[2] - other[0])
