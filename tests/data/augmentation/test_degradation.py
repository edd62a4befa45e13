import numpy as np
import pytest
import tensorflow as tf

from mnist_keras.data.augmentation.config import Augmentation
from mnist_keras.data.augmentation.degradation import degrade, dilate_or_erode, sample_degradation

NONE = dict(stroke_width_change=0, blur=0, cutout_x=0.5, cutout_y=0.5, cutout_size=0, noise=0, sharpness=1)
BAR = np.zeros((28, 28), np.float32)
BAR[12:16, 4:24] = 255


def degraded(image=BAR, **changes):
    parameters = {name: tf.constant([value], tf.float32) for name, value in {**NONE, **changes}.items()}
    images = tf.constant(image[np.newaxis, ..., np.newaxis])
    return degrade(images, **parameters, noise_seed=tf.constant([0, 0])).numpy()[0, ..., 0]


def height(image):
    return image[:, 14].sum() / 255


def test_neutral_parameters_leave_the_image_unchanged():
    np.testing.assert_allclose(degraded(), BAR, atol=1e-3)


@pytest.mark.parametrize("pixels", [-1.5, -1.0, 0.5, 1.0, 2.0, 3.0, 4.0])
def test_stroke_width_changes_by_the_given_pixels(pixels):
    np.testing.assert_allclose(height(degraded(stroke_width_change=pixels)), 4 + pixels, atol=1e-3)


def test_dilate_or_erode_interpolates_between_steps():
    images = tf.constant([10.0])
    dilations = [lambda values: values + 1, lambda values: values + 2]
    erosions = [lambda values: values - 4]
    for amount, expected in {0: 10, 1: 10.5, 2: 11, 3: 12, 4: 13, 9: 13, -1: 8, -2: 6, -9: 6}.items():
        result = dilate_or_erode(images, tf.constant(float(amount)), dilations, erosions)
        np.testing.assert_allclose(result, [expected])


def test_cutout_blanks_a_square():
    image = degraded(cutout_size=0.25, cutout_x=0.5, cutout_y=0.5)
    assert not image[11:17, 11:17].any()
    assert image[13, :10].sum() == BAR[13, :10].sum()


def test_blur_preserves_the_sum_of_pixels():
    blurred = degraded(blur=1.0)
    np.testing.assert_allclose(blurred.sum(), BAR.sum(), rtol=1e-3)
    assert 100 < blurred[12, 14] < 200
    assert 20 < blurred[11, 14] < 100


def test_sharpness_makes_edges_steeper():
    blurred = degraded(blur=1.0)
    sharp = degraded(blur=1.0, sharpness=3.0)
    assert (sharp[blurred < 127] <= blurred[blurred < 127]).all()
    assert (sharp[blurred > 128] >= blurred[blurred > 128]).all()


def test_noise_has_the_given_standard_deviation():
    gray = np.full((28, 28), 127, np.float32)
    assert 20 < degraded(gray, noise=0.1).std() < 31
    assert degraded(BAR, noise=0.1).min() >= 0


def test_sampled_parameters_fill_their_ranges():
    ranges = Augmentation(stroke_width=(-1, 2), blur=0.8, sharpness=3, noise=0.2, cutout=0.3)
    sampled = {name: value.numpy() for name, value in sample_degradation(ranges, 2000, tf.constant([0, 1])).items()}
    limits = dict(
        stroke_width_change=(-1, 2),
        blur=(0, 0.8),
        cutout_x=(0, 1),
        cutout_y=(0, 1),
        cutout_size=(0, 0.3),
        noise=(0, 0.2),
    )
    for name, (low, high) in {**limits, "sharpness": (1, 4)}.items():
        assert low <= sampled[name].min() < low + 0.05 * (high - low)
        assert high - 0.05 * (high - low) < sampled[name].max() <= high
    for name in ("cutout_size", "noise"):
        assert 0.45 < (sampled[name] == 0).mean() < 0.55
