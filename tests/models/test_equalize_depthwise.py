import keras
import numpy as np

from mnist_keras.models import build_model
from mnist_keras.models.rewrites import equalize_depthwise
from mnist_keras.recipes import get_recipe


def small_model(**options):
    """A small separable network whose depthwise filters differ in scale by up to 1000; the first is zero."""
    model = build_model(
        get_recipe("cnn_robust", network_options=dict(stages=((4, 6), (5,)), separable=True, **options))
    )
    random = np.random.default_rng(0)
    for layer in model.layers:
        if isinstance(layer, keras.layers.DepthwiseConv2D):
            scales = 10 ** random.uniform(-2, 1, layer.kernel.shape[2])
            scales[0] = 0
            layer.kernel.assign(random.normal(size=layer.kernel.shape) * scales[:, np.newaxis])
    return model


def maximum_weights(model):
    layers = [layer for layer in model.layers if isinstance(layer, keras.layers.DepthwiseConv2D)]
    return [np.abs(layer.kernel.numpy()).max(axis=(0, 1, 3)) for layer in layers]


def test_equalized_filters_have_the_same_maximum_and_the_model_computes_the_same():
    images = np.random.default_rng(1).uniform(0, 255, (8, 28, 28, 1)).astype(np.float32)
    for options in ({}, {"weighted_average": True}):
        model = small_model(**options)
        before = [weight.copy() for weight in model.get_weights()]
        equalized = equalize_depthwise(model)
        np.testing.assert_allclose(equalized(images), model(images), rtol=1e-4, atol=1e-5)
        maxima = maximum_weights(equalized)
        assert len(maxima) == 2 + len(options)
        for maximum in maxima:
            assert maximum[0] == 0
            np.testing.assert_allclose(maximum[1:], 1, rtol=1e-6)
        for weight, expected in zip(model.get_weights(), before, strict=True):
            np.testing.assert_array_equal(weight, expected)


def test_filters_with_an_activation_stay_unchanged():
    pixels = keras.Input((6, 6, 3))
    x = keras.layers.DepthwiseConv2D(3, use_bias=False, activation="sigmoid")(pixels)
    model = keras.Model(pixels, keras.layers.Conv2D(2, 1)(x))
    np.testing.assert_array_equal(equalize_depthwise(model).get_weights()[0], model.get_weights()[0])


def test_filters_with_a_second_consumer_stay_unchanged():
    pixels = keras.Input((6, 6, 3))
    x = keras.layers.DepthwiseConv2D(3, use_bias=False)(pixels)
    model = keras.Model(pixels, [keras.layers.Conv2D(2, 1)(x), x])
    np.testing.assert_array_equal(equalize_depthwise(model).get_weights()[0], model.get_weights()[0])
