"""Random augmentation of image batches: samples parameters, then applies them.

Rotation, shift, scale, shear and elastic distortion are one bilinear resampling, as in torchvision's RandomAffine.
Degradation, brightness and contrast follow in this order, each clipped to 0..255. Pixels from outside the image are
black.
"""

import math
from collections.abc import Mapping

import tensorflow as tf

from mnist_keras.data.augmentation.config import Augmentation
from mnist_keras.data.augmentation.degradation import degrade, sample_degradation

# Control points per axis of the elastic distortion.
_CONTROL_POINTS = 5
# Separate the random numbers of one seed.
_ELASTIC_STRENGTH, _ELASTIC_POINTS, _DEGRADATION, _NOISE = 1, 2, 3, 4


def augment(images: tf.Tensor, augmentation: Augmentation, seed: tf.Tensor) -> tf.Tensor:
    """Augments a batch, each image with random parameters of its own.

    Args:
        images: uint8 (batch, height, width, channels); elastic distortion, a change of the aspect ratio and
            degradation need square images of one channel.
        augmentation: the ranges of the parameters.
        seed: two integers; the same seed gives the same images.

    Returns:
        uint8, of the shape of `images`.
    """
    count = tf.shape(images)[0]
    # None skips the step. A multiplication by 1 takes time too.
    skipped = [name for name in ("brightness", "contrast") if not getattr(augmentation, name)]
    parameters = sample_parameters(augmentation, count, seed) | dict.fromkeys(skipped)
    if augmentation.elastic or augmentation.aspect_ratio:
        strength_seed, points_seed = _derive_seed(seed, _ELASTIC_STRENGTH), _derive_seed(seed, _ELASTIC_POINTS)
        strengths, exponents = tf.unstack(tf.random.stateless_uniform((2, count), strength_seed, alg="philox"))
        parameters["aspect_ratio"] = (1.0 + augmentation.aspect_ratio) ** (2.0 * exponents - 1.0)
        strengths = augmentation.elastic * strengths
        parameters["displacements"] = elastic_displacements(strengths, images.shape[1], points_seed)
    degradation = None
    if augmentation.has_degradation:
        degradation = sample_degradation(augmentation, count, _derive_seed(seed, _DEGRADATION))
        degradation["noise_seed"] = _derive_seed(seed, _NOISE)
    return apply_parameters(images, **parameters, degradation=degradation)


def _derive_seed(seed: tf.Tensor, part: int) -> tf.Tensor:
    return tf.random.fold_in(seed, part, alg="philox")


def sample_parameters(augmentation: Augmentation, count: tf.Tensor | int, seed: tf.Tensor) -> dict[str, tf.Tensor]:
    """Samples the affine map, brightness and contrast of each image for `apply_parameters`.

    Args:
        augmentation: the ranges to sample from, uniformly.
        count: number of images.
        seed: two integers; the same seed gives the same parameters.

    Returns:
        float32 (count,) each: angle and shear in radians, shift_x and shift_y as fractions of the side, scale,
        brightness and contrast as factors.
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
    # Philox gives the same numbers on every device; the default algorithm depends on the device.
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
    aspect_ratio: tf.Tensor | None = None,
    displacements: tf.Tensor | None = None,
    degradation: Mapping[str, tf.Tensor] | None = None,
) -> tf.Tensor:
    """Transforms each image by its own parameters, float32 (batch,) unless stated otherwise.

    Args:
        images: uint8 (batch, height, width, channels).
        angle: radians clockwise.
        shift_x: fraction of the width, to the right.
        shift_y: fraction of the height, downward.
        scale: magnification.
        shear: radians; a positive shear leans the top to the left.
        brightness: factor of each pixel; None skips it.
        contrast: factor of each pixel's distance from its image's mean; None skips it.
        aspect_ratio: magnification of the width alone, after the affine map; None stands for 1.
        displacements: those of `resample`, or None.
        degradation: the parameters of `degrade`, or None.

    Returns:
        uint8, of the shape of `images`.
    """
    height, width = tf.shape(images)[1], tf.shape(images)[2]
    transforms = affine_transforms(angle, shift_x, shift_y, scale, shear, height, width)
    if aspect_ratio is not None:
        transforms = _scale_width(transforms, aspect_ratio, width)
    pixels = resample(tf.cast(images, tf.float32), transforms, displacements)
    if degradation is not None:
        pixels = degrade(pixels, **degradation)
    if brightness is not None:
        pixels = tf.minimum(pixels * _per_image(brightness), 255.0)
    if contrast is not None:
        factor, mean = _per_image(contrast), tf.reduce_mean(pixels, axis=(1, 2, 3), keepdims=True)
        # mean + factor * (pixels - mean), rearranged: it takes one pass over memory less.
        pixels = tf.clip_by_value(pixels * factor + mean * (1.0 - factor), 0.0, 255.0)
    return tf.cast(tf.round(pixels), tf.uint8)


def affine_transforms(
    angle: tf.Tensor,
    shift_x: tf.Tensor,
    shift_y: tf.Tensor,
    scale: tf.Tensor,
    shear: tf.Tensor,
    height: tf.Tensor | int,
    width: tf.Tensor | int,
) -> tf.Tensor:
    """Returns affine maps from output to input pixels, float32 (batch, 8), for ImageProjectiveTransformV3.

    The forward map shears, scales and rotates a point about the image's center, then shifts it. The result is its
    inverse in closed form. `apply_parameters` documents the parameters.
    """
    cosine, sine, tangent = tf.cos(angle) / scale, tf.sin(angle) / scale, tf.tan(shear)
    # Forward: scale * [[cos, -sin], [sin, cos]] @ [[1, tan], [0, 1]]. Inverse: rotate back, then shear back.
    row_x = (cosine + tangent * sine, sine - tangent * cosine)
    row_y = (-sine, cosine)
    center_x, center_y = _center(width), _center(height)
    to_x = center_x + shift_x * tf.cast(width, tf.float32)
    to_y = center_y + shift_y * tf.cast(height, tf.float32)
    offset_x = center_x - row_x[0] * to_x - row_x[1] * to_y
    offset_y = center_y - row_y[0] * to_x - row_y[1] * to_y
    zero = tf.zeros_like(offset_x)
    return tf.stack([*row_x, offset_x, *row_y, offset_y, zero, zero], axis=1)


def _scale_width(transforms: tf.Tensor, aspect_ratio: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
    """Appends a magnification of the width about the image's center to maps from output to input pixels."""
    a, b, c, d, e, f, *rest = tf.unstack(transforms, axis=1)
    # Output column x takes its pixels from column center + (x - center) / aspect_ratio.
    factor, offset = 1.0 / aspect_ratio, _center(width) * (1.0 - 1.0 / aspect_ratio)
    return tf.stack([a * factor, b, c + a * offset, d * factor, e, f + d * offset, *rest], axis=1)


