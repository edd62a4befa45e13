import keras
import numpy as np
import pytest

from mnist_keras.models import build_model
from mnist_keras.recipes import RECIPES

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("name", [name for name, recipe in RECIPES.items() if recipe.ensemble_size == 1])
def test_the_peer_is_the_same_network(name):
    from mnist_keras.benchmarks.torch_port import torch_network

    images = np.random.default_rng(0).integers(0, 256, (4, 28, 28, 1)).astype(np.float32)
    keras.utils.set_random_seed(0)
    expected = build_model(name)(images, training=False).numpy()
    keras.utils.set_random_seed(0)
    network = torch_network(RECIPES[name]).eval()
    with torch.inference_mode():
        received = network(torch.from_numpy(images.transpose(0, 3, 1, 2))).numpy()
    np.testing.assert_allclose(received, expected, atol=1e-4)
    counts = sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)
    assert counts == sum(int(np.prod(weight.shape)) for weight in build_model(name).trainable_variables)
