import numpy as np
import pytest
import tensorflow as tf

from mnist_keras.data.augmentation.config import Augmentation
from mnist_keras.data.augmentation.degradation import degrade, sample_degradation

NONE = dict(thicker=0, blur=0, gap_x=0.5, gap_y=0.5, cutout=0, noise=0, harder=1)
BAR = np.zeros((28, 28), np.float32)
BAR[12:16, 4:24] = 255


def worn(image=BAR, **changes):
    numbers = {name: tf.constant([value], tf.float32) for name, value in {**NONE, **changes}.items()}
    return degrade(tf.constant(image[np.newaxis, ..., np.newaxis]), **numbers, seed=tf.constant([0, 0])).numpy()[
        0, ..., 0
    ]


def height(image):
    return image[:, 14].sum() / 255


def test_nothing_changes_nothing():
    np.testing.assert_allclose(worn(), BAR, atol=1e-3)


@pytest.mark.parametrize("pixels", [-1.5, -1.0, 0.5, 1.0, 2.0, 3.0, 4.0])
def test_strokes_get_thicker_or_thinner_by_so_many_pixels(pixels):
    np.testing.assert_allclose(height(worn(thicker=pixels)), 4 + pixels, atol=1e-3)


def test_a_gap_is_a_blank_square():
    gap = worn(cutout=0.25, gap_x=0.5, gap_y=0.5)
    assert not gap[11:17, 11:17].any()
    assert gap[13, :10].sum() == BAR[13, :10].sum()


def test_blur_keeps_the_ink_and_spreads_it():
    blurred = worn(blur=1.0)
    np.testing.assert_allclose(blurred.sum(), BAR.sum(), rtol=1e-3)
    assert 100 < blurred[12, 14] < 200
    assert 20 < blurred[11, 14] < 100


def test_harder_edges():
    soft = worn(blur=1.0)
    hard = worn(blur=1.0, harder=3.0)
    assert (hard[soft < 127] <= soft[soft < 127]).all()
    assert (hard[soft > 128] >= soft[soft > 128]).all()


def test_noise_is_as_strong_as_it_says():
    gray = np.full((28, 28), 127, np.float32)
    assert 20 < worn(gray, noise=0.1).std() < 31
    assert worn(BAR, noise=0.1).min() >= 0


def test_numbers_lie_in_their_ranges():
    ranges = Augmentation(stroke_width=(-1, 2), blur=0.8, sharpness=3, noise=0.2, cutout=0.3)
    numbers = {name: value.numpy() for name, value in sample_degradation(ranges, 2000, tf.constant([0, 1])).items()}
    limits = dict(thicker=(-1, 2), blur=(0, 0.8), gap_x=(0, 1), gap_y=(0, 1), cutout=(0, 0.3), noise=(0, 0.2))
    for name, (low, high) in {**limits, "harder": (1, 4)}.items():
        assert low <= numbers[name].min() < low + 0.05 * (high - low)
        assert high - 0.05 * (high - low) < numbers[name].max() <= high
    for name in ("cutout", "noise"):
        assert 0.45 < (numbers[name] == 0).mean() < 0.55
