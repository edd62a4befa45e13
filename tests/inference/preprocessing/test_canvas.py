"""Images are sampled without being converted as a whole."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_keras.inference.preprocessing.canvas import CROP, crop, sample_canvas


def canvas_of(picture, cells=96):
    return sample_canvas(tf.constant(picture), cells)


@pytest.mark.parametrize(
    ("pixel", "gray"),
    [
        ([200], 200),
        ([200, 255], 200),
        ([200, 0], 0),
        ([255, 0, 0], 76.245),
        ([0, 255, 0, 255], 149.685),
        ([9, 9, 9, 0], 0),
    ],
)
def test_every_number_of_channels(pixel, gray):
    picture = np.zeros((96, 96, len(pixel)), np.uint8)
    # Light ink, so that what is transparent becomes black.
    picture[:] = [255, 255, 255, 255][: len(pixel)]
    picture[:4, :4] = pixel
    for seen in (canvas_of(picture), canvas_of_any(picture)):
        np.testing.assert_allclose(seen.gray[0, :4, :4, 0], gray, atol=1e-3)


@tf.function(input_signature=[tf.TensorSpec((None, None, None), tf.uint8)])
def canvas_of_any(picture):
    return sample_canvas(picture, 96)


def test_dark_ink_on_transparency_is_on_white():
    picture = np.zeros((96, 96, 4), np.uint8)
    picture[40:50, 40:50, 3] = 255
    gray = canvas_of(picture).gray.numpy()[0, ..., 0]
    assert gray[45, 45] == 0 and gray[0, 0] == 255


@given(st.integers(1, 300), st.integers(1, 300), st.integers(0, 255))
@settings(max_examples=30, deadline=None)
def test_an_image_lies_in_the_middle_of_its_canvas(height, width, value):
    canvas = canvas_of(np.full((height, width, 1), value, np.uint8))
    assert np.all(canvas.gray.numpy() == value)
    share = canvas.inside.numpy().mean()
    assert abs(share - min(height, width) / max(height, width)) <= 1 / 96 + 1e-6
    np.testing.assert_array_equal(canvas.inside, canvas.inside.numpy()[:, ::-1, ::-1])


def test_an_image_is_mirrored_beyond_its_edges():
    picture = np.zeros((48, 96, 1), np.uint8)
    picture[:8] = 200
    gray = canvas_of(picture).gray.numpy()[0, :, 50, 0]
    np.testing.assert_array_equal(np.flatnonzero(gray), np.arange(16, 32))


def test_a_cell_is_the_mean_of_pixels():
    stripes = np.zeros((960, 960, 1), np.uint8)
    stripes[:, ::2] = 255
    assert canvas_of(stripes).gray.numpy().std() < 128
    large = np.repeat(np.repeat(np.arange(96, dtype=np.uint8)[:, np.newaxis, np.newaxis], 5, axis=0), 480, axis=1)
    np.testing.assert_allclose(canvas_of(large).gray[0, :, 0, 0], np.arange(96))


def test_a_small_crop_keeps_the_pixels():
    picture = np.random.default_rng(0).integers(0, 256, (60, 70, 1)).astype(np.uint8)
    part = crop(tf.constant(picture), tf.constant(0.0), tf.constant(10.4), tf.constant(-3.0), tf.constant(30.0))
    assert part.gray.shape == (CROP, CROP)
    np.testing.assert_array_equal(part.gray[:30, 3:30], picture[10:40, :27, 0])
    inside = part.inside.numpy()
    assert not inside[:, :3].any() and not inside[32:].any()
    assert inside[:30, 3:30].all()


def test_a_large_crop_is_reduced():
    picture = np.zeros((1000, 1000, 1), np.uint8)
    picture[500:] = 100
    part = crop(tf.constant(picture), tf.constant(0.0), tf.constant(0.0), tf.constant(0.0), tf.constant(1000.0))
    np.testing.assert_array_equal(part.gray[:, 0], [0] * (CROP // 2) + [100] * (CROP // 2))
    np.testing.assert_allclose(part.rows[0], 500 / CROP, rtol=1e-5)
