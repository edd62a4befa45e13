import numpy as np
import pytest
import tensorflow as tf
from pictures import DIGITS, grain, ink_of, page

from mnist_keras.inference.preprocessing.canvas import sample_canvas
from mnist_keras.inference.preprocessing.ink import find_ink, is_present


def ink_on(gray):
    canvas = sample_canvas(tf.constant(np.float32(gray)[..., np.newaxis]), 96)
    return find_ink(canvas.gray)


@pytest.mark.parametrize("sign", [-1, 1])
def test_ink_is_as_strong_in_a_shadow_as_outside(sign):
    paper = np.full((260, 260), 230, np.float32)
    paper[120:140, 40:220] = 90
    paper[:, 130:] *= 0.45
    ink = ink_on(paper if sign < 0 else 255 - paper)
    assert float(ink.sign[0, 0, 0, 0]) == sign
    along = ink.share.numpy()[0, 46:50, 17:80, 0].max(axis=0)
    assert along.min() > 0.8


@pytest.mark.parametrize("edge", [100, 131, 160])
def test_a_hard_shadow_is_no_ink(edge):
    paper = page(ink_of(DIGITS[0], 110))
    paper[:, edge:] *= 0.5
    share = ink_on(paper).share.numpy()[0, ..., 0]
    # Cells above the digit: 320 pixels are 96 cells, and the image begins in cell 12.
    assert share[13:28].max() < 0.15


def test_pages_are_searched_one_by_one():
    first, second = page(ink_of(DIGITS[0], 110)), 255 - page(ink_of(DIGITS[1], 60)) * 0.5
    canvases = [sample_canvas(tf.constant(gray[..., np.newaxis]), 96).gray for gray in (first, second)]
    both = find_ink(tf.concat(canvases, axis=0))
    for number, canvas in enumerate(canvases):
        for values, expected in zip(both, find_ink(canvas), strict=True):
            np.testing.assert_allclose(values[number], expected[0], rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("side", [28, 64, 96, 300])
@pytest.mark.parametrize("strength", [2, 15])
def test_noise_is_no_ink(side, strength):
    assert not is_present(ink_on(180 + grain((side, side), strength)), tf.constant(False))


@pytest.mark.parametrize("contrast", [30, 160])
def test_faint_ink_is_present_if_it_looks_like_a_glyph(contrast):
    paper = np.full((260, 260), 230, np.float32)
    paper[120:140, 40:220] -= contrast
    ink = ink_on(paper + grain(paper.shape, 12))
    assert is_present(ink, tf.constant(True))
    assert bool(is_present(ink, tf.constant(False))) == (contrast > 100)
