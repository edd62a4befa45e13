import keras
import numpy as np

from mnist_keras.models import build_model
from mnist_keras.models.rewrites import equalize_depthwise
from mnist_keras.recipes import get_recipe


def small(**options):
    model = build_model(
        get_recipe("cnn_robust", network_options=dict(stages=((4, 6), (5,)), separable=True, **options))
    )
    random = np.random.default_rng(0)
    # Filters a thousandfold apart, and a dead one.
    for layer in model.layers:
        if isinstance(layer, keras.layers.DepthwiseConv2D):
            sizes = 10 ** random.uniform(-2, 1, layer.kernel.shape[2])
            sizes[0] = 0
            layer.kernel.assign(random.normal(size=layer.kernel.shape) * sizes[:, np.newaxis])
    return model


def largest_filters(model):
    layers = [layer for layer in model.layers if isinstance(layer, keras.layers.DepthwiseConv2D)]
    return [np.abs(layer.kernel.numpy()).max(axis=(0, 1, 3)) for layer in layers]


def test_it_computes_the_same_from_filters_of_one_size():
    images = np.random.default_rng(1).uniform(0, 255, (8, 28, 28, 1)).astype(np.float32)
    for options in ({}, {"weighted_average": True}):
        model = small(**options)
        before = [weight.copy() for weight in model.get_weights()]
        equal = equalize_depthwise(model)
        np.testing.assert_allclose(equal(images), model(images), rtol=1e-4, atol=1e-5)
        filters = largest_filters(equal)
        assert len(filters) == 2 + len(options)
        for largest in filters:
            assert largest[0] == 0
            np.testing.assert_allclose(largest[1:], 1, rtol=1e-6)
        for weight, expected in zip(model.get_weights(), before, strict=True):
            np.testing.assert_array_equal(weight, expected)


def test_an_activation_in_between_keeps_the_filters_as_they_are():
    pixels = keras.Input((6, 6, 3))
    x = keras.layers.DepthwiseConv2D(3, use_bias=False, activation="sigmoid")(pixels)
    model = keras.Model(pixels, keras.layers.Conv2D(2, 1)(x))
    np.testing.assert_array_equal(equalize_depthwise(model).get_weights()[0], model.get_weights()[0])


def test_a_second_reader_keeps_the_filters_as_they_are():
    pixels = keras.Input((6, 6, 3))
    x = keras.layers.DepthwiseConv2D(3, use_bias=False)(pixels)
    model = keras.Model(pixels, [keras.layers.Conv2D(2, 1)(x), x])
    np.testing.assert_array_equal(equalize_depthwise(model).get_weights()[0], model.get_weights()[0])
