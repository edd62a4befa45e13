import keras
import numpy as np
import pytest

from mnist_keras.models import build_model
from mnist_keras.models.rewrites import fold_batch_norm
from mnist_keras.recipes import get_recipe

IMAGES = np.random.default_rng(0).integers(0, 256, (8, 28, 28, 1)).astype(np.float32)


def with_statistics(model):
    """A model whose batch norm has seen something."""
    random = np.random.default_rng(1)
    for variable in model.variables:
        if variable.path.endswith(("gamma", "beta", "moving_mean", "moving_variance")):
            variable.assign(random.uniform(0.5, 2, variable.shape))
    return model


def layers_within(model):
    for layer in model.layers:
        yield from layers_within(layer) if isinstance(layer, keras.Model) else [layer]


@pytest.mark.parametrize(
    ("recipe", "left"),
    [
        (get_recipe("accurate"), 0),
        (get_recipe("ensemble", network_options={"stages": ((4, 4), (8,))}), 0),
        (get_recipe("compact_1k"), 0),
        # After an activation it cannot be folded.
        (get_recipe("cnn_augmented"), 5),
        (get_recipe("mlp"), 0),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_folded_network_computes_the_same(recipe, left):
    model = with_statistics(build_model(recipe))
    before = model.get_weights()
    folded = fold_batch_norm(model)
    np.testing.assert_allclose(folded(IMAGES), model(IMAGES), rtol=1e-3, atol=1e-4)
    assert sum(isinstance(layer, keras.layers.BatchNormalization) for layer in layers_within(folded)) == left
    for weight, expected in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, expected)


def test_a_convolution_that_others_read_too_keeps_its_batch_norm():
    pixels = keras.Input((28, 28, 1))
    x = keras.layers.Conv2D(2, 3)(pixels)
    model = with_statistics(keras.Model(pixels, [keras.layers.BatchNormalization()(x), x]))
    folded = fold_batch_norm(model)
    for output, expected in zip(folded(IMAGES), model(IMAGES), strict=True):
        np.testing.assert_allclose(output, expected, rtol=1e-4)
    assert any(isinstance(layer, keras.layers.BatchNormalization) for layer in folded.layers)
