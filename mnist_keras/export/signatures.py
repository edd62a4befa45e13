"""Signatures of exported models: TensorFlow functions with named inputs and outputs."""

from collections.abc import Callable, Mapping, Sequence

import keras
import tensorflow as tf

from mnist_keras.export.formats import CANVAS_PIXELS, MEDIAPIPE_SIDE
from mnist_keras.inference.preprocessing.decode import decode_picture
from mnist_keras.inference.preprocessing.digit import SIDE, PreprocessedDigit
from mnist_keras.inference.preprocessing.normalize_ops import normalize, normalize_each
from mnist_keras.models.other_network import PROBABILITIES

SIGNATURE = "serving_default"

# A function that returns a dict of tensors by output name, and the specs of its arguments.
Signature = tuple[Callable[..., Mapping[str, tf.Tensor]], Sequence[tf.TensorSpec]]


def pixels_signature(model: keras.Model, batch: int | None) -> Signature:
    """Returns the signature for normalized digits.

    Input: `pixels`, float32 of shape `(batch, 28, 28, 1)` in 0..1, white ink on black.
    Output: `probabilities`, float32 of shape `(batch, classes)`.

    Args:
        model: from `build_model`, trained.
        batch: fixed batch size. `None` allows any.
    """

    predict = _probability_function(model)

    def serve(pixels):
        return {"probabilities": predict(pixels * 255.0)}

    return serve, [tf.TensorSpec((batch, SIDE, SIDE, 1), tf.float32, name="pixels")]


def _probability_function(model: keras.Model) -> Callable[[tf.Tensor], tf.Tensor]:
    """Returns a function from pixels in 0..255 to probabilities.

    An ensemble returns the mean probabilities of its members, and a model with a layer `PROBABILITIES` those of that
    layer: their logarithms, which are its logits, have no 8-bit operator in tflite-runtime and TensorFlow Lite Micro.
    """
    last = [
        layer.output for layer in model.layers if isinstance(layer, keras.layers.Average) or layer.name == PROBABILITIES
    ]
    if last:
        without_logits = keras.Model(model.inputs, last[-1])
        return lambda pixels: without_logits(pixels, training=False)
    return lambda pixels: tf.nn.softmax(model(pixels, training=False))


def picture_signature(model: keras.Model) -> Signature:
    """Returns the signature for one gray image of any size, dark on light or light on dark.

    Input: `picture`, uint8 of shape `(1, height, width)`.
    Outputs: `probabilities`, float32 of shape `(1, classes)`; `digit`, the normalized digit, float32 of shape
    `(1, 28, 28)` in 0..255; `is_digit`, the probability that it is one, float32 of shape `(1,)`; and three booleans of
    shape `(1,)`: `has_ink`, `touches_border` (the border may cut the digit) and `several` (the image has other digits).
    """

    def serve(picture):
        return _classify_digit(model, normalize(as_picture(picture)), tf.bool)

    return serve, [tf.TensorSpec((1, None, None), tf.uint8, name="picture")]


def as_picture(gray: tf.Tensor) -> tf.Tensor:
    """Returns a gray image, (1, height, width), as the preprocessing takes it: (height, width, 1)."""
    # Indexing of uint8 does not convert to LiteRT.
    return tf.expand_dims(tf.squeeze(gray, axis=0), axis=2)


