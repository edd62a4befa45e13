"""Other people's TFLite and ONNX files."""

import numpy as np
import pytest
import tensorflow as tf
from other_models import check, make_model, write, write_onnx

from mnist_keras.inference.input_form import SHAPES
from mnist_keras.inference.input_range import known_digits

pytestmark = pytest.mark.usefixtures("without_subprocess")


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_tflite_files(tmp_path, shape):
    check(write(make_model(shape), tmp_path / "theirs.tflite"), f"input {shape}, pixels from 0 to 1, logits")


@pytest.mark.parametrize("dtype", [tf.int8, tf.uint8])
def test_8_bit_tflite_files(tmp_path, dtype):
    images, _ = known_digits()
    converter = tf.lite.TFLiteConverter.from_keras_model(make_model((28, 28), "softmax", sharpness=0.2))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([image[np.newaxis].astype(np.float32) / 255] for image in images)
    converter.inference_input_type = converter.inference_output_type = dtype
    (tmp_path / "theirs.tflite").write_bytes(converter.convert())
    check(tmp_path / "theirs.tflite", "input (28, 28), pixels from 0 to 1, probabilities.")


def test_a_tflite_file_without_signatures(tmp_path):
    """As Google's codelab converted it: from a frozen function."""
    model = make_model((28, 28), "softmax")
    function = tf.function(lambda x: model(x), input_signature=[tf.TensorSpec((1, 28, 28))]).get_concrete_function()
    (tmp_path / "theirs.tflite").write_bytes(tf.lite.TFLiteConverter.from_concrete_functions([function]).convert())
    check(tmp_path / "theirs.tflite", "input (28, 28), pixels from 0 to 1, probabilities: of ten")


@pytest.mark.parametrize("kind", ["logits", "probabilities"])
@pytest.mark.parametrize("shape", [(1, 1, 28, 28), ("N", 1, 28, 28), (3, 28, 28, 1), (None, 28, 28), ("batch", 784)])
def test_onnx_files(tmp_path, shape, kind):
    path = write_onnx(tmp_path / "theirs.onnx", shape, kind)
    if shape[1:] == (28, 28, 1) and kind == "probabilities":
        check(path, "receives pixels from 0 to 255")
    else:
        check(path, f"input {shape[1:]}, pixels from 0 to 255, {kind}: of ten")
