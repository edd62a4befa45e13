import keras
import numpy as np

from mnist_keras.inference.preprocessing.digit_finder import ConstantLayers, load_weights
from mnist_keras.inference.preprocessing.rejector import WEIGHTS, build_is_digit
from mnist_keras.models.rejector import build_rejector


def test_constants_compute_what_the_model_computes():
    keras.utils.set_random_seed(0)
    model, trainable = build_rejector()
    random = np.random.default_rng(0)
    for weights in model.weights:
        if "moving" in weights.path or "gamma" in weights.path or "beta" in weights.path:
            weights.assign(random.uniform(0.5, 1.5, weights.shape))
    digits = random.uniform(0, 1, (3, 28, 28, 1)).astype(np.float32)
    finder_logits = random.normal(0, 2, (3, 1, 1, 1)).astype(np.float32)
    expected = model({"digits": digits, "finder_logits": finder_logits}, training=False)
    logits = build_is_digit(digits, finder_logits, ConstantLayers(trainable.constant_weights()))
    assert logits.shape == (3, 1, 1, 1)
    np.testing.assert_allclose(logits, expected, rtol=1e-3, atol=1e-3)


def test_the_shipped_weights_fit_the_network():
    _, trainable = build_rejector()
    assert [array.shape for array in load_weights(WEIGHTS)] == [array.shape for array in trainable.constant_weights()]
