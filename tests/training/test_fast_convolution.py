import keras
import numpy as np
import pytest
import tensorflow as tf

from mnist_keras.training.fast_methods import with_fast_layers


def one_step(model, images):
    """Outputs and gradients, of the images first."""
    images = tf.Variable(tf.cast(images, tf.bfloat16))
    with tf.GradientTape() as tape:
        outputs = model(images, training=True)
        loss = tf.reduce_mean(tf.cast(outputs, tf.float32) ** 3)
    gradients = tape.gradient(loss, [images, *(variable.value for variable in model.trainable_variables)])
    return [np.asarray(tf.cast(values, tf.float32)) for values in (outputs, *gradients)]


def gradients_of(sides, options, monkeypatch):
    """Of our layer, of Keras', and how often ours computed its own."""
    calls = []
    own = tf.nn.conv2d_transpose
    monkeypatch.setattr(tf.nn, "conv2d_transpose", lambda *arguments: calls.append(1) or own(*arguments))
    keras.utils.set_random_seed(0)
    pixels = keras.Input((*sides, 2), dtype="bfloat16")
    layer = keras.layers.Conv2D(3, **{"kernel_size": 3, "padding": "same", **options}, dtype="mixed_bfloat16")
    model = keras.Model(pixels, layer(pixels))
    images = np.random.default_rng(0).normal(size=(6, *sides, 2))
    expected = one_step(model, images)
    assert not calls
    return one_step(with_fast_layers(model), images), expected, len(calls)


@pytest.mark.parametrize("options", [{}, dict(kernel_size=(5, 1)), dict(kernel_size=5, use_bias=False)])
@pytest.mark.parametrize("sides", [(7, 7), (3, 8)])
def test_gradients_are_those_of_keras(sides, options, monkeypatch):
    received, expected, calls = gradients_of(sides, options, monkeypatch)
    assert calls == 1
    assert len(received) == len(expected)
    for one, other in zip(received, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=0.03, atol=0.02 * np.abs(other).max())


@pytest.mark.parametrize(
    ("sides", "options"),
    [
        ((14, 14), {}),
        ((7, 7), dict(padding="valid")),
        ((7, 7), dict(strides=2)),
        ((7, 7), dict(dilation_rate=2)),
        ((7, 7), dict(kernel_size=2)),
        ((7, 7), dict(kernel_size=1)),
    ],
)
def test_other_layers_are_left_to_keras(sides, options, monkeypatch):
    received, expected, calls = gradients_of(sides, options, monkeypatch)
    assert calls == 0
    for one, other in zip(received, expected, strict=True):
        np.testing.assert_array_equal(one, other)
