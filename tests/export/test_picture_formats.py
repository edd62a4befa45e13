"""Formats that take whole images."""

import numpy as np
import onnxruntime
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from mnist_keras.export.formats import CANVAS_PIXELS
from mnist_keras.inference.predictor import load_predictor
from mnist_keras.inference.preprocessing.normalize_ops import normalize


def signature(path):
    return Interpreter(str(path)).get_signature_runner("serving_default")


def test_the_mediapipe_file_answers_a_blank_image_evenly(folder):
    predict = signature(folder / "mnist_mediapipe.tflite")
    blank = predict(image=np.full((1, 224, 224, 3), 90, np.uint8))["probabilities"]
    np.testing.assert_allclose(blank, np.full((1, 10), 0.1), atol=1e-6)


def test_the_picture_file_normalizes_and_classifies(folder, tiny):
    predict = signature(folder / "mnist_picture.tflite")
    page = np.full((1, 120, 170), 230, np.uint8)
    page[0, 20:104, 60:144] -= (tiny.test_images[3].repeat(3, axis=0).repeat(3, axis=1) * 0.8).astype(np.uint8)
    outputs = predict(picture=page)
    preprocessed = normalize(tf.constant(page[0, ..., np.newaxis]))
    np.testing.assert_allclose(outputs["is_digit"], [preprocessed.is_digit], atol=1e-3)
    for name, flag in (
        ("has_ink", preprocessed.has_ink),
        ("touches_border", preprocessed.touches_border),
        ("several", preprocessed.has_other_digits),
    ):
        assert outputs[name].tolist() == [bool(flag)]
    np.testing.assert_allclose(outputs["digit"][0], preprocessed.digit, atol=1)
    expected = load_predictor(folder / "mnist.tflite").predict(outputs["digit"].astype(np.uint8))
    np.testing.assert_allclose(outputs["probabilities"], expected, atol=1e-5)
    blank = predict(picture=np.full((1, 31, 77), 90, np.uint8))
    assert blank["has_ink"].tolist() == [False]
    assert not blank["digit"].any()


@pytest.mark.parametrize("shape", [(120, 170), (170, 120), (28, 28)])
@pytest.mark.parametrize("is_transparent", [False, True])
def test_the_canvas_file_predicts_like_the_picture_file(folder, tiny, shape, is_transparent):
    ink = np.zeros(shape, np.uint8)
    scale = 1 if shape == (28, 28) else 3
    ink[-28 * scale :, : 28 * scale] = tiny.test_images[3].repeat(scale, axis=0).repeat(scale, axis=1)
    gray = 255 - ink
    rgba = np.dstack([gray] * 3 + [np.full(shape, 255, np.uint8)])
    if is_transparent:
        rgba = np.dstack([np.zeros((*shape, 3), np.uint8), ink])
    flat = np.full(4 * CANVAS_PIXELS, 77, np.float32)
    flat[: rgba.size] = rgba.ravel()
    outputs = signature(folder / "mnist_canvas.tflite")(rgba=flat, size=np.array(shape, np.int32))
    expected = signature(folder / "mnist_picture.tflite")(picture=gray[np.newaxis])
    np.testing.assert_allclose(outputs["digit"], expected["digit"], atol=1)
    np.testing.assert_allclose(outputs["probabilities"], expected["probabilities"], atol=0.02)
    for name in ("has_ink", "touches_border", "several"):
        assert outputs[name].tolist() == expected[name].astype(float).tolist()
        assert outputs[name].dtype == np.float32
    assert outputs["has_ink"].tolist() == [1.0]


def test_a_blank_canvas_of_any_size_has_no_ink(folder):
    predict = signature(folder / "mnist_canvas.tflite")
    for size in ((31, 77), (1, 1), (320, 320), (1, CANVAS_PIXELS)):
        outputs = predict(rgba=np.full(4 * CANVAS_PIXELS, 90, np.float32), size=np.array(size, np.int32))
        assert outputs["has_ink"].tolist() == [0.0]
        assert not outputs["digit"].any()


@pytest.mark.parametrize("file", ["mnist_picture.tflite", "mnist_picture.onnx"])
def test_a_blank_picture_of_any_size_has_no_ink(folder, file):
    for shape in ((1, 31, 77), (1, 300, 2), (1, 1, 1)):
        picture = np.full(shape, 90, np.uint8)
        if file.endswith(".onnx"):
            session = onnxruntime.InferenceSession(folder / file)
            (has_ink,) = session.run(["has_ink"], {"picture": picture})
        else:
            has_ink = signature(folder / file)(picture=picture)["has_ink"]
        assert has_ink.tolist() == [False]
