import keras
import numpy as np

from mnist_keras.models.rewrites import restate_batch_norm


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
