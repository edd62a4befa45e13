"""What augmentation does to a batch of digits: numbers are drawn, then applied.

Rotation, shift, scale and shear become one matrix and, with the elastic warp, one
bilinear resampling, in the manner of torchvision's RandomAffine; wear of the ink,
brightness and contrast follow, clipped to 0..255 after each. What comes in from
outside the image is black.
"""

import math
from collections.abc import Mapping

import tensorflow as tf

from mnist_keras.data.augmentation.config import Augmentation
from mnist_keras.data.augmentation.degradation import degrade, sample_degradation


def augment(images: tf.Tensor, augmentation: Augmentation, seed: tf.Tensor) -> tf.Tensor:
    """Augments a batch, each image by numbers of its own.

    Args:
        images: uint8 (batch, height, width, channels).
        seed: two integers; the same seed gives the same images.

    Returns:
        uint8, of the same shape.
    """
    count = tf.shape(images)[0]
    # To multiply by one takes time too.
    idle = [name for name in ("brightness", "contrast") if not getattr(augmentation, name)]
    numbers = sample_parameters(augmentation, count, seed) | dict.fromkeys(idle)
    extras = {}
    if augmentation.elastic or augmentation.aspect_ratio:
        strengths, aspect = tf.unstack(tf.random.stateless_uniform((2, count), _derive_seed(seed, 1), alg="philox"))
        extras["aspect"] = (1.0 + augmentation.aspect_ratio) ** (2.0 * aspect - 1.0)
        extras["displacements"] = elastic_displacements(
            augmentation.elastic * strengths, images.shape[1], _derive_seed(seed, 2)
        )
    if augmentation.has_degradation:
        extras["degradation"] = {
            **sample_degradation(augmentation, count, _derive_seed(seed, 3)),
            "seed": _derive_seed(seed, 4),
        }
    return apply_parameters(images, **numbers, **extras)


def _derive_seed(seed: tf.Tensor, part: int) -> tf.Tensor:
    return tf.random.fold_in(seed, part, alg="philox")


def sample_parameters(augmentation: Augmentation, count: tf.Tensor | int, seed: tf.Tensor) -> dict[str, tf.Tensor]:
    """Draws what `apply_parameters` takes: uniform float32 numbers, `count` of each.

    Returns:
        angle and shear in radians, shift_x and shift_y as fractions of the side, scale, brightness and
        contrast as factors.
    """
    radians = math.pi / 180
    ranges = {
        "angle": _symmetric_range(0.0, augmentation.rotation * radians),
        "shift_x": _symmetric_range(0.0, augmentation.shift),
        "shift_y": _symmetric_range(0.0, augmentation.shift),
        "scale": augmentation.scale,
        "shear": _symmetric_range(0.0, augmentation.shear * radians),
        "brightness": _symmetric_range(1.0, augmentation.brightness),
        "contrast": _symmetric_range(1.0, augmentation.contrast),
    }
    # Philox is the same on every machine; the default algorithm is chosen by the device.
    uniform = tf.random.stateless_uniform((len(ranges), count), seed, alg="philox")
    return {name: low + (high - low) * uniform[row] for row, (name, (low, high)) in enumerate(ranges.items())}


def apply_parameters(
    images: tf.Tensor,
    angle: tf.Tensor,
    shift_x: tf.Tensor,
    shift_y: tf.Tensor,
    scale: tf.Tensor,
    shear: tf.Tensor,
    brightness: tf.Tensor | None = None,
    contrast: tf.Tensor | None = None,
    aspect: tf.Tensor | None = None,
    displacements: tf.Tensor | None = None,
    degradation: Mapping[str, tf.Tensor] | None = None,
) -> tf.Tensor:
    """Applies drawn numbers, each float32 (batch,), to uint8 images (batch, height, width, channels).

    A positive angle turns the digit clockwise, a positive shift moves it right and down, a positive shear
    leans its top to the left. Without `brightness` or `contrast` they stay. `aspect` magnifies the width, and
    `displacements` are those of `resample`: of square images of one channel. `degradation` is what `degrade` takes.
    """
    height, width = tf.shape(images)[1], tf.shape(images)[2]
    transforms = affine_transforms(angle, shift_x, shift_y, scale, shear, height, width)
    pixels = tf.cast(images, tf.float32)
    if displacements is not None:
        pixels = resample(pixels, _scale_width(transforms, aspect, width), displacements)
    else:
        pixels = tf.raw_ops.ImageProjectiveTransformV3(
            images=pixels,
            transforms=transforms,
            output_shape=tf.stack([height, width]),
            fill_value=0.0,
            interpolation="BILINEAR",
            fill_mode="CONSTANT",
        )
    if degradation is not None:
        pixels = degrade(pixels, **degradation)
    if brightness is not None:
        pixels = tf.minimum(pixels * _per_image(brightness), 255.0)
    if contrast is not None:
        factor, mean = _per_image(contrast), tf.reduce_mean(pixels, axis=(1, 2, 3), keepdims=True)
        # The distance from the mean, multiplied; written so that it takes one pass over memory fewer.
        pixels = tf.clip_by_value(pixels * factor + mean * (1.0 - factor), 0.0, 255.0)
    return tf.cast(tf.round(pixels), tf.uint8)


def affine_transforms(angle, shift_x, shift_y, scale, shear, height, width) -> tf.Tensor:
    """The maps from output to input pixels that ImageProjectiveTransform wants, float32 (batch, 8).

    Forward, a point is sheared, scaled and rotated about the image's centre, then shifted; this is the
    inverse, written out.
    """
    cosine, sine, tangent = tf.cos(angle) / scale, tf.sin(angle) / scale, tf.tan(shear)
    # Forward: scale * [[cos, -sin], [sin, cos]] @ [[1, tan], [0, 1]]. Inverse: unrotate, then unshear.
    row_x = (cosine + tangent * sine, sine - tangent * cosine)
    row_y = (-sine, cosine)
    centre_x = (tf.cast(width, tf.float32) - 1) / 2
    centre_y = (tf.cast(height, tf.float32) - 1) / 2
    to_x = centre_x + shift_x * tf.cast(width, tf.float32)
    to_y = centre_y + shift_y * tf.cast(height, tf.float32)
    offset_x = centre_x - row_x[0] * to_x - row_x[1] * to_y
    offset_y = centre_y - row_y[0] * to_x - row_y[1] * to_y
    zero = tf.zeros_like(offset_x)
    return tf.stack([*row_x, offset_x, *row_y, offset_y, zero, zero], axis=1)


def _scale_width(transforms: tf.Tensor, aspect: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
    """Magnifies the width about the image's centre, after all else."""
    centre = (tf.cast(width, tf.float32) - 1) / 2
    a, b, c, d, e, f, *rest = tf.unstack(transforms, axis=1)
    # An output column x shows what stood at centre + (x - centre) / aspect.
    shrink, offset = 1.0 / aspect, centre * (1.0 - 1.0 / aspect)
    return tf.stack([a * shrink, b, c + a * offset, d * shrink, e, f + d * offset, *rest], axis=1)


def _symmetric_range(centre: float, radius: float) -> tuple[float, float]:
    return centre - radius, centre + radius


def _per_image(values: tf.Tensor) -> tf.Tensor:
    return tf.reshape(values, (-1, 1, 1, 1))


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


def resample(pixels: tf.Tensor, transforms: tf.Tensor, displacements: tf.Tensor) -> tf.Tensor:
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
