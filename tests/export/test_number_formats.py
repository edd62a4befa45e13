"""Formats that read all digits of an image."""

import numpy as np
import onnxruntime
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from mnist_keras.data.synthetic import synthetic_digits
from mnist_keras.export.formats import CANVAS_PIXELS
from mnist_keras.inference.predictor import load_predictor
from mnist_keras.inference.preprocessing.normalize import preprocess_number


def page_of(count):
    """Digits in a row, dark on light, uint8 (124, 20 + 100 * count)."""
    page = np.full((124, 20 + 100 * count), 235, np.uint8)
    for place, digit in enumerate(synthetic_digits(count, seed=5)[0]):
        left = 18 + 100 * place
        page[20:104, left : left + 84] -= (0.8 * digit.repeat(3, axis=0).repeat(3, axis=1)).astype(np.uint8)
    return page


PAGE = page_of(3)


@pytest.fixture(scope="module")
def expected(folder):
    """What the package's own preprocessing and the 28x28 file answer."""
    found = preprocess_number(PAGE).digits
    assert len(found) == 3
    digits = np.stack([digit.digit for digit in found])
    return found, digits, load_predictor(folder / "mnist.tflite").predict(digits)


def check(outputs, expected):
    found, digits, probabilities = expected
    assert outputs["count"].tolist() == [3] and outputs["count"].dtype == np.int32
    assert outputs["signs"].tolist() == [0]
    assert outputs["lines"].shape == (1, 32) and not outputs["lines"].any()
    assert np.abs(outputs["digits"][0, :3] - digits).max() <= 1
    np.testing.assert_allclose(outputs["probabilities"][0, :3], probabilities, atol=0.02)
    np.testing.assert_allclose(outputs["is_digit"][0, :3], [digit.is_digit for digit in found], atol=0.01)
    np.testing.assert_allclose(outputs["boxes"][0, :3], [digit.box for digit in found], atol=1)
    for name in ("digits", "probabilities", "is_digit", "boxes"):
        assert outputs[name].shape[:2] == (1, 32)
        assert not outputs[name][0, 3:].any()


def test_the_numbers_file_reads_all_digits(folder, expected):
    check(Interpreter(str(folder / "mnist_numbers.tflite")).get_signature_runner()(picture=PAGE[np.newaxis]), expected)


def test_the_onnx_file_reads_all_digits(folder, expected):
    session = onnxruntime.InferenceSession(folder / "mnist_numbers.onnx")
    names = [output.name for output in session.get_outputs()]
    check(dict(zip(names, session.run(names, {"picture": PAGE[np.newaxis]}), strict=True)), expected)


def test_the_canvas_file_reads_all_digits(folder, expected):
    assert PAGE.size <= CANVAS_PIXELS
    flat = np.full(4 * CANVAS_PIXELS, 77, np.float32)
    flat[: 4 * PAGE.size] = np.dstack([PAGE] * 3 + [np.full_like(PAGE, 255)]).ravel()
    predict = Interpreter(str(folder / "mnist_canvas_numbers.tflite")).get_signature_runner()
    check(predict(rgba=flat, size=np.array(PAGE.shape, np.int32)), expected)


def test_the_saved_model_reads_all_digits_of_each_image(export):
    numbers = tf.saved_model.load(str(export / "saved_model")).signatures["numbers"]
    blank = np.full_like(PAGE, 235)
    outputs = numbers(pictures=tf.constant(np.stack([PAGE, blank])[..., np.newaxis]))
    assert outputs["count"].numpy().tolist() == [3, 0]
    found = preprocess_number(PAGE).digits
    np.testing.assert_allclose(outputs["boxes"][0, :3], [digit.box for digit in found], atol=1)
    np.testing.assert_allclose(tf.reduce_sum(outputs["probabilities"], axis=2)[0, :3], 1, atol=1e-5)
    assert not outputs["probabilities"][1].numpy().any()


@pytest.mark.parametrize("file", ["mnist_numbers.tflite", "mnist_canvas_numbers.tflite", "mnist_numbers.onnx"])
def test_a_predictor_predicts_the_first_digit(folder, expected, file):
    image = expected[1][0]
    first = preprocess_number(image).digits[0].digit
    predictor = load_predictor(folder / file)
    probabilities = load_predictor(folder / "mnist.tflite").predict(first[np.newaxis])
    np.testing.assert_allclose(predictor.predict(image[np.newaxis]), probabilities, atol=0.02)
    np.testing.assert_allclose(predictor.predict(np.zeros((1, 28, 28), np.uint8)), np.full((1, 10), 0.1), atol=1e-6)
