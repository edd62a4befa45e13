"""Finds ink of either polarity under uneven light, shadows and noise."""

from typing import NamedTuple

import tensorflow as tf

from mnist_keras.inference.preprocessing.image_ops import above, border, grey_opening, kth_largest, mean_filter

# Side of the grid on which paper is searched, and of a coarse one for everything else.
_GRID, _COARSE = 96, 32
# Maximum stroke width in cells: a thick marker on a tight crop, and an ordinary image. Wider structures are paper.
_WIDEST, _WIDE = 51, 25
# Share of the maximum ink above which a structure wider than an ordinary stroke is ink and not a shadow.
_SOLID = 0.85
# Minimum number of coarse cells with strong ink: specks have fewer.
_SPECK = 4
# Minimum contrast between paper and full ink, of 255, if the paper is almost as dark as the ink.
_MIN_ROOM = 48.0
# Minimum contrast of ink, of 255, and its minimum ratio to the noise: of ink in which the finder is sure of a glyph,
# and of any other ink. The peaks of noise alone reach 26, in images of few pixels 48.
_MIN_CONTRAST, _MIN_GLYPH_TO_NOISE, _MIN_INK_TO_NOISE = 24.0, 12.0, 30.0


class Ink(NamedTuple):
    """Ink on canvases of cells, float32, the number of canvases first."""

    # 1 if ink is lighter than the paper, -1 if it is darker: (canvases, 1, 1, 1), as all without cells.
    sign: tf.Tensor
    # Per cell: sign times the paper's gray value, and the factor that scales full ink to 255.
    ground: tf.Tensor
    room: tf.Tensor
    # Ink per cell, 0 to about 255, and as a share of the strongest, 0 to 1.
    amount: tf.Tensor
    share: tf.Tensor
    # Ink of the strongest cells without specks.
    strongest: tf.Tensor
    # Contrast of the strongest ink to the paper, of 255, and the noise of the paper.
    contrast: tf.Tensor
    noise: tf.Tensor


def find_ink(cells: tf.Tensor) -> Ink:
    """Finds ink of either polarity on paper under uneven light.

    A morphological opening removes every structure that is narrower than the maximum stroke width; the result is the
    paper. Ink is measured relative to the paper, so it is as strong in a shadow as outside.

    Args:
        cells: gray values 0 to 255, float32 (canvases, side, side, 1), the side a multiple of 96.
    """
    sign = _polarity(cells)
    is_light = (sign + 1.0) / 2.0
    light = least = most = sign * cells
    if cells.shape[1] > _GRID:
        factor = cells.shape[1] // _GRID
        most = tf.nn.max_pool2d(light, factor, factor, "VALID")
        least = -tf.nn.max_pool2d(-light, factor, factor, "VALID")
    widest, wide = grey_opening(least, _WIDEST), grey_opening(least, _WIDE)
    deepest, narrow = (_strongest(most - paper) for paper in (widest, wide))
    # A narrow opening would count thick strokes as paper.
    all_narrow = above(narrow, 0.8 * deepest)
    ground = _choose(all_narrow * above(_SOLID * deepest, most - widest), wide, widest)
    # The contrast of dark ink is limited by the paper's gray value, that of light ink by 255 minus this value.
    room = 255.0 / tf.maximum(255.0 * is_light - ground, _MIN_ROOM)
    if cells.shape[1] > _GRID:
        ground, room = (tf.image.resize(values, cells.shape[1:3]) for values in (ground, room))
    excess = (light - ground) * room
    # An opening follows the minimum of the paper's noise. Every ninth cell is enough to know it.
    some, some_room = excess[:, 1::3, 1::3], room[:, 1::3, 1::3]
    floor = -kth_largest(-some, some.shape[1] * some.shape[2] // 4)
    amount = tf.maximum(excess - floor, 0.0)
    # In the original gray values: in dark regions the scaled noise is unreliable.
    noise = 2.0 * tf.reduce_mean(tf.maximum(floor - some, 0.0) / some_room, axis=(1, 2, 3), keepdims=True)
    strongest, contrast = _strongest(amount), _strongest(amount / room)
    return Ink(
        sign=sign,
        ground=ground + floor / room,
        room=room,
        amount=amount,
        # LiteRT's form of divide_no_nan has a constant of the canvas' size.
        share=tf.minimum(amount / tf.maximum(strongest, 1e-3), 1.0),
        strongest=strongest,
        contrast=contrast,
        noise=noise,
    )


def is_present(ink: Ink, has_glyph: tf.Tensor) -> tf.Tensor:
    """Whether there is ink on the first canvas, and not noise alone.

    Args:
        ink: from `find_ink`.
        has_glyph: whether the finder is sure of a glyph in it.
    """
    min_ratio = tf.where(has_glyph, _MIN_GLYPH_TO_NOISE, _MIN_INK_TO_NOISE)
    return ink.contrast[0, 0, 0, 0] > tf.maximum(_MIN_CONTRAST, min_ratio * ink.noise[0, 0, 0, 0])


def _polarity(cells: tf.Tensor) -> tf.Tensor:
    """Returns 1.0 for light ink and -1.0 for dark ink, from three indicators, each of which fails on some images."""
    factor = cells.shape[1] // _COARSE
    mean = tf.nn.avg_pool2d(cells, factor, factor, "VALID")
    lightest = tf.nn.max_pool2d(cells, factor, factor, "VALID")
    darkest = -tf.nn.max_pool2d(-cells, factor, factor, "VALID")
    widest = _WIDEST * _COARSE // _GRID
    light_at_rim = border(lightest - grey_opening(darkest, widest))
    dark_at_rim = border(-darkest - grey_opening(-lightest, widest))
    edge = border(cells)
    ground = kth_largest(edge, edge.shape[1] // 2 + 1)
    center = _mean(mean)
    spread = tf.sqrt(_mean(tf.square(cells - center))) + 1e-3
    # Border and ink lie on different sides of the mean. Fails with shadows.
    tilt = (center - ground) / spread
    # Ink covers less area than paper. Fails on tight crops of thick strokes.
    skewness = _skewness(mean - mean_filter(mean, 11)) + _skewness(mean - mean_filter(mean, 21))
    # At the border there is more paper than ink.
    light_ink, dark_ink = _mean(light_at_rim), _mean(dark_at_rim)
    return tf.where(0.5 * tilt + skewness + (dark_ink - light_ink) / (dark_ink + light_ink + 1.0) < 0.0, -1.0, 1.0)


def _choose(share: tf.Tensor, one: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
    """Returns `one` where the share is 1, `other` where it is 0. LiteRT selects by a condition much slower."""
    return other + share * (one - other)


def _strongest(values: tf.Tensor) -> tf.Tensor:
    """Returns the maximum without specks."""
    coarse = values.shape[1] // _COARSE
    return kth_largest(tf.nn.max_pool2d(values, coarse, coarse, "VALID"), _SPECK)


def _mean(values: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(values, axis=(1, 2, 3), keepdims=True)


def _skewness(values: tf.Tensor) -> tf.Tensor:
    cubes = values * values * values
    return tf.math.divide_no_nan(_mean(cubes), _mean(tf.abs(cubes)))
