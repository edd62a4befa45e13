"""The largest digit on an image -> MNIST's geometry, in TensorFlow operations that every export can carry.

Everything here is dense algebra without loops, so that it converts to LiteRT's built-in operators.
"""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from mnist_keras.inference.preprocessing.canvas import Canvas, sample_canvas
from mnist_keras.inference.preprocessing.digit import IS_DIGIT_THRESHOLD, SIDE, PreprocessedDigit
from mnist_keras.inference.preprocessing.glyphs_on_canvas import find_glyphs, glyph_mask
from mnist_keras.inference.preprocessing.mnist_geometry import certain_share, normalize_digit
from mnist_keras.inference.preprocessing.rejector import digit_probability

# Side of the canvas for one digit, in cells, and the number of candidates.
CELLS, _CANDIDATES = 96, 8
# Minimum distance of two centers: an image of one digit rarely has another that touches it.
_MIN_DISTANCE = 0.6
# Score from which on a glyph may be the main one whatever its score is.
_SURE_SCORE = 0.3
# Minimum height of another digit that is told, as a share of the digit's, and minimum distance of their centers, as a
# share of the distance at which their boxes touch.
_OTHER_HEIGHT, _OTHER_DISTANCE = 0.5, 0.6
# Room between a digit and a side, as a share of the image's length, that a tight crop leaves at most.
_TIGHT = 0.33


class InkMaps(NamedTuple):
    """Ink on the canvas of an image, float32 (CELLS, CELLS), 0 to 1."""

    #: All of it.
    all: tf.Tensor
    #: That of the digit; the rest was removed.
    kept: tf.Tensor


def normalize(picture: tf.Tensor) -> PreprocessedDigit:
    """Brings the largest digit to MNIST's geometry, whatever the polarity, light, place, size and pen.

    Args:
        picture: uint8 or float32 (height, width, channels), 0 to 255: gray, gray and alpha, RGB, or RGBA. What is
            transparent becomes white where the ink is dark, and black where it is light.
    """
    return normalize_with_maps(picture)[0]


def normalize_with_maps(picture: tf.Tensor) -> tuple[PreprocessedDigit, InkMaps]:
    """Does what `normalize` does, and also returns which ink it kept."""
    preprocessed, maps = normalize_unjudged(picture)
    is_digit = digit_probability(preprocessed.digit, preprocessed.is_digit)
    return preprocessed._replace(is_digit=tf.where(preprocessed.has_ink, is_digit, 0.0)), maps


def normalize_unjudged(picture: tf.Tensor) -> tuple[PreprocessedDigit, InkMaps]:
    """Does the same without the rejector: `is_digit` is the probability that the finder gives."""
    canvas = sample_canvas(picture, CELLS)
    found = find_glyphs(canvas, _CANDIDATES, _MIN_DISTANCE)
    heights = found.boxes[:, 2] - found.boxes[:, 0]
    sizes = heights + found.boxes[:, 3] - found.boxes[:, 1]
    main = tf.argmax(sizes * tf.minimum(found.scores, _SURE_SCORE) * (found.is_digit + 0.25), output_type=tf.int32)
    is_found, box = found.scores[main] > 0.0, found.boxes[main]
    # Without a glyph, all ink is shown.
    mask = tf.where(is_found, glyph_mask(found, main), 1.0)
    digit, pixels = normalize_digit(picture, canvas, found.ink, mask, tf.where(is_found, box, [0.0, 0.0, CELLS, CELLS]))
    has_ink = found.present & (tf.reduce_max(digit) > 0.0)
    is_tall = heights >= _OTHER_HEIGHT * heights[main]
    is_other = (found.is_digit >= IS_DIGIT_THRESHOLD) & is_tall & _are_beside(found.boxes, box)
    share = found.ink.share * canvas.inside
    maps = InkMaps(share[0, ..., 0], (share * certain_share(mask))[0, ..., 0])
    preprocessed = PreprocessedDigit(
        digit=tf.where(has_ink, digit, 0.0),
        has_ink=has_ink,
        is_digit=tf.where(has_ink, found.is_digit[main], 0.0),
        light_on_dark=has_ink & (found.ink.sign[0, 0, 0, 0] > 0.0),
        touches_border=has_ink & _is_cut(box, canvas),
        has_other_digits=has_ink & tf.reduce_any(is_other),
        box=tf.where(has_ink, pixels, 0.0),
    )
    return preprocessed, maps


def normalize_each(pictures: tf.Tensor, decode: Callable[[tf.Tensor], tf.Tensor] = tf.identity) -> PreprocessedDigit:
    """Brings every picture of a batch to MNIST's geometry.

    Args:
        pictures: what `decode` takes, batched.
        decode: an element -> uint8 (height, width, channels), 1 to 4 channels.

    Returns:
        Batches of what `PreprocessedDigit` holds.

    Raises:
        tf.errors.InvalidArgumentError: a picture has no pixels, or another number of channels.
    """
    flag, number = tf.TensorSpec((), tf.bool), tf.TensorSpec(())
    outputs = PreprocessedDigit(tf.TensorSpec((SIDE, SIDE)), flag, number, flag, flag, flag, tf.TensorSpec((4,)))
    return tf.map_fn(
        lambda element: normalize_checked(decode(element)),
        pictures,
        fn_output_signature=outputs,
        # Large photographs must not all be in memory at once.
        parallel_iterations=2,
    )


# A function of its own is written once into a SavedModel, however many signatures call it.
@tf.function(input_signature=[tf.TensorSpec((None, None, None), tf.uint8)], autograph=False)
def normalize_checked(picture: tf.Tensor) -> PreprocessedDigit:
    """Brings one digit to MNIST's geometry, of a picture uint8 (height, width, channels); see `normalize_each`."""
    return normalize(check_picture(picture))


def check_picture(picture: tf.Tensor) -> tf.Tensor:
    """Returns a picture after a check of its shape: (height, width, 1 to 4)."""
    shape = tf.shape(picture)
    fits = (tf.reduce_min(shape) > 0) & (shape[2] <= 4)
    expected = "A picture must have height, width and 1 to 4 channels. Received the shape:"
    with tf.control_dependencies([tf.debugging.Assert(fits, [expected, shape])]):
        return tf.identity(picture)


def _are_beside(boxes: tf.Tensor, box: tf.Tensor) -> tf.Tensor:
    """Whether each of `boxes`, (candidates, 4), lies beside, above or below a box."""
    distances = tf.abs(boxes[:, :2] + boxes[:, 2:] - box[:2] - box[2:])
    touching = boxes[:, 2:] - boxes[:, :2] + box[2:] - box[:2]
    return tf.reduce_any(distances > _OTHER_DISTANCE * touching, axis=1)


def _is_cut(box: tf.Tensor, canvas: Canvas) -> tf.Tensor:
    """Whether the image's border may cut a digit. In a crop around the digit, it comes near opposite sides."""
    edge = -tf.stack([canvas.top, canvas.left]) / canvas.step
    before, after = box[:2] - edge, CELLS - edge - box[2:]
    room = _TIGHT * (CELLS - 2.0 * edge)
    return tf.reduce_any((tf.minimum(before, after) <= 0.5) & (tf.maximum(before, after) > room))
