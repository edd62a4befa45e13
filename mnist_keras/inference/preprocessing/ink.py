"""Finds ink of either polarity under uneven light, shadows and noise."""

from typing import NamedTuple

import tensorflow as tf

from mnist_keras.inference.preprocessing.image_ops import (
    border,
    downsampling_weights,
    grey_opening,
    kth_largest,
    mean_filter,
)

# Side of the grid, in cells, on which ink is searched.
CELLS = 96
# Maximum stroke width in cells: a thick marker on a tight crop, and an ordinary image. Wider structures are paper.
_WIDEST, _WIDE = 51, 25
# Share of the maximum ink above which a structure wider than an ordinary stroke is ink and not a shadow.
_SOLID = 0.85
# Minimum number of cells with strong ink: specks have fewer.
_SPECK = 24
# Minimum contrast between paper and full ink, of 255, if the paper is almost as dark as the ink.
_MIN_ROOM = 48.0
# Minimum ink, of 255, and its minimum ratio to the noise, whose own peaks reach 12 to 15 (20 at 28x28 pixels).
_MIN_INK, _MIN_INK_TO_NOISE = 24.0, 16.0


class Ink(NamedTuple):
    """Ink on a square grid of cells."""

    # 1 if ink is lighter than the paper, -1 if it is darker.
    sign: tf.Tensor
    # Per cell: sign times the paper's gray value, and the factor that scales full ink to 255.
    ground: tf.Tensor
    room: tf.Tensor
    # Ink per cell, 0 to about 255.
    amount: tf.Tensor
    # Ink of the strongest cells without specks.
    strongest: tf.Tensor
    # Whether there is ink.
    present: tf.Tensor


def find_ink(gray: tf.Tensor, side: int = CELLS) -> Ink:
    """Finds ink of either polarity on paper under uneven light.

    A morphological opening removes every structure that is narrower than the maximum stroke width; the result is the
    paper. Ink is measured relative to the paper, so it is as strong in a shadow as outside.

    Args:
        gray: float32 (height, width), 0 to 255.
        side: side of the grid, in cells.
    """
    rows, columns = (downsampling_weights(tf.shape(gray)[axis], side) for axis in range(2))
    cells = tf.matmul(tf.matmul(rows, gray), columns, transpose_b=True)
    without_light, without_dark = grey_opening(cells, _WIDEST), grey_opening(-cells, _WIDEST)
    sign = _polarity(gray, cells, border(cells - without_light), border(-cells - without_dark))
    light = sign * cells
    widest, wide = tf.where(sign > 0, without_light, without_dark), grey_opening(light, _WIDE)
    deepest = kth_largest(light - widest, _SPECK)
    # A narrow opening would count thick strokes as paper.
    all_narrow = kth_largest(light - wide, _SPECK) >= 0.8 * deepest
    ground = tf.where(all_narrow & (light - widest < _SOLID * deepest), wide, widest)
    # The contrast of dark ink is limited by the paper's gray value, that of light ink by 255 minus this value.
    room = 255.0 / tf.maximum(tf.where(sign < 0, -ground, 255.0 - ground), _MIN_ROOM)
    above = (light - ground) * room
    # An opening follows the minimum of the paper's noise.
    floor = -kth_largest(-above, side * side // 4)
    amount = tf.maximum(above - floor, 0.0)
    # In the original gray values: in dark regions the scaled noise is unreliable.
    noise = 2.0 * tf.reduce_mean(tf.maximum(floor - above, 0.0) / room)
    present = kth_largest(amount / room, _SPECK) > tf.maximum(_MIN_INK, _MIN_INK_TO_NOISE * noise)
    return Ink(sign, ground + floor / room, room, amount, kth_largest(amount, _SPECK), present)


def _polarity(gray: tf.Tensor, cells: tf.Tensor, light_at_rim: tf.Tensor, dark_at_rim: tf.Tensor) -> tf.Tensor:
    """Returns 1.0 for light ink and -1.0 for dark ink, from three indicators, each of which fails on some images."""
    edge = border(gray)
    ground = kth_largest(edge, tf.shape(edge)[0] // 2 + 1)
    mean = tf.reduce_mean(cells)
    spread = tf.sqrt(tf.reduce_mean(tf.square(cells - mean))) + 1e-3
    # Border and ink lie on different sides of the mean. Fails with shadows.
    tilt = (mean - ground) / spread
    # Ink covers less area than paper. Fails on tight crops of thick strokes.
    skewness = _skewness(cells - mean_filter(cells, 31)) + _skewness(cells - mean_filter(cells, 61))
    # At the border there is more paper than ink.
    light_ink, dark_ink = tf.reduce_mean(light_at_rim), tf.reduce_mean(dark_at_rim)
    return tf.where(0.5 * tilt + skewness + (dark_ink - light_ink) / (dark_ink + light_ink + 1.0) < 0.0, -1.0, 1.0)


def _skewness(values: tf.Tensor) -> tf.Tensor:
    cubes = values * values * values
    return tf.math.divide_no_nan(tf.reduce_sum(cubes), tf.reduce_sum(tf.abs(cubes)))
