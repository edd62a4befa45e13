"""Samples an image on a square canvas of few cells, and a part of it at its own resolution, at a cost without its size.

A photograph of 12 million pixels is never converted as a whole: both functions pick rows and columns first.
"""

from typing import NamedTuple

import tensorflow as tf

# Samples per cell and axis. Their mean is the cell's gray value.
_SAMPLES = 2
# Height and width of a crop in pixels.
CROP = 96
# Weights of the channels for the gray value, and for the opacity, of images with 1 to 4 channels.
_GRAY = ((1.0, 0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0), (0.299, 0.587, 0.114, 0.0), (0.299, 0.587, 0.114, 0.0))
_ALPHA = ((0.0, 0.0, 0.0, 0.0), (0.0, 1.0, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0))


class Canvas(NamedTuple):
    """An image in the middle of a square canvas, as large as possible. Beyond its edges it is mirrored."""

    # Gray values 0 to 255, float32 (1, cells, cells, 1).
    gray: tf.Tensor
    # 1 where a cell lies on the image, 0 beyond, float32 (1, cells, cells, 1).
    inside: tf.Tensor
    # Pixels per cell, float32.
    step: tf.Tensor
    # The canvas' top and left edge in pixels of the image, float32; 0 or negative.
    top: tf.Tensor
    left: tf.Tensor
    # Gray value that transparent pixels get.
    backdrop: tf.Tensor


class Crop(NamedTuple):
    """A square part of an image, reduced to `CROP` pixels where it is larger."""

    # Gray values 0 to 255, float32 (CROP, CROP).
    gray: tf.Tensor
    # 1 where a pixel lies on the image and in the square, float32 (CROP, CROP).
    inside: tf.Tensor
    # Pixels of the image per pixel.
    step: tf.Tensor
    # Centers of its rows and columns in pixels of the image, float32 (CROP,).
    rows: tf.Tensor
    columns: tf.Tensor


def sample_canvas(picture: tf.Tensor, cells: int) -> Canvas:
    """Samples an image on a canvas.

    Args:
        picture: uint8 or float32 (height, width, channels), 0 to 255: gray, gray and alpha, RGB, or RGBA.
        cells: height and width of the canvas, in cells.
    """
    height, width = (tf.cast(tf.shape(picture)[axis], tf.float32) for axis in range(2))
    step = tf.maximum(height, width) / cells
    top, left = (height - step * cells) / 2.0, (width - step * cells) / 2.0
    fine = (tf.range(cells * _SAMPLES, dtype=tf.float32) + 0.5) * (step / _SAMPLES)
    rows, columns = _mirrored(fine + top, height), _mirrored(fine + left, width)
    # The mean first: what is done with few cells costs less.
    light, alpha = _gray_and_alpha(tf.nn.avg_pool2d(_pick(picture, rows, columns), _SAMPLES, _SAMPLES, "VALID"))
    ink = tf.math.divide_no_nan(tf.reduce_sum(light * alpha), tf.reduce_sum(alpha))
    # What is transparent becomes white where the ink is dark, and black where it is light.
    backdrop = tf.where(ink < 128.0, 255.0, 0.0)
    gray = _composite(light, alpha, backdrop)
    coarse = (tf.range(cells, dtype=tf.float32) + 0.5) * step
    inside = _inside(coarse + top, height)[:, tf.newaxis] * _inside(coarse + left, width)[tf.newaxis, :]
    return Canvas(gray, inside[tf.newaxis, ..., tf.newaxis], step, top, left, backdrop)


def crop(picture: tf.Tensor, backdrop: tf.Tensor, top: tf.Tensor, left: tf.Tensor, side: tf.Tensor) -> Crop:
    """Crops a square from an image, and reduces it if it is larger than `CROP` pixels.

    Args:
        picture: as in `sample_canvas`.
        backdrop: of the canvas.
        top: the square's top edge, in pixels; it may lie beyond the image, as all its edges may.
        left: its left edge.
        side: its height and width.
    """
    height, width = (tf.cast(tf.shape(picture)[axis], tf.float32) for axis in range(2))
    step = tf.maximum(1.0, side / CROP)
    offsets = (tf.range(CROP, dtype=tf.float32) + 0.5) * step
    # Whole pixels stay whole, so that a digit of 20 pixels is not blurred.
    top, left = (tf.where(step > 1.0, edge, tf.floor(edge)) for edge in (top, left))
    rows, columns = top + offsets, left + offsets
    pixels = _pick(picture, tf.clip_by_value(rows, 0.0, height), tf.clip_by_value(columns, 0.0, width))
    light, alpha = _gray_and_alpha(pixels)
    in_square = tf.cast(offsets < side + step, tf.float32)
    inside = (_inside(rows, height) * in_square)[:, tf.newaxis] * (_inside(columns, width) * in_square)[tf.newaxis, :]
    return Crop(tf.reshape(_composite(light, alpha, backdrop), (CROP, CROP)), inside, step, rows, columns)


def _mirrored(positions: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """Mirrors positions beyond the edges of an axis back onto it. Repeated edges would look like long lines."""
    folded = tf.math.floormod(positions, 2.0 * size)
    return tf.minimum(folded, 2.0 * size - folded)


def _inside(positions: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    return tf.cast((positions > 0.0) & (positions < size), tf.float32)


def _pick(picture: tf.Tensor, rows: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
    """Returns the pixels at rows and columns, float32 (1, rows, columns, channels)."""
    shape = tf.shape(picture)
    rows, columns = (
        tf.minimum(tf.cast(positions, tf.int32), shape[axis] - 1) for axis, positions in enumerate((rows, columns))
    )
    return tf.cast(tf.gather(tf.gather(picture, rows), columns, axis=1), tf.float32)[tf.newaxis]


def _gray_and_alpha(pixels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns gray values, 0 to 255, and opacity, 0 to 1, of pixels, (1, rows, columns, 1) each."""
    if pixels.shape[3] == 1:
        return pixels, tf.ones((1, 1, 1, 1))
    rows, columns = pixels.shape[1:3]
    channels = tf.shape(pixels)[3]
    flat = tf.reshape(pixels, (rows * columns, channels))

    def weighted(weights: tuple[tuple[float, ...], ...]) -> tf.Tensor:
        # LiteRT's convolutions need a known number of channels.
        column = tf.gather(tf.constant(weights), channels - 1)[:channels, tf.newaxis]
        return tf.reshape(tf.matmul(flat, column), (1, rows, columns, 1))

    # Without an alpha channel, all pixels are opaque.
    return weighted(_GRAY), weighted(_ALPHA) / 255.0 + tf.cast(channels % 2, tf.float32)


def _composite(gray: tf.Tensor, alpha: tf.Tensor, backdrop: tf.Tensor) -> tf.Tensor:
    return gray * alpha + backdrop * (1.0 - alpha)
