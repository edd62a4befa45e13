import keras
import numpy as np

from mnist_keras.inference.preprocessing.digit_finder import ConstantLayers, build_maps, load_weights
from mnist_keras.models.digit_finder import build_digit_finder


def test_constants_compute_what_the_model_computes():
    keras.utils.set_random_seed(0)
    model, trainable = build_digit_finder()
    random = np.random.default_rng(0)
    for weights in model.weights:
        if "moving" in weights.path or "gamma" in weights.path or "beta" in weights.path:
            weights.assign(random.uniform(0.5, 1.5, weights.shape))
    cells = random.uniform(0, 1, (1, 96, 96, 2)).astype(np.float32)
    expected = model(cells, training=False)
    maps = build_maps(cells, ConstantLayers(trainable.constant_weights()))
    for name, values in maps._asdict().items():
        np.testing.assert_allclose(values, expected[name], rtol=1e-3, atol=1e-3)
    assert [maps.mask.shape, maps.votes.shape, maps.heat.shape] == [(1, 96, 96, 1), (1, 48, 48, 2), (1, 24, 24, 2)]


def test_the_shipped_weights_fit_the_network():
    _, trainable = build_digit_finder()
    assert [array.shape for array in load_weights()] == [array.shape for array in trainable.constant_weights()]


def test_frozen_batch_norm_does_not_change_in_training():
    model, trainable = build_digit_finder()
    trainable.freeze_batch_norm()
    before = [np.array(weights) for weights in model.weights if "moving" in weights.path]
    model(np.ones((2, 96, 96, 2), np.float32), training=True)
    after = [np.array(weights) for weights in model.weights if "moving" in weights.path]
    assert before and all(np.array_equal(one, other) for one, other in zip(before, after, strict=True))
