import keras
import numpy as np
import pytest
import tensorflow as tf

from mnist_keras.models import build_model
from mnist_keras.training.fast_methods import with_fast_layers


def one_step(model, images):
    """Outputs in training, gradients, and batch statistics afterwards."""
    images = tf.Variable(images)
    with tf.GradientTape() as tape:
        outputs = model(images, training=True)
        loss = tf.reduce_mean(outputs**3)
    gradients = tape.gradient(loss, [images, *(variable.value for variable in model.trainable_variables)])
    return [np.asarray(values) for values in (outputs, *gradients, *model.non_trainable_weights)]


@pytest.mark.parametrize("options", [{}, dict(scale=False), dict(scale=False, center=False, epsilon=1e-5)])
def test_a_layer_computes_what_keras_does(options):
    pixels = keras.Input((4, 4, 2))
    model = keras.Model(pixels, keras.layers.BatchNormalization(momentum=0.9, **options)(pixels))
    images = np.random.default_rng(0).normal(3, 5, (8, 4, 4, 2)).astype(np.float32)
    received, expected = (one_step(net, images) for net in (with_fast_layers(model), model))
    assert len(received) == len(expected) == 2 + len(model.weights)
    for one, other in zip(received, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["cnn_augmented", "cnn_robust"])
def test_a_network_stays_the_same(name):
    model = build_model(name)
    fused = with_fast_layers(model)
    shown, expected = ([(layer.name, type(layer).__name__) for layer in net.layers] for net in (fused, model))
    assert shown == expected
    images = np.random.default_rng(0).uniform(0, 255, (64, 28, 28, 1)).astype(np.float32)
    np.testing.assert_allclose(fused(images), model(images), atol=1e-4)
    # Dropout too, by the same seeds.
    np.testing.assert_allclose(fused(images, training=True), model(images, training=True), rtol=2e-3, atol=2e-3)


def test_half_precision_stays_half_precision():
    model = with_fast_layers(build_model("cnn_robust", dtype="mixed_bfloat16"))
    layer = next(layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization))
    assert layer(tf.zeros((2, 28, 28, 16)), training=True).dtype == tf.bfloat16
    assert layer.moving_mean.dtype == "float32"


@pytest.mark.parametrize("channels", [8, 16])
def test_half_precision_is_near_keras(channels):
    pixels = keras.Input((4, 4, channels), dtype="bfloat16")
    model = keras.Model(pixels, keras.layers.BatchNormalization(dtype="mixed_bfloat16")(pixels))
    images = np.random.default_rng(0).normal(3, 5, (8, 4, 4, channels))
    received, expected = (net(tf.cast(images, tf.bfloat16), training=True) for net in (with_fast_layers(model), model))
    assert received.dtype == expected.dtype == tf.bfloat16
    np.testing.assert_allclose(tf.cast(received, tf.float32), tf.cast(expected, tf.float32), atol=0.03)


def test_batch_norm_over_features_is_left_to_keras():
    pixels = keras.Input((3,))
    model = with_fast_layers(keras.Model(pixels, keras.layers.BatchNormalization()(pixels)))
    assert "call" not in vars(model.layers[1])
