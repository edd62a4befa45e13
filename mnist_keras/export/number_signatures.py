"""Signatures of exported models that read all digits of an image."""

from collections.abc import Callable, Mapping

import keras
import tensorflow as tf

from mnist_keras.export.formats import CANVAS_PIXELS
from mnist_keras.export.signatures import Signature, as_picture, canvas_picture
from mnist_keras.inference.preprocessing.digit import MAX_DIGITS, SIDE
from mnist_keras.inference.preprocessing.numbers_ops import NormalizedDigits, normalize_all, normalize_all_checked

_CLASSES = 10


def numbers_signature(model: keras.Model) -> Signature:
    """Returns the signature for all digits of one gray image of any size.

    Input: `picture`, uint8 of shape `(1, height, width)`.
    Outputs: `count`, the number of digits, at most 32, int32 of shape `(1,)`; and in reading order, with zeros after
    the last digit, `probabilities`, float32 of shape `(1, 32, 10)`; `boxes`, top, left, bottom and right in pixels,
    float32 of shape `(1, 32, 4)`; `is_digit`, the probability that it is one, float32 of shape `(1, 32)`; `lines`, the
    number of its line from 0, int32 of shape `(1, 32)`; `digits`, in MNIST's geometry, float32 of shape
    `(1, 32, 28, 28)` in 0..255; and `signs`, the number of letters and signs, int32 of shape `(1,)`.
    """

    def serve(picture):
        return _add_batch(_classify_all(_probabilities_of(model), normalize_all(as_picture(picture))))

    return serve, [tf.TensorSpec((1, None, None), tf.uint8, name="picture")]


def canvas_numbers_signature(model: keras.Model) -> Signature:
    """Returns the signature for all digits on a browser's canvas.

    Inputs: those of `canvas_signature`, of up to `CANVAS_PIXELS` pixels.
    Outputs: those of `numbers_signature`.
    """

    def serve(rgba, size):
        return _add_batch(_classify_all(_probabilities_of(model), normalize_all(canvas_picture(rgba, size))))

    return serve, [
        tf.TensorSpec((CANVAS_PIXELS * 4,), tf.float32, name="rgba"),
        tf.TensorSpec((2,), tf.int32, name="size"),
    ]


def batch_numbers(probabilities_of: Callable[[tf.Tensor], tf.Tensor]) -> Signature:
    """Returns the signature of a SavedModel for all digits of each image.

    Args:
        probabilities_of: from `batch_probabilities`.

    Input: `pictures`, uint8 of shape `(batch, height, width, channels)`, 1 to 4 channels.
    Outputs: those of `numbers_signature`, for `batch` images.
    """
    specs = {
        "count": tf.TensorSpec((), tf.int32),
        "probabilities": tf.TensorSpec((MAX_DIGITS, _CLASSES)),
        "boxes": tf.TensorSpec((MAX_DIGITS, 4)),
        "is_digit": tf.TensorSpec((MAX_DIGITS,)),
        "lines": tf.TensorSpec((MAX_DIGITS,), tf.int32),
        "digits": tf.TensorSpec((MAX_DIGITS, SIDE, SIDE)),
        "signs": tf.TensorSpec((), tf.int32),
    }

    def serve(pictures):
        return tf.map_fn(
            lambda picture: _classify_all(probabilities_of, normalize_all_checked(picture)),
            pictures,
            fn_output_signature=specs,
            # Large photographs must not all be in memory at once.
            parallel_iterations=2,
        )

    return serve, [tf.TensorSpec((None, None, None, None), tf.uint8, name="pictures")]


def _probabilities_of(model: keras.Model) -> Callable[[tf.Tensor], tf.Tensor]:
    return lambda pixels: tf.nn.softmax(model(pixels, training=False))


def _classify_all(probabilities_of: Callable[[tf.Tensor], tf.Tensor], found: NormalizedDigits) -> dict[str, tf.Tensor]:
    """Returns the outputs of one image. Only the digits that are there cost time."""

    def add_digit(number: tf.Tensor, probabilities: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        digit = tf.reshape(found.digits[number], (1, SIDE, SIDE, 1))
        # LiteRT has no operator that writes into one row of a tensor.
        row = tf.cast(tf.equal(tf.range(MAX_DIGITS), number), tf.float32)[:, tf.newaxis]
        return number + 1, probabilities + row * probabilities_of(digit)

    _, probabilities = tf.while_loop(
        lambda number, _: number < found.count, add_digit, (tf.constant(0), tf.zeros((MAX_DIGITS, _CLASSES)))
    )
    return {
        "count": found.count,
        "probabilities": probabilities,
        "boxes": found.boxes,
        "is_digit": found.is_digit,
        "lines": found.lines,
        "digits": found.digits,
        "signs": found.signs,
    }


def _add_batch(outputs: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    return {name: tf.expand_dims(value, axis=0) for name, value in outputs.items()}
