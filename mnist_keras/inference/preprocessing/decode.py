"""Decodes the bytes of image files in TensorFlow operations, after a check of the number of pixels in the header."""

import tensorflow as tf

from mnist_keras.inference.preprocessing.image_files import MAX_PIXELS

_HEADER = 32


def decode_picture(content: tf.Tensor) -> tf.Tensor:
    """Decodes a PNG, JPEG, BMP or WebP file; the first frame of an animated one.

    GIF is not supported: its decoder unpacks all frames at once.

    Args:
        content: the file's bytes, a scalar string.

    Returns:
        uint8 (height, width, channels), 1 to 4 channels; 16 bits are converted to 8, CMYK to RGB.

    Raises:
        tf.errors.InvalidArgumentError: the file is damaged or has another format, or its header states more than
            `MAX_PIXELS` pixels.
    """
    pixels = _pixels_promised(content)
    allowed = tf.debugging.Assert(
        pixels <= MAX_PIXELS, [f"A picture has more than {MAX_PIXELS} pixels; scale it down first. Pixels:", pixels]
    )
    with tf.control_dependencies([allowed]):
        return tf.io.decode_image(content, expand_animations=False)


def _pixels_promised(content: tf.Tensor) -> tf.Tensor:
    """Returns width times height according to the header, int64."""
    header = tf.cast(tf.io.decode_raw(content, tf.uint8, fixed_length=_HEADER), tf.int64)

    def number(first: int, count: int) -> tf.Tensor:
        return tf.reduce_sum(header[first : first + count] * [256**power for power in range(count)])

    def begins(magic: bytes, first: int = 0) -> tf.Tensor:
        return tf.reduce_all(header[first : first + len(magic)] == list(magic))

    def png() -> tf.Tensor:
        big_endian = [256**power for power in (3, 2, 1, 0)]
        return tf.reduce_sum(header[16:20] * big_endian) * tf.reduce_sum(header[20:24] * big_endian)

    def bmp() -> tf.Tensor:
        # A height below zero means that the first row is the upper one.
        return number(18, 4) * tf.minimum(number(22, 4), 2**32 - number(22, 4))

    def jpeg() -> tf.Tensor:
        return tf.reduce_prod(tf.cast(tf.io.extract_jpeg_shape(content)[:2], tf.int64))

    def webp() -> tf.Tensor:
        lossy = (number(26, 2) % 2**14) * (number(28, 2) % 2**14)
        lossless = (number(21, 4) % 2**14 + 1) * (number(21, 4) // 2**14 % 2**14 + 1)
        extended = (number(24, 3) + 1) * (number(27, 3) + 1)
        return tf.case(
            [(begins(b"VP8 ", 12), lambda: lossy), (begins(b"VP8L", 12), lambda: lossless)], lambda: extended
        )

    def unknown() -> tf.Tensor:
        known = tf.debugging.Assert(False, ["A file is no PNG, JPEG, BMP or WebP picture. Its first bytes:", header])
        with tf.control_dependencies([known]):
            return tf.constant(0, tf.int64)

    kinds = [
        (begins(b"\x89PNG\r\n\x1a\n"), png),
        (begins(b"\xff\xd8\xff"), jpeg),
        (begins(b"BM"), bmp),
        (begins(b"RIFF") & begins(b"WEBP", 8), webp),
    ]
    return tf.case(kinds, unknown)
