"""Shapes of inputs and images in them; kinds of outputs."""

import numpy as np
import pytest

from mnist_keras.inference.input_form import SHAPES, match_input
from mnist_keras.inference.input_range import known_digits
from mnist_keras.inference.output_kind import OutputKind, find_output_kind, to_probabilities


def test_unknown_sizes_fit():
    assert match_input(("N", None, None, 1), "float32").shape == (28, 28, 1)
    assert match_input((None, -1), "uint8").shape == (784,)
    assert match_input((None, 28, 28), "string") is None
    assert match_input((28, 28), "float32") is None


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_an_image_keeps_its_place_in_every_shape(shape):
    images, _ = known_digits()
    converted = match_input((None, *shape), "float32").convert(images, 1)
    channels = {3: 3, 1: 1}.get(min(shape), 1)
    axis = {(28, 28, 3): 3, (3, 28, 28): 1, (28, 28, 1): 3, (1, 28, 28): 1}.get(shape)
    for channel in range(channels):
        image = converted if axis is None else np.take(converted, channel, axis=axis)
        np.testing.assert_allclose(image.reshape(10, 28, 28), images / 255, atol=1e-7)


def test_kinds_of_outputs():
    probabilities = np.eye(10, dtype=np.float32)
    assert find_output_kind(probabilities) is OutputKind.PROBABILITIES
    assert find_output_kind(probabilities - 0.1) is OutputKind.LOGITS
    assert find_output_kind(3 * probabilities) is OutputKind.LOGITS
    assert find_output_kind(np.full((10, 10), 0.5)) is OutputKind.SIGMOIDS
    assert find_output_kind(np.full((10, 10), np.nan)) is OutputKind.LOGITS
    large = np.array([[1000, 0]], np.float32)
    np.testing.assert_array_equal(to_probabilities(large, OutputKind.LOGITS), [[1, 0]])
    np.testing.assert_array_equal(to_probabilities(0 * large, OutputKind.SIGMOIDS), [[0.5, 0.5]])
