"""What pens, paper and cameras do to a digit: stroke width, gaps, blur, noise. Numbers are drawn, then applied."""

import tensorflow as tf

from mnist_keras.data.augmentation.config import Augmentation


def sample_degradation(augmentation: Augmentation, count: tf.Tensor | int, seed: tf.Tensor) -> dict[str, tf.Tensor]:
    """Draws what `degrade` takes, float32 numbers, `count` of each, and the noise's own seed.

    Returns:
        thicker in pixels, below 0 for thinner; blur in pixels; gap_x, gap_y as fractions of the side; gap as a
        fraction of the side, 0 for half of the images; noise as a fraction of 255, 0 for half of the images.
    """
    uniform = tf.random.stateless_uniform((7, count), seed, alg="philox")
    thinnest, thickest = augmentation.stroke_width
    return {
        "thicker": thinnest + (thickest - thinnest) * uniform[0],
        "blur": augmentation.blur * uniform[1],
        "gap_x": uniform[2],
        "gap_y": uniform[3],
        "gap": augmentation.cutout * tf.maximum(0.0, 2.0 * uniform[4] - 1.0),
        "noise": augmentation.noise * tf.maximum(0.0, 2.0 * uniform[5] - 1.0),
        "harder": 1.0 + augmentation.sharpness * uniform[6],
    }


def degrade(
    pixels: tf.Tensor,
    thicker: tf.Tensor,
    blur: tf.Tensor,
    gap_x: tf.Tensor,
    gap_y: tf.Tensor,
    gap: tf.Tensor,
    noise: tf.Tensor,
    harder: tf.Tensor,
    seed: tf.Tensor,
) -> tf.Tensor:
    """Applies drawn numbers, each float32 (batch,), to float32 pixels (batch, side, side, 1) in 0..255."""
    pixels = _change_stroke_width(pixels, _per_image(thicker))
    pixels = _cutout(pixels, _per_image(gap_x), _per_image(gap_y), _per_image(gap))
    pixels = _blur(pixels, _per_image(blur))
    # Steeper edges, as a pen's against a camera's.
    pixels = tf.clip_by_value(127.5 + (pixels - 127.5) * _per_image(harder), 0.0, 255.0)
    grain = tf.random.stateless_normal(tf.shape(pixels), seed, alg="philox")
    return tf.clip_by_value(pixels + 255.0 * _per_image(noise) * grain, 0.0, 255.0)


def _change_stroke_width(pixels: tf.Tensor, amount: tf.Tensor) -> tf.Tensor:
    """Moves the edges of strokes outward by half of `amount` pixels, or inward."""
    wide = tf.nn.max_pool2d(pixels, 3, 1, "SAME")
    wider = tf.nn.max_pool2d(wide, 3, 1, "SAME")
    thin = -tf.nn.max_pool2d(-pixels, 3, 1, "SAME")
    first, second = tf.clip_by_value(amount / 2, 0.0, 1.0), tf.clip_by_value(amount / 2 - 1, 0.0, 1.0)
    inward = tf.clip_by_value(-amount / 2, 0.0, 1.0)
    return pixels + first * (wide - pixels) + second * (wider - wide) + inward * (thin - pixels)


def _cutout(pixels: tf.Tensor, x: tf.Tensor, y: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """Blanks a square."""
    along = (tf.range(pixels.shape[1], dtype=tf.float32) + 0.5) / pixels.shape[1]
    inside_x = tf.abs(along[tf.newaxis, tf.newaxis, :, tf.newaxis] - x) < size / 2
    inside_y = tf.abs(along[tf.newaxis, :, tf.newaxis, tf.newaxis] - y) < size / 2
    return tf.where(inside_x & inside_y, 0.0, pixels)


def _blur(pixels: tf.Tensor, sigma: tf.Tensor) -> tf.Tensor:
    """Weighs a pixel's neighbours to three pixels away by a bell of that width; 0 leaves the image as it is."""
    distances = tf.reshape(tf.range(-3, 4, dtype=tf.float32), (7, 1, 1, 1, 1))
    bell = tf.exp(-0.5 * (distances / tf.maximum(sigma, 0.05)) ** 2)
    bell /= tf.reduce_sum(bell, axis=0)
    side = pixels.shape[1]
    for axis in (1, 2):
        margins = [[3, 3] if index == axis else [0, 0] for index in range(4)]
        padded = tf.pad(pixels, margins)
        moved = [padded[:, step : step + side] if axis == 1 else padded[:, :, step : step + side] for step in range(7)]
        pixels = tf.add_n([weight * image for weight, image in zip(tf.unstack(bell), moved, strict=True)])
    return pixels


def _per_image(values: tf.Tensor) -> tf.Tensor:
    return tf.reshape(values, (-1, 1, 1, 1))
