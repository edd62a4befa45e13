"""A picture of a digit -> MNIST's geometry, in TensorFlow operations that every export can carry.

MNIST's digits are white on black, fitted into a box of 20 pixels, and moved by whole
pixels until their centre of mass is at index 14. Everything here is dense algebra on one
picture, without loops or branches, so that it converts to LiteRT's built-in operators.
"""

from collections.abc import Callable

import tensorflow as tf

SIDE = 28
_BOX = 20.0
_CENTRE = 14.0
# Least difference between ink and ground, of 255, and how far it must stand out from the ground's own noise.
_LEAST_CONTRAST = 24.0
_NOISE_FACTOR = 8.0
# Share of the darkest ink from which on a pixel counts for the box.
_FAINTEST = 0.05


def to_gray(picture: tf.Tensor) -> tf.Tensor:
    """Grey values in 0..255, float32 (height, width).

    Args:
        picture: uint8 (height, width, channels): grey, grey and alpha, RGB, or RGBA. What is transparent becomes
            white where the ink is dark, and black where it is light.
    """
    channels = tf.shape(picture)[2]
    in_colour = channels >= 3
    # Indices that exist whatever the number of channels.
    red, green, blue = (tf.cast(picture[..., tf.where(in_colour, index, 0)], tf.float32) for index in range(3))
    gray = 0.299 * red + 0.587 * green + 0.114 * blue
    is_transparent = tf.equal(channels % 2, 0)
    alpha = tf.where(is_transparent, tf.cast(picture[..., channels - 1], tf.float32) / 255.0, 1.0)
    ink = tf.math.divide_no_nan(tf.reduce_sum(gray * alpha), tf.reduce_sum(alpha))
    ground = tf.where(ink < 128.0, 255.0, 0.0)
    return gray * alpha + ground * (1.0 - alpha)


def normalize(gray: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Brings one digit to MNIST's geometry.

    Args:
        gray: float32 (height, width) in 0..255, at least 2 pixels either way; ink on a ground of one tone.

    Returns:
        The digit, float32 (28, 28) in 0..255, white on black; and whether there is any ink, a boolean.
    """
    border = tf.concat([gray[0], gray[-1], gray[:, 0], gray[:, -1]], axis=0)
    ground = _median(border)
    noise = tf.reduce_mean(tf.abs(border - ground))
    lighter, darker = gray - ground, ground - gray
    ink = tf.where(tf.reduce_max(lighter) >= tf.reduce_max(darker), lighter, darker)
    strongest = tf.reduce_max(ink)
    has_ink = strongest > tf.maximum(_LEAST_CONTRAST, _NOISE_FACTOR * noise)
    ink = tf.where(ink > tf.minimum(_NOISE_FACTOR * noise, 0.5 * strongest), ink, 0.0)

    first_row, height, row_centre = _span(tf.reduce_max(ink, axis=1), tf.reduce_sum(ink, axis=1), strongest)
    first_column, width, column_centre = _span(tf.reduce_max(ink, axis=0), tf.reduce_sum(ink, axis=0), strongest)
    scale = _BOX / tf.maximum(tf.maximum(height, width), 1.0)
    rows = _resampling(tf.shape(gray)[0], scale, first_row, row_centre)
    columns = _resampling(tf.shape(gray)[1], scale, first_column, column_centre)
    digit = tf.matmul(tf.matmul(rows, ink), columns, transpose_b=True)
    digit *= tf.math.divide_no_nan(255.0, tf.reduce_max(digit))
    return tf.where(has_ink, digit, 0.0), has_ink


def normalize_each(
    pictures: tf.Tensor, decode: Callable[[tf.Tensor], tf.Tensor] = tf.identity
) -> tuple[tf.Tensor, tf.Tensor]:
    """Brings every picture of a batch to MNIST's geometry.

    Args:
        pictures: what `decode` takes, batched.
        decode: an element -> uint8 (height, width, channels), 1 to 4 channels.

    Returns:
        The digits, whole numbers, float32 (None, 28, 28) in 0..255; and which have ink, bool (None,).

    Raises:
        tf.errors.InvalidArgumentError: a picture has no pixels, or another number of channels.
    """
    outputs = (tf.TensorSpec((SIDE, SIDE), tf.float32), tf.TensorSpec((), tf.bool))
    digits, has_ink = tf.map_fn(
        lambda element: _normalize_checked(decode(element)),
        pictures,
        fn_output_signature=outputs,
        # Large photographs must not all be in memory at once.
        parallel_iterations=2,
    )
    return tf.round(digits), has_ink


# A function of its own is written once into a SavedModel, however many signatures call it.
@tf.function(input_signature=[tf.TensorSpec((None, None, None), tf.uint8)])
def _normalize_checked(picture: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    shape = tf.shape(picture)
    fits = (tf.reduce_min(shape) > 0) & (shape[2] <= 4)
    expected = "A picture must have height, width and 1 to 4 channels. Received the shape:"
    with tf.control_dependencies([tf.debugging.Assert(fits, [expected, shape])]):
        return normalize(to_gray(tf.identity(picture)))


def _median(values: tf.Tensor) -> tf.Tensor:
    half = tf.shape(values)[0] // 2 + 1
    return tf.math.top_k(values, half).values[-1]


def _span(largest: tf.Tensor, sums: tf.Tensor, strongest: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """First index with ink, number of indices from first to last, and centre of mass, along one axis."""
    indices = tf.cast(tf.range(tf.shape(largest)[0]), tf.float32)
    inked = largest > _FAINTEST * strongest
    far = tf.cast(tf.shape(largest)[0], tf.float32)
    first = tf.reduce_min(tf.where(inked, indices, far))
    last = tf.reduce_max(tf.where(inked, indices, -1.0))
    return first, last - first + 1.0, tf.math.divide_no_nan(tf.reduce_sum(indices * sums), tf.reduce_sum(sums))


def _resampling(size: tf.Tensor, scale: tf.Tensor, first: tf.Tensor, centre: tf.Tensor) -> tf.Tensor:
    """(28, size): row i holds the weights with which the source's pixels make up pixel i."""
    sources = tf.cast(tf.range(size), tf.float32) + 0.5
    targets = tf.range(SIDE, dtype=tf.float32) + 0.5
    # As MNIST was made: scaled first, then moved by whole pixels.
    offset = tf.math.ceil(_CENTRE + 0.5 - (centre + 0.5 - first) * scale - 0.5)
    positions = (targets - offset) / scale + first
    # A triangle as wide as a target pixel, or as a source pixel where that is larger.
    reach = tf.maximum(1.0, 1.0 / scale)
    distances = tf.abs(positions[:, tf.newaxis] - sources[tf.newaxis, :])
    return tf.maximum(0.0, 1.0 - distances / reach) / reach
