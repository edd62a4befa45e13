"""How much ink there is where: polarity, uneven light, shadows, noise."""

from typing import NamedTuple

import tensorflow as tf

from mnist_keras.inference.preprocessing.image_ops import (
    border,
    downsampling_weights,
    grey_opening,
    kth_largest,
    mean_filter,
)

# Side of the grid that a picture is looked at on.
CELLS = 96
# Widest stroke, in cells: of a thick marker on a tight crop, and of an ordinary picture. What is wider is ground.
_WIDEST, _WIDE = 51, 25
# From this share of the strongest ink on, something wider than an ordinary stroke is ink too, and no shadow.
_SOLID = 0.85
# So many cells must have strong ink: a speck is smaller.
_SPECK = 24
# Ground that is nearly of the ink's own tone leaves at least this room, of 255, for ink.
_MIN_ROOM = 48.0
# Least ink, of 255, and by what factor it must exceed the noise, whose own peaks reach 12 to 15 (20 at 28x28 pixels).
_MIN_INK, _MIN_INK_TO_NOISE = 24.0, 16.0


class Ink(NamedTuple):
    """What was found on a square grid."""

    # 1 where ink is lighter than the ground, -1 where it is darker.
    sign: tf.Tensor
    # sign times the ground's grey value, and what has to be multiplied to make full ink 255, per cell.
    ground: tf.Tensor
    room: tf.Tensor
    # 0 to about 255, per cell.
    amount: tf.Tensor
    # Of the cells with most ink, specks left out.
    strongest: tf.Tensor
    # Whether there is any.
    present: tf.Tensor


def find_ink(gray: tf.Tensor, side: int = CELLS) -> Ink:
    """Finds ink of either polarity on ground that may be lit unevenly.

    The ground at a place is what remains when all that is narrower than a stroke can be has been taken away (a
    morphological opening); ink is measured against it as a share, so that it is as strong in a shadow as outside.

    Args:
        gray: float32 (height, width) in 0..255.
        side: of the grid.
    """
    rows, columns = (downsampling_weights(tf.shape(gray)[axis], side) for axis in range(2))
    cells = tf.matmul(tf.matmul(rows, gray), columns, transpose_b=True)
    without_light, without_dark = grey_opening(cells, _WIDEST), grey_opening(-cells, _WIDEST)
    sign = _polarity(gray, cells, border(cells - without_light), border(-cells - without_dark))
    light = sign * cells
    widest, wide = tf.where(sign > 0, without_light, without_dark), grey_opening(light, _WIDE)
    deepest = kth_largest(light - widest, _SPECK)
    # Thick strokes would vanish with the ground.
    all_narrow = kth_largest(light - wide, _SPECK) >= 0.8 * deepest
    ground = tf.where(all_narrow & (light - widest < _SOLID * deepest), wide, widest)
    # Dark ink can be as strong as the ground is light; light ink as strong as it is dark.
    room = 255.0 / tf.maximum(tf.where(sign < 0, -ground, 255.0 - ground), _MIN_ROOM)
    above = (light - ground) * room
    # An opening lies at the lower end of the ground's noise.
    floor = -kth_largest(-above, side * side // 4)
    amount = tf.maximum(above - floor, 0.0)
    # In grey values as they were: what little there is in the dark is not to be trusted.
    noise = 2.0 * tf.reduce_mean(tf.maximum(floor - above, 0.0) / room)
    present = kth_largest(amount / room, _SPECK) > tf.maximum(_MIN_INK, _MIN_INK_TO_NOISE * noise)
    return Ink(sign, ground + floor / room, room, amount, kth_largest(amount, _SPECK), present)


def _polarity(gray: tf.Tensor, cells: tf.Tensor, light_at_rim: tf.Tensor, dark_at_rim: tf.Tensor) -> tf.Tensor:
    """1.0 for light ink, -1.0 for dark: three signs of it, each of which fails on some kind of picture."""
    edge = border(gray)
    ground = kth_largest(edge, tf.shape(edge)[0] // 2 + 1)
    mean = tf.reduce_mean(cells)
    spread = tf.sqrt(tf.reduce_mean(tf.square(cells - mean))) + 1e-3
    # The ink lies on the other side of the mean than the border does. Shadows mislead it.
    tilt = (mean - ground) / spread
    # Ink takes less room than ground. On tight crops of thick strokes it does not.
    skewness = _skewness(cells - mean_filter(cells, 31)) + _skewness(cells - mean_filter(cells, 61))
    # At the rim there is more ground between strokes than ink.
    light_ink, dark_ink = tf.reduce_mean(light_at_rim), tf.reduce_mean(dark_at_rim)
    return tf.where(0.5 * tilt + skewness + (dark_ink - light_ink) / (dark_ink + light_ink + 1.0) < 0.0, -1.0, 1.0)


def _skewness(values: tf.Tensor) -> tf.Tensor:
    cubes = values * values * values
    return tf.math.divide_no_nan(tf.reduce_sum(cubes), tf.reduce_sum(tf.abs(cubes)))
