import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_keras.data import load_digits
from mnist_keras.inference.preprocessing.normalize_ops import normalize


def picture_of(ink, height, width, top, left, ground=0.0, strength=255.0):
    gray = np.full((height, width), ground, np.float32)
    gray[top : top + ink.shape[0], left : left + ink.shape[1]] += strength * ink
    return gray


NORMALIZE = tf.function(
    lambda gray: normalize(gray[..., tf.newaxis]), input_signature=[tf.TensorSpec((None, None), tf.float32)]
)
# A seven: 20 pixels high, 12 wide.
SEVEN = np.zeros((20, 12), np.float32)
SEVEN[:4], SEVEN[:, 8:] = 1, 1


def normalized(gray):
    seen = NORMALIZE(tf.constant(gray))
    assert seen.digit.shape == (28, 28)
    assert bool(seen.has_ink)
    return seen.digit.numpy()


def center(digit):
    rows, columns = np.indices(digit.shape)
    return (digit * rows).sum() / digit.sum(), (digit * columns).sum() / digit.sum()


def test_mnist_is_a_fixed_point(mnist_folder):
    images = load_digits("mnist", mnist_folder).test_images.astype(np.float32)
    assert np.mean([np.abs(NORMALIZE(image).digit - image).mean() for image in images[:300]]) < 0.01 * 255


@given(st.integers(0, 20), st.integers(0, 30), st.booleans())
@settings(max_examples=30, deadline=None)
def test_position_and_polarity_do_not_matter(top, left, is_dark):
    ground, strength = (255.0, -255.0) if is_dark else (0.0, 255.0)
    gray = picture_of(SEVEN, 45, 50, 1 + top, 1 + left, ground, strength)
    expected = normalized(picture_of(SEVEN, 28, 28, 4, 8))
    assert np.abs(normalized(gray) - expected).mean() < 2
    row, column = center(expected)
    assert 13.5 <= row < 14.5
    assert 13.5 <= column < 14.5


@pytest.mark.parametrize("factor", [2, 5, 10])
def test_a_larger_digit_becomes_the_same(factor):
    ink = SEVEN.repeat(factor, axis=0).repeat(factor, axis=1)
    digit = normalized(picture_of(ink, 30 * factor, 30 * factor, 5 * factor, 9 * factor + 3, 230.0, -180.0))
    expected = normalized(picture_of(SEVEN, 28, 28, 4, 8))
    assert np.abs(digit - expected).mean() < 0.03 * 255
    rows = np.flatnonzero(digit.max(axis=1) > 128)
    assert rows[-1] - rows[0] + 1 == 20


def test_a_small_digit_is_enlarged():
    digit = normalized(picture_of(SEVEN[::2, ::2], 60, 60, 40, 3))
    assert np.abs(digit - normalized(picture_of(SEVEN, 28, 28, 4, 8))).mean() < 0.05 * 255


def test_noise_on_the_background_is_no_ink():
    noise = np.random.default_rng(0).normal(0, 6, (300, 400)).astype(np.float32)
    ink = SEVEN.repeat(4, axis=0).repeat(4, axis=1)
    clean = picture_of(ink, 300, 400, 100, 200, 240.0, -200.0)
    assert np.abs(normalized(clean + noise) - normalized(clean)).mean() < 0.02 * 255


@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_blank_picture_has_no_ink(value):
    noise = np.random.default_rng(0).normal(0, 2, (40, 60)).astype(np.float32)
    for gray in (np.full((40, 60), value, np.float32), value + noise, np.full((1, 1), value, np.float32)):
        seen = NORMALIZE(tf.constant(gray))
        assert not any(np.any(part.numpy()) for part in seen)


@pytest.mark.parametrize("strength", [15, 30])
@pytest.mark.parametrize(("height", "width"), [(64, 64), (120, 160), (200, 200)])
def test_noise_alone_is_no_ink_and_hides_none(height, width, strength):
    noise = np.random.default_rng(0).normal(0, strength, (height, width)).astype(np.float32)
    assert not bool(NORMALIZE(tf.constant(180.0 + noise)).has_ink)
    ink = SEVEN.repeat(2, axis=0).repeat(2, axis=1)
    assert bool(NORMALIZE(tf.constant(picture_of(ink, height, width, 12, 20, 180.0, -150.0) + noise)).has_ink)