def canvas_picture(rgba: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """Returns an image from the inputs of `canvas_signature`: (height, width, 4)."""
    return tf.reshape(rgba[: 4 * size[0] * size[1]], tf.concat([size, [4]], axis=0))


def canvas_signature(model: keras.Model) -> Signature:
    """Returns the signature for the pixels of a browser's canvas, of up to `CANVAS_PIXELS` pixels.

    Inputs: `rgba`, float32 of shape `(CANVAS_PIXELS * 4,)` in 0..255, which begins with the image's pixels as
    `getImageData` returns them (the rest is ignored); `size`, int32 of shape `(2,)`, the image's height and width.
    Outputs: the same as of `picture_signature`, but float32 0 or 1 instead of booleans.

    LiteRT.js supports neither input tensors of variable size nor boolean outputs.
    """

    def serve(rgba, size):
        return _classify_digit(model, normalize(canvas_picture(rgba, size)), tf.float32)

    return serve, [
        tf.TensorSpec((CANVAS_PIXELS * 4,), tf.float32, name="rgba"),
        tf.TensorSpec((2,), tf.int32, name="size"),
    ]


def mediapipe_signature(model: keras.Model) -> Signature:
    """Returns the signature for MediaPipe's image classifier, which resizes any image to 224x224 pixels first.

    Input: `image`, uint8 of shape `(1, 224, 224, 3)`, red, green, blue; dark on light or light on dark.
    Output: `probabilities`, float32 of shape `(1, classes)`; all equal if the image has no ink.
    """

    uniform = 1 / model.output_shape[-1]

    def serve(image):
        answer = _classify_digit(model, normalize(image[0]), tf.bool)
        return {"probabilities": tf.where(answer["has_ink"][:, tf.newaxis], answer["probabilities"], uniform)}

    return serve, [tf.TensorSpec((1, MEDIAPIPE_SIDE, MEDIAPIPE_SIDE, 3), tf.uint8, name="image")]


def _classify_digit(model: keras.Model, preprocessed: PreprocessedDigit, flag_dtype: tf.DType) -> dict[str, tf.Tensor]:
    digit = preprocessed.digit[tf.newaxis]
    flags = {
        "has_ink": preprocessed.has_ink,
        "touches_border": preprocessed.touches_border,
        "several": preprocessed.has_other_digits,
    }
    return {
        "probabilities": tf.nn.softmax(model(digit[..., tf.newaxis], training=False)),
        "digit": digit,
        "is_digit": tf.reshape(preprocessed.is_digit, (1,)),
        **{name: tf.reshape(tf.cast(value, flag_dtype), (1,)) for name, value in flags.items()},
    }


def batch_probabilities(model: keras.Model) -> Callable[[tf.Tensor], tf.Tensor]:
    """Returns a function from pixels in 0..255, float32 of shape `(batch, 28, 28, 1)`, to probabilities.

    A SavedModel stores it once for all signatures that call it.
    """

    # Its name is part of the SavedModel.
    @tf.function(input_signature=[tf.TensorSpec((None, SIDE, SIDE, 1), tf.float32)])
    def probabilities_of(pixels):
        return tf.nn.softmax(model(pixels, training=False))

    return probabilities_of


def batch_signatures(probabilities_of: Callable[[tf.Tensor], tf.Tensor], classes: int) -> dict[str, Signature]:
    """Returns the signatures of a SavedModel, for batches of digits or of images.

    Args:
        probabilities_of: from `batch_probabilities`.
        classes: number of classes.

    Inputs, by signature:

    - `serving_default`: `images`, uint8 of shape `(batch, 28, 28)`, white ink on black;
    - `serve_float`: `pixels`, float32 of shape `(batch, 28, 28, 1)`, the same in 0..1;
    - `any_size`: `pictures`, uint8 of shape `(batch, height, width, channels)`, 1 to 4 channels, dark on light or light
      on dark;
    - `encoded`: `files`, strings of shape `(batch,)`, the bytes of PNG, JPEG, BMP or WebP files.

    Outputs of all: `probabilities`, float32 of shape `(batch, classes)`, and `classes`, int64 of shape `(batch,)`.

    `any_size` and `encoded` normalize each image to a digit first. They also return `digits`, the normalized digits,
    uint8 of shape `(batch, 28, 28)`; `boxes`, float32 of shape `(batch, 4)`, top, left, bottom and right of the ink in
    pixels; `is_digit`, the probability that there is a digit, float32 of shape `(batch,)`; and the booleans `has_ink`,
    `light_on_dark`, `touches_border` and `several`, each of shape `(batch,)`. An image without ink has the class -1,
    and all its probabilities are equal.
    """

    def classify(normalized, **others):
        # Convolutions fail on an empty batch.
        probabilities = tf.cond(
            tf.shape(normalized)[0] > 0,
            lambda: probabilities_of(normalized[..., tf.newaxis]),
            lambda: tf.zeros((0, classes)),
        )
        predicted = tf.argmax(probabilities, axis=1)
        if "has_ink" in others:
            predicted = tf.where(others["has_ink"], predicted, -1)
            probabilities = tf.where(others["has_ink"][:, tf.newaxis], probabilities, 1 / classes)
        return {"probabilities": probabilities, "classes": predicted, **others}

    def classify_pictures(pictures, decode):
        preprocessed = normalize_each(pictures, decode)
        return classify(
            preprocessed.digit,
            digits=tf.cast(preprocessed.digit, tf.uint8),
            has_ink=preprocessed.has_ink,
            is_digit=preprocessed.is_digit,
            light_on_dark=preprocessed.light_on_dark,
            touches_border=preprocessed.touches_border,
            several=preprocessed.has_other_digits,
            boxes=preprocessed.box,
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
