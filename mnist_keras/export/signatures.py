"""What an exported model can be asked, as TensorFlow functions with named ends."""

from collections.abc import Callable, Mapping, Sequence

import keras
import tensorflow as tf

from mnist_keras.export.formats import CANVAS_PIXELS
from mnist_keras.inference.preprocessing.decode import decode_picture
from mnist_keras.inference.preprocessing.normalize_ops import (
    SIDE,
    PreprocessedDigit,
    normalize,
    normalize_each,
    to_gray,
)

SIGNATURE = "serving_default"

# A function from tensors to a dict of tensors, whose keys become the outputs' names, and what it takes.
Signature = tuple[Callable[..., Mapping[str, tf.Tensor]], Sequence[tf.TensorSpec]]


def pixels_signature(model: keras.Model, batch: int | None) -> Signature:
    """`pixels`, float32 (batch, 28, 28, 1) in 0..1, white ink on black -> `probabilities`, float32 (batch, 10)."""

    def serve(pixels):
        return {"probabilities": tf.nn.softmax(model(pixels * 255.0, training=False))}

    return serve, [tf.TensorSpec((batch, SIDE, SIDE, 1), tf.float32, name="pixels")]


def picture_signature(model: keras.Model) -> Signature:
    """`picture`, uint8 (1, height, width), of any size and either polarity, brought to MNIST's geometry first.

    -> `probabilities`, float32 (1, 10); `digit`, float32 (1, 28, 28) in 0..255, what the network saw; and booleans
    (1,): `has_ink`, `touches_border` (the digit may be cut off), `several` (this one is one of them).
    """

    def serve(picture):
        return _read(model, normalize(tf.cast(picture[0], tf.float32)), tf.bool)

    return serve, [tf.TensorSpec((1, None, None), tf.uint8, name="picture")]


def canvas_signature(model: keras.Model) -> Signature:
    """`rgba`, float32 (CANVAS_PIXELS * 4,) in 0..255, and `size`, int32 (2,) -> as `picture_signature`.

    `rgba` begins with the pixels of a picture, as a browser's `getImageData` gives them; what follows is not read.
    `size` is the picture's height and width. LiteRT.js takes tensors of one size alone, and gives no booleans: they
    are 0 and 1, float32 (1,).
    """

    def serve(rgba, size):
        picture = tf.reshape(rgba[: 4 * size[0] * size[1]], tf.concat([size, [4]], axis=0))
        return _read(model, normalize(to_gray(picture)), tf.float32)

    return serve, [
        tf.TensorSpec((CANVAS_PIXELS * 4,), tf.float32, name="rgba"),
        tf.TensorSpec((2,), tf.int32, name="size"),
    ]


def _read(model: keras.Model, seen: PreprocessedDigit, flag: tf.DType) -> dict[str, tf.Tensor]:
    digit = seen.digit[tf.newaxis]
    flags = {
        "has_ink": seen.has_ink,
        "touches_border": seen.touches_border,
        "several": seen.has_other_digits,
    }
    return {
        "probabilities": tf.nn.softmax(model(digit[..., tf.newaxis], training=False)),
        "digit": digit,
        **{name: tf.reshape(tf.cast(value, flag), (1,)) for name, value in flags.items()},
    }


def batch_signatures(model: keras.Model) -> dict[str, Signature]:
    """Ways in for any number of digits or pictures.

    All give `probabilities`, float32 (None, 10), and `classes`, int64 (None,):

    - `serving_default`: `images`, uint8 (None, 28, 28), white ink on black, as MNIST's;
    - `serve_float`: `pixels`, float32 (None, 28, 28, 1), the same in 0..1;
    - `any_size`: `pictures`, uint8 (None, height, width, channels), 1 to 4 channels, either polarity;
    - `encoded`: `files`, strings (None,), the bytes of PNG, JPEG, BMP or WebP files.

    The last two bring each picture to MNIST's geometry first, and also give `digits`, uint8 (None, 28, 28), what
    the network saw; `boxes`, float32 (None, 4), top, left, bottom and right of the ink in pixels; and booleans
    (None,): `has_ink`, `light_on_dark`, `touches_border`, `several`. A picture without ink has the class -1 and even
    probabilities.
    """

    # Functions of their own are written once, and not once a signature.
    @tf.function(input_signature=[tf.TensorSpec((None, SIDE, SIDE, 1), tf.float32)])
    def keras_predict_function(pixels):
        return tf.nn.softmax(model(pixels, training=False))

    def classify(seen, **others):
        # Convolutions fail on an empty batch.
        probabilities = tf.cond(
            tf.shape(seen)[0] > 0,
            lambda: keras_predict_function(seen[..., tf.newaxis]),
            lambda: tf.zeros((0, 10)),
        )
        classes = tf.argmax(probabilities, axis=1)
        if "has_ink" in others:
            classes = tf.where(others["has_ink"], classes, -1)
            probabilities = tf.where(others["has_ink"][:, tf.newaxis], probabilities, 0.1)
        return {"probabilities": probabilities, "classes": classes, **others}

    def classify_pictures(pictures, decode):
        seen = normalize_each(pictures, decode)
        return classify(
            seen.digit,
            digits=tf.cast(seen.digit, tf.uint8),
            has_ink=seen.has_ink,
            light_on_dark=seen.light_on_dark,
            touches_border=seen.touches_border,
            several=seen.has_other_digits,
            boxes=seen.box,
        )

    return {
        SIGNATURE: (
            lambda images: classify(tf.cast(images, tf.float32)),
            [tf.TensorSpec((None, SIDE, SIDE), tf.uint8, name="images")],
        ),
        "serve_float": (
            lambda pixels: classify(tf.squeeze(pixels, axis=3) * 255.0),
            [tf.TensorSpec((None, SIDE, SIDE, 1), tf.float32, name="pixels")],
        ),
        "any_size": (
            lambda pictures: classify_pictures(pictures, tf.identity),
            [tf.TensorSpec((None, None, None, None), tf.uint8, name="pictures")],
        ),
        "encoded": (
            lambda files: classify_pictures(files, decode_picture),
            [tf.TensorSpec((None,), tf.string, name="files")],
        ),
    }
