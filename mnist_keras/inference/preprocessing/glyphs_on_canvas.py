"""Finds digits, letters and signs on a canvas: which cells of ink belong to each, its bounding box and its scores."""

from typing import NamedTuple

import tensorflow as tf

from mnist_keras.inference.preprocessing.canvas import Canvas
from mnist_keras.inference.preprocessing.digit_finder import HEAT_STEP, VOTE_STEP, find_glyph_ink
from mnist_keras.inference.preprocessing.image_ops import above, enlarge, mean_filter
from mnist_keras.inference.preprocessing.ink import Ink, find_ink, is_present

# Minimum score of a glyph, and of one that is surely no noise.
_MIN_SCORE, _SURE_SCORE = 0.15, 0.4
# Value of the heat map for digits at which a glyph is as probably a digit as not.
_EVEN = 0.3
# Ink of a speck at most, in cells of full ink within a window.
_SPECK, _WINDOW = 3.0, 7
# Minimum ink of a glyph, in cells of full ink: specks have less.
_MIN_MASS = 1.5
# Minimum of a glyph's strongest ink, as a share of the strongest on the canvas: the remains of a shadow are fainter.
_MIN_STRONGEST = 0.3
# Minimum ink, as a share of the strongest, of a cell that counts for the bounding box.
_MIN_SHARE = 0.2


class FoundGlyphs(NamedTuple):
    """Digits, letters and signs on one canvas, by falling score; the last ones may have a score of 0."""

    ink: Ink
    # Whether there is ink, and not noise alone.
    present: tf.Tensor
    # Probability that a cell's ink belongs to a glyph, and not to a line or an edge, float32 (1, side, side, 1).
    mask: tf.Tensor
    # Which glyph a cell belongs to, 0 or 1, float32 (side / 2, side / 2, candidates).
    owner: tf.Tensor
    # Probability that there is a glyph, 0 below the minimum; and that there is a digit: float32 (candidates,).
    scores: tf.Tensor
    is_digit: tf.Tensor
    # Top, left, bottom, right in cells, bottom and right exclusive: float32 (candidates, 4).
    boxes: tf.Tensor


def find_glyphs(canvas: Canvas, candidates: int, min_distance: float) -> FoundGlyphs:
    """Finds digits, letters and signs.

    Args:
        canvas: from `sample_canvas`.
        candidates: maximum number of them.
        min_distance: of two centers, as a share of the height of the one with the higher score. Closer ones are one
            glyph.
    """
    ink = find_ink(canvas.gray)
    share = ink.share * canvas.inside
    maps = find_glyph_ink(share, canvas.inside)
    # Specks are as doubtful as thin strokes, but have little ink around them.
    mask = maps.mask * above(mean_filter(share, _WINDOW), _SPECK / _WINDOW**2)
    scores, is_digit, centers = _peaks(maps.heat, candidates)
    side = share.shape[1] // VOTE_STEP
    middles = (tf.range(side, dtype=tf.float32) + 0.5) * VOTE_STEP
    rows = maps.votes[0, ..., :1] + middles[:, tf.newaxis, tf.newaxis]
    columns = maps.votes[0, ..., 1:] + middles[:, tf.newaxis]
    distances = tf.square(rows - centers[0]) + tf.square(columns - centers[1])
    glyph_ink = tf.nn.max_pool2d(share * mask, VOTE_STEP, VOTE_STEP, "VALID")[0]

    def assign(is_candidate: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        allowed = distances + tf.where(is_candidate, 0.0, 1e9)
        owner = 1.0 - above(allowed, tf.reduce_min(allowed, axis=2, keepdims=True))
        own_ink = owner * glyph_ink
        return owner, own_ink, _boxes(above(own_ink, _MIN_SHARE), VOTE_STEP)

    is_candidate = scores >= _MIN_SCORE
    is_candidate &= ~_are_repeated(centers, assign(is_candidate)[2], min_distance)
    owner, own_ink, boxes = assign(is_candidate)
    mass = tf.reduce_sum(own_ink, axis=(0, 1)) * VOTE_STEP**2
    is_inked = (mass > _MIN_MASS) & (tf.reduce_max(own_ink, axis=(0, 1)) > _MIN_STRONGEST)
    is_glyph = tf.cast(is_candidate & is_inked & (boxes[:, 2] > boxes[:, 0]), tf.float32)
    scores = is_glyph * scores
    present = is_present(ink, tf.reduce_max(scores) > _SURE_SCORE)
    return FoundGlyphs(ink, present, mask, owner, scores, is_glyph * is_digit, boxes)


def glyph_mask(found: FoundGlyphs, candidate: tf.Tensor) -> tf.Tensor:
    """Returns the probability that a cell's ink belongs to that glyph, float32 (1, side, side, 1)."""
    owner = tf.gather(found.owner, candidate, axis=2)
    return found.mask * enlarge(owner[tf.newaxis, ..., tf.newaxis], VOTE_STEP)


def _peaks(heat: tf.Tensor, count: int) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Returns the highest local maxima of the heat maps.

    Args:
        heat: of digits, and of letters and signs, (1, side, side, 2).
        count: number of maxima.

    Returns:
        Their values and the probabilities of a digit, (count,) each, and their positions in cells, (2, count).
    """
    either, digit = tf.reduce_max(heat, axis=3, keepdims=True), heat[..., :1]
    is_peak = either >= tf.nn.max_pool2d(either, 3, 1, "SAME")
    top = tf.math.top_k(tf.reshape(tf.where(is_peak, either, 0.0), (-1,)), count)
    near = tf.gather(tf.reshape(tf.nn.max_pool2d(digit, 3, 1, "SAME"), (-1,)), top.indices)
    near = near * (1.0 - _EVEN) / (near * (1.0 - _EVEN) + (1.0 - near) * _EVEN)
    side = heat.shape[1]
    position = tf.stack([top.indices // side, top.indices % side])
    return top.values, near, (tf.cast(position, tf.float32) + 0.5) * HEAT_STEP


def _are_repeated(centers: tf.Tensor, boxes: tf.Tensor, min_distance: float) -> tf.Tensor:
    """Whether each candidate, (candidates,), by falling score, is too close to one with a higher score."""
    distances = tf.norm(centers[:, :, tf.newaxis] - centers[:, tf.newaxis], axis=0)
    close = distances < min_distance * (boxes[:, 2] - boxes[:, 0])
    number = tf.range(centers.shape[1])
    return tf.reduce_any(close & (number < number[:, tf.newaxis]), axis=1)


def _boxes(own: tf.Tensor, step: int) -> tf.Tensor:
    """Returns the bounding boxes of cells, 0 or 1, (side, side, candidates), as (candidates, 4); 0 without cells."""
    side = own.shape[0]
    edges = []
    for axis in (1, 0):
        occupied = tf.reduce_max(own, axis=axis)
        positions = tf.range(side, dtype=tf.float32)[:, tf.newaxis]
        # Counted from the other end, the first is the largest.
        first = side - tf.reduce_max(occupied * (side - positions), axis=0)
        last = tf.reduce_max(occupied * (positions + 1.0), axis=0)
        edges.append((tf.minimum(first, last), last))
    (top, bottom), (left, right) = edges
    return tf.stack([top, left, bottom, right], axis=1) * step
