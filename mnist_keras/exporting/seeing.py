"""The way from a picture to MNIST's geometry as a LiteRT file of its own, so that seeing needs no TensorFlow.

    python -m mnist_keras.exporting.seeing

writes it anew, after a change of what lies under `own_images/normalizer.py`.
"""

import pathlib
import tempfile

import tensorflow as tf

from mnist_keras.exporting.packing import pack
from mnist_keras.own_images.normalizer import normalize, to_gray
from mnist_keras.own_images.seeing import NORMALIZER


def write_normalizer(path: pathlib.Path) -> None:
    """Writes the file that `see` runs: `picture`, uint8 (height, width, 4), red, green, blue, alpha -> `Seen`'s."""

    @tf.function(input_signature=[tf.TensorSpec((None, None, 4), tf.uint8, name="picture")])
    def see(picture):
        return normalize(to_gray(picture))._asdict()

    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(tf.Module(), folder, signatures=see)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        path.write_bytes(pack(converter.convert()))


if __name__ == "__main__":
    write_normalizer(NORMALIZER)
    print(f"{NORMALIZER}: {NORMALIZER.stat().st_size:,} bytes")
