"""Degrades digits as pens, paper and cameras do: stroke width, cutout, blur, sharpness, noise."""

import itertools
from collections.abc import Callable, Sequence

import tensorflow as tf

from mnist_keras.data.augmentation.config import Augmentation

# Radius in pixels of the blur's kernel: 3.75 standard deviations of the widest blur that a recipe has, 0.8 pixels.
_BLUR_RADIUS = 3
# A standard deviation of 0 would divide by zero. At 0.05 pixels the neighbors' weights round to 0.
_MIN_BLUR = 0.05


def sample_degradation(augmentation: Augmentation, count: tf.Tensor | int, seed: tf.Tensor) -> dict[str, tf.Tensor]:
    """Samples the parameters of `degrade`, except for `noise_seed`: float32 (count,) each.

    Args:
        augmentation: the ranges to sample from, uniformly.
        count: number of images.
        seed: two integers; the same seed gives the same parameters.

    Returns:
        The parameters by name. `cutout_size` and `noise` are 0 for half of the images.
    """
    uniform = tf.random.stateless_uniform((7, count), seed, alg="philox")
    minimum, maximum = augmentation.stroke_width
    return {
        "stroke_width_change": minimum + (maximum - minimum) * uniform[0],
        "blur": augmentation.blur * uniform[1],
        "cutout_x": uniform[2],
        "cutout_y": uniform[3],
        "cutout_size": augmentation.cutout * tf.maximum(0.0, 2.0 * uniform[4] - 1.0),
        "noise": augmentation.noise * tf.maximum(0.0, 2.0 * uniform[5] - 1.0),
        "sharpness": 1.0 + augmentation.sharpness * uniform[6],
    }


def degrade(
    pixels: tf.Tensor,
    stroke_width_change: tf.Tensor,
    blur: tf.Tensor,
    cutout_x: tf.Tensor,
    cutout_y: tf.Tensor,
    cutout_size: tf.Tensor,
    noise: tf.Tensor,
    sharpness: tf.Tensor,
    noise_seed: tf.Tensor,
) -> tf.Tensor:
    """Returns the images with changed stroke width, a blank square, blur, sharper edges and noise, in this order.

    Args:
        pixels: float32 (batch, side, side, 1), 0 to 255, white ink on black.
        stroke_width_change: pixels added to the width of strokes, -2 to 4; negative values make strokes thinner.
        blur: standard deviation in pixels; 0 leaves the image unchanged.
        cutout_x: center of the blank square (cutout, DeVries and Taylor 2017), as a fraction of the side.
        cutout_y: as `cutout_x`, from the top.
        cutout_size: side of the blank square, as a fraction of the image's side; 0 leaves the image unchanged.
        noise: standard deviation of normal noise, as a fraction of 255; 0 adds none.
        sharpness: factor by which distances from middle gray grow; 1 leaves the image unchanged.
        noise_seed: two integers; the same seed gives the same noise.

    All parameters but `noise_seed` are float32 (batch,).

    Returns:
        float32, of the shape of `pixels`, 0 to 255.
    """
    pixels = dilate_or_erode(pixels, _per_image(stroke_width_change), [_dilate, _dilate], [_erode])
    pixels = _cutout(pixels, _per_image(cutout_x), _per_image(cutout_y), _per_image(cutout_size))
    pixels = _blur(pixels, _per_image(blur))
    pixels = tf.clip_by_value(127.5 + (pixels - 127.5) * _per_image(sharpness), 0.0, 255.0)
    normal = tf.random.stateless_normal(tf.shape(pixels), noise_seed, alg="philox")
    return tf.clip_by_value(pixels + 255.0 * _per_image(noise) * normal, 0.0, 255.0)


def dilate_or_erode(
    images: tf.Tensor,
    amount: tf.Tensor,
    dilations: Sequence[Callable[[tf.Tensor], tf.Tensor]],
    erosions: Sequence[Callable[[tf.Tensor], tf.Tensor]],
) -> tf.Tensor:
    """Changes the width of white strokes by `amount` pixels (grayscale dilation and erosion).

    Each step moves both edges of a stroke by one pixel. A fraction of a step is interpolated linearly.

    Args:
        images: float32, of any shape that the steps accept.
        amount: pixels, negative for erosion; broadcasts against `images`. At most twice the number of steps has an
            effect.
        dilations: the steps outward, functions of images whose structuring element has a radius of one pixel.
        erosions: the steps inward, in the same way.

    Returns:
        float32, of the shape of `images`.
    """
    result, dilated, eroded = images, images, images
    for index, (dilate, erode) in enumerate(itertools.zip_longest(dilations, erosions)):
        if dilate:
            before, dilated = dilated, dilate(dilated)
            result += tf.clip_by_value(amount / 2 - index, 0.0, 1.0) * (dilated - before)
        if erode:
            before, eroded = eroded, erode(eroded)
            result += tf.clip_by_value(-amount / 2 - index, 0.0, 1.0) * (eroded - before)
    return result


def _dilate(pixels: tf.Tensor) -> tf.Tensor:
    return tf.nn.max_pool2d(pixels, 3, 1, "SAME")


def _erode(pixels: tf.Tensor) -> tf.Tensor:
    return -_dilate(-pixels)


def _cutout(pixels: tf.Tensor, x: tf.Tensor, y: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """Sets the pixels of a square to 0. `x`, `y`, `size`: float32 (batch, 1, 1, 1), fractions of the side."""
    centers = (tf.range(pixels.shape[1], dtype=tf.float32) + 0.5) / pixels.shape[1]
    inside_x = tf.abs(centers[tf.newaxis, tf.newaxis, :, tf.newaxis] - x) < size / 2
    inside_y = tf.abs(centers[tf.newaxis, :, tf.newaxis, tf.newaxis] - y) < size / 2
    return tf.where(inside_x & inside_y, 0.0, pixels)


def _blur(pixels: tf.Tensor, sigma: tf.Tensor) -> tf.Tensor:
    """Convolves with a Gaussian kernel of standard deviation `sigma` pixels, float32 (batch, 1, 1, 1)."""
    size = 2 * _BLUR_RADIUS + 1
    distances = tf.reshape(tf.range(-_BLUR_RADIUS, _BLUR_RADIUS + 1, dtype=tf.float32), (size, 1, 1, 1, 1))
    kernel = tf.exp(-0.5 * (distances / tf.maximum(sigma, _MIN_BLUR)) ** 2)
    kernel /= tf.reduce_sum(kernel, axis=0)
    side = pixels.shape[1]
    for axis in (1, 2):
        padding = [[_BLUR_RADIUS] * 2 if index == axis else [0, 0] for index in range(4)]
        padded = tf.pad(pixels, padding)
        shifted = [padded[:, at : at + side] if axis == 1 else padded[:, :, at : at + side] for at in range(size)]
        pixels = tf.add_n([weight * image for weight, image in zip(tf.unstack(kernel), shifted, strict=True)])
    return pixels


def _per_image(values: tf.Tensor) -> tf.Tensor:
    return tf.reshape(values, (-1, 1, 1, 1))
