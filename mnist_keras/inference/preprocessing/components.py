"""Connected components of the ink: the digit, specks, ruled lines, other digits."""

from typing import NamedTuple

import tensorflow as tf

from mnist_keras.inference.preprocessing.image_ops import downsample, max_filter, min_filter

# Share of the strongest ink from which on a cell counts.
_FAINT = 0.25
# A piece that is nowhere stronger than this share is the ground's grain.
_GRAIN = 0.5
# A piece whose width and height add up to less than this share of the main one's, or than so many cells, is a speck.
_SPECK, _MIN_SIZE = 0.25, 4.0
# A piece at least this tall, as a share of the main one, may be a digit of its own.
_DIGIT = 0.5
# How far from the main piece a tall and a low one may be and still be a part of the same digit, as a share of its
# longer side. The bar of a 5 is low and can be far.
_NEAR, _FAR = 0.15, 0.4
# Components that the picture's border cuts count half: a table's edge, a shadow in the corner.
_CUT = 0.5
# Thickest ruled line, in cells; and the least size of a picture, in pixels, that shows them.
_LINE, _RULED = 3, 64
# Each step follows a component over four cells. Photographs of digits need up to 25 steps.
_UNROLLED_STEPS = 40


class Components(NamedTuple):
    """What was found on the ink's grid; float32, 1 where it is so."""

    # All that could be ink, but for ruled lines.
    all: tf.Tensor
    # The digit's.
    digit: tf.Tensor
    # Ruled lines.
    lines: tf.Tensor
    # Whether there is another piece that could be a digit; whether the border cuts this one.
    has_other_digits: tf.Tensor
    touches_border: tf.Tensor


def find_components(
    amount: tf.Tensor, strongest: tf.Tensor, shortest_side: tf.Tensor, unrolled: bool = False
) -> Components:
    """Chooses the largest connected piece of ink, and what is near enough to be a part of it.

    Args:
        amount: of ink, float32 (cells, cells).
        strongest: ink.
        shortest_side: of the picture, pixels.
        unrolled: without a loop, which MediaPipe refuses. A component is then followed over at most 160 cells.
    """
    inked = tf.cast(amount > _FAINT * strongest, tf.float32)
    lines = tf.maximum(_ruled(inked), tf.transpose(_ruled(tf.transpose(inked))))
    lines *= tf.cast(shortest_side >= _RULED, tf.float32)
    inked *= 1.0 - lines
    cells = downsample(inked, 2, "MAX")
    strength = downsample(tf.minimum(amount / strongest, 1.0) * inked, 2, "MAX")
    left, top, right, bottom, strength = _component_properties(cells, strength, unrolled)
    width, height = right - left, bottom - top
    size = (width + height) * cells
    cut = tf.minimum(left, top) <= 0.0
    cut |= tf.maximum(right, bottom) >= cells.shape[0]
    main = tf.argmax(tf.reshape(size * tf.where(cut, _CUT, 1.0), (-1,)), output_type=tf.int32)

    def of_main(values: tf.Tensor) -> tf.Tensor:
        return tf.gather(tf.reshape(values, (-1,)), main)

    # Digits stand side by side: what is above or below is a part.
    gap = tf.maximum(tf.maximum(left - of_main(right), of_main(left) - right), 0.0)
    is_tall = height >= _DIGIT * of_main(height)
    is_near = gap <= tf.where(is_tall, _NEAR, _FAR) * tf.maximum(of_main(width), of_main(height))
    is_drawn = (cells > 0.0) & (strength > _GRAIN) & (size >= tf.maximum(_SPECK * of_main(size), _MIN_SIZE))
    # What the border cuts is no part of a digit that it does not cut.
    is_main = tf.equal(left, of_main(left)) & tf.equal(top, of_main(top)) & tf.equal(right, of_main(right))
    cut_alike = ~cut | tf.equal(of_main(tf.cast(cut, tf.float32)), 1.0)
    is_part = (cells > 0.0) & (is_main | (is_drawn & is_near & cut_alike))
    has_other_digits = tf.reduce_any(is_drawn & is_tall & ~is_near)
    digit = inked * tf.repeat(tf.repeat(tf.cast(is_part, tf.float32), 2, axis=0), 2, axis=1)
    return Components(inked, digit, lines, has_other_digits, tf.reduce_any(is_part & cut))


def component_boxes(amount: tf.Tensor, strongest: tf.Tensor) -> tf.Tensor:
    """Returns the bounding boxes of connected components except specks and grain, one per cell: float32 (cells, 4).

    Top, left, bottom and right in cells; bottom and right are exclusive. Arguments as in `find_components`.
    """
    strength = tf.minimum(amount / strongest, 1.0)
    inked = tf.cast(strength > _FAINT, tf.float32)
    left, top, right, bottom, strength = _component_properties(inked, strength * inked)
    is_drawn = (inked > 0.0) & (strength > _GRAIN) & (right - left + bottom - top >= 2 * _MIN_SIZE)
    return tf.boolean_mask(tf.stack([top, left, bottom, right], axis=2), is_drawn)


def _component_properties(cells: tf.Tensor, strength: tf.Tensor, unrolled: bool = False) -> tuple[tf.Tensor, ...]:
    """Returns bounding box (left, top, right, bottom; right and bottom exclusive) and maximum ink per cell.

    They are those of the connected component that the cell belongs to.

    Cells that touch, also at a corner, are connected: each takes over the largest of what its neighbours know,
    until nothing changes.
    """
    side = cells.shape[0]
    along = tf.range(side, dtype=tf.float32)
    x, y = tf.broadcast_to(along, (side, side)), tf.broadcast_to(along[:, tf.newaxis], (side, side))
    is_ink = cells[tf.newaxis, ..., tf.newaxis]
    known = tf.stack([side - x, side - y, x + 1.0, y + 1.0, strength], axis=2)[tf.newaxis] * is_ink

    def spread(known: tf.Tensor, _: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        new = known
        for _ in range(4):
            new = tf.nn.max_pool2d(new, 3, 1, "SAME") * is_ink
        return new, tf.reduce_any(new > known)

    if unrolled:
        for _ in range(_UNROLLED_STEPS):
            known, _ = spread(known, known)
    else:
        known, _ = tf.while_loop(lambda _, goes_on: goes_on, spread, (known, tf.constant(True)))
    to_left, to_top, right, bottom, strength = tf.unstack(known[0], axis=2)
    return side - to_left, side - to_top, right, bottom, strength


def _ruled(inked: tf.Tensor) -> tf.Tensor:
    """Thin horizontal lines from edge to edge, where no stroke crosses them; they may be a little aslant."""
    tall = (_LINE + 1, 1)
    thick = max_filter(min_filter(inked, tall), tall)
    thin = inked * (1.0 - thick)
    slack = max_filter(thin, (5, 1))
    from_edge_to_edge = tf.reduce_min(tf.maximum(slack, thick), axis=1, keepdims=True)
    # A stroke's own edge is thin here and there.
    mostly_thin = tf.reduce_mean(slack, axis=1, keepdims=True) > 0.6
    return thin * max_filter(from_edge_to_edge * tf.cast(mostly_thin, tf.float32), (5, 1))
