"""A trained model as a TFLite file for phones, browsers and small machines."""

import contextlib
import io
import pathlib
import tempfile

import keras
import tensorflow as tf

from mnist_keras.errors import InputError
from mnist_keras.exporting.saved_model import SIGNATURE, write_signature


def write_tflite(model: keras.Model, path: pathlib.Path) -> None:
    """Writes a float32 file with the contract of Google's digit classifier codelab.

    It maps `pixels`, float32 (1, 28, 28, 1) in 0..1, white ink on black, to `probabilities`, float32
    (1, 10). Only built-in operators are used, so any LiteRT interpreter runs it.

    Raises:
        InputError: the model needs operators that LiteRT does not have.
    """

    def serve(pixels):
        return {"probabilities": tf.nn.softmax(model(pixels * 255.0, training=False))}

    with tempfile.TemporaryDirectory() as folder:
        write_signature(model, serve, tf.TensorSpec((1, 28, 28, 1), tf.float32, name="pixels"), folder)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=[SIGNATURE])
        # Flex operators, which LiteRT does not run, must fail here and not on a phone.
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                content = converter.convert()
        except Exception as error:  # The converter has an exception class of its own in a private module.
            reason = str(error).strip().splitlines()[0]
            raise InputError(f"{model.name} cannot be converted to TFLite's built-in operators: {reason}") from error
    path.write_bytes(content)
