import keras
import numpy as np

from mnist_keras.models.finishing import divide_logits, restate_batch_norm


def test_the_temperature_divides_the_logits():
    pixels = keras.Input((4,))
    model = keras.Model(pixels, keras.layers.Dense(10, name="logits")(keras.layers.Dense(3)(pixels)))
    images = np.ones((2, 4), np.float32)
    before = np.asarray(model(images))
    divide_logits(model, 2.0)
    np.testing.assert_allclose(model(images), before / 2, rtol=1e-6)


def test_batch_norm_has_the_mean_statistics_of_the_batches():
    pixels = keras.Input((3,))
    layer = keras.layers.BatchNormalization(momentum=0.9)
    model = keras.Model(pixels, layer(pixels))
    layer.moving_mean.assign([7.0, 7.0, 7.0])
    batches = np.random.default_rng(0).normal(size=(4, 16, 3)).astype(np.float32)
    restate_batch_norm(model, [(batch, None) for batch in batches])
    np.testing.assert_allclose(layer.moving_mean, batches.mean(axis=(0, 1)), atol=1e-6)
    np.testing.assert_allclose(layer.moving_variance, batches.var(axis=1).mean(axis=0), rtol=1e-5)
    assert layer.momentum == 0.9
