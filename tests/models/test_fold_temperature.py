import numpy as np

from mnist_keras.models import build_model
from mnist_keras.models.rewrites import fold_temperature


def test_logits_are_divided_by_the_temperature():
    model = build_model("stack_1")
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28, 1)).astype(np.float32)
    before = np.asarray(model(images))
    fold_temperature(model, 2.0)
    np.testing.assert_allclose(model(images), before / 2, rtol=1e-5)
