"""Affine map and elastic warp of a batch in one bilinear resampling."""

import tensorflow as tf

# Control points either way: displacements between them are interpolated, so that neighbours move together.
_POINTS = 5


def elastic_displacements(strengths: tf.Tensor, side: int, seed: tf.Tensor) -> tf.Tensor:
    """Smooth random displacements in pixels, float32 (2, batch, side, side): along x, along y.

    In the spirit of Simard, Steinkraus, Platt (2003), on a coarse grid of normal random numbers.

    Args:
        strengths: standard deviation at the control points, pixels, float32 (batch,).
        side: of the images.
        seed: two integers.
    """
    count = tf.shape(strengths)[0]
    points = tf.random.stateless_normal((count, 2, _POINTS, _POINTS), seed, alg="philox")
    positions = tf.linspace(0.0, _POINTS - 1.0, side)
    # Cosine bumps of width two: smooth, and they add up to one.
    distances = tf.minimum(tf.abs(positions[:, tf.newaxis] - tf.range(_POINTS, dtype=tf.float32)), 1.0)
    bumps = 0.5 + 0.5 * tf.cos(distances * 3.141592653589793)
    spread = tf.reshape(tf.einsum("yp,xq->pqyx", bumps, bumps), (_POINTS**2, side**2))
    points = tf.transpose(points * tf.reshape(strengths, (-1, 1, 1, 1)), (1, 0, 2, 3))
    # One product of matrices for the whole batch.
    return tf.reshape(tf.matmul(tf.reshape(points, (-1, _POINTS**2)), spread), (2, count, side, side))


def warp(pixels: tf.Tensor, transforms: tf.Tensor, displacements: tf.Tensor) -> tf.Tensor:
    """Resamples each image once; what comes in from outside is black.

    Args:
        pixels: float32 (batch, side, side, 1).
        transforms: from output to input pixels, (batch, 8), as `affine_transforms` gives them.
        displacements: added in input pixels along x and along y, (2, batch, side, side).
    """
    side = pixels.shape[1]
    along = tf.range(side, dtype=tf.float32)
    x, y = along[tf.newaxis, tf.newaxis, :], along[tf.newaxis, :, tf.newaxis]
    a, b, c, d, e, f, *_ = tf.unstack(transforms[:, tf.newaxis, tf.newaxis, :], num=8, axis=3)
    source_x = a * x + b * y + c + displacements[0]
    source_y = d * x + e * y + f + displacements[1]
    # A black frame of one pixel stands for all that is outside.
    width = side + 2
    framed = tf.reshape(tf.pad(pixels, ((0, 0), (1, 1), (1, 1), (0, 0))), (-1,))
    source_x, source_y = (tf.clip_by_value(source + 1.0, 0.0, side + 1.0) for source in (source_x, source_y))
    left, top = (tf.minimum(tf.floor(source), side) for source in (source_x, source_y))
    right, below = source_x - left, source_y - top
    # One index for all images takes less time than one for each.
    first = tf.range(tf.shape(pixels)[0]) * width**2
    corner = tf.cast(top * width + left, tf.int32) + first[:, tf.newaxis, tf.newaxis]

    def at(offset: int) -> tf.Tensor:
        return tf.gather(framed, corner + offset)

    upper = at(0) * (1 - right) + at(1) * right
    lower = at(width) * (1 - right) + at(width + 1) * right
    return (upper * (1 - below) + lower * below)[..., tf.newaxis]