def _center(length: tf.Tensor | int) -> tf.Tensor:
    return (tf.cast(length, tf.float32) - 1) / 2


def _symmetric_range(center: float, radius: float) -> tuple[float, float]:
    return center - radius, center + radius


def _per_image(values: tf.Tensor) -> tf.Tensor:
    return tf.reshape(values, (-1, 1, 1, 1))


def elastic_displacements(strengths: tf.Tensor, side: int, seed: tf.Tensor) -> tf.Tensor:
    """Returns smooth random displacements in pixels along x and y, float32 (2, batch, side, side).

    Elastic distortions (Simard, Steinkraus, Platt 2003), here interpolated from 5x5 normal random numbers per axis.

    Args:
        strengths: standard deviation at the control points in pixels, float32 (batch,).
        side: height and width of the images.
        seed: two integers; the same seed gives the same displacements.
    """
    count = tf.shape(strengths)[0]
    points = tf.random.stateless_normal((count, 2, _CONTROL_POINTS, _CONTROL_POINTS), seed, alg="philox")
    positions = tf.linspace(0.0, _CONTROL_POINTS - 1.0, side)
    # Raised cosines of width 2: smooth interpolation weights with a sum of 1.
    distances = tf.minimum(tf.abs(positions[:, tf.newaxis] - tf.range(_CONTROL_POINTS, dtype=tf.float32)), 1.0)
    weights = 0.5 + 0.5 * tf.cos(distances * math.pi)
    weights = tf.reshape(tf.einsum("yp,xq->pqyx", weights, weights), (_CONTROL_POINTS**2, side**2))
    points = tf.transpose(points * _per_image(strengths), (1, 0, 2, 3))
    # One matrix product for the whole batch.
    return tf.reshape(tf.matmul(tf.reshape(points, (-1, _CONTROL_POINTS**2)), weights), (2, count, side, side))


def resample(pixels: tf.Tensor, transforms: tf.Tensor, displacements: tf.Tensor | None = None) -> tf.Tensor:
    """Resamples each image bilinearly at the points of an affine map. Pixels from outside the image are black.

    Args:
        pixels: float32 (batch, height, width, channels); with `displacements` square images of one channel.
        transforms: maps from output to input pixels, float32 (batch, 8), see `affine_transforms`.
        displacements: pixels added to the points in the input along x and y, float32 (2, batch, side, side), or None.

    Returns:
        float32, of the shape of `pixels`.
    """
    if displacements is not None:
        return _resample_displaced(pixels, transforms, displacements)
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=pixels,
        transforms=transforms,
        output_shape=tf.shape(pixels)[1:3],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
    )


def _resample_displaced(pixels: tf.Tensor, transforms: tf.Tensor, displacements: tf.Tensor) -> tf.Tensor:
    side = pixels.shape[1]
    positions = tf.range(side, dtype=tf.float32)
    x, y = positions[tf.newaxis, tf.newaxis, :], positions[tf.newaxis, :, tf.newaxis]
    a, b, c, d, e, f, *_ = tf.unstack(transforms[:, tf.newaxis, tf.newaxis, :], num=8, axis=3)
    source_x = a * x + b * y + c + displacements[0]
    source_y = d * x + e * y + f + displacements[1]
    # A black border of one pixel stands for everything outside the image.
    width = side + 2
    padded = tf.reshape(tf.pad(pixels, ((0, 0), (1, 1), (1, 1), (0, 0))), (-1,))
    source_x, source_y = (tf.clip_by_value(source + 1.0, 0.0, side + 1.0) for source in (source_x, source_y))
    left, top = (tf.minimum(tf.floor(source), side) for source in (source_x, source_y))
    right_weight, bottom_weight = source_x - left, source_y - top
    # A gather with one index for the whole batch takes less time than one with an index per axis.
    first = tf.range(tf.shape(pixels)[0]) * width**2
    corner = tf.cast(top * width + left, tf.int32) + first[:, tf.newaxis, tf.newaxis]

    def at(offset: int) -> tf.Tensor:
        return tf.gather(padded, corner + offset)

    top_row = at(0) * (1 - right_weight) + at(1) * right_weight
    bottom_row = at(width) * (1 - right_weight) + at(width + 1) * right_weight
    return (top_row * (1 - bottom_weight) + bottom_row * bottom_weight)[..., tf.newaxis]
