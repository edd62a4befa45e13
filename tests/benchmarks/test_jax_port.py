import keras
import numpy as np
import pytest

from mnist_keras.distribution.strategy import get_strategy
from mnist_keras.models import build_model
from mnist_keras.recipes import RECIPES, get_recipe
from mnist_keras.training.compile import compile_model

jax = pytest.importorskip("jax")
pytest.importorskip("optax")
from mnist_keras.benchmarks.jax_port import jax_network, jax_optimizer, jax_train_step  # noqa: E402

IMAGES = np.random.default_rng(0).integers(0, 256, (4, 28, 28, 1)).astype(np.float32)


@pytest.mark.parametrize("name", [name for name, recipe in RECIPES.items() if recipe.ensemble_size == 1])
def test_the_peer_is_the_same_network(name):
    keras.utils.set_random_seed(0)
    model = build_model(name)
    keras.utils.set_random_seed(0)
    network, weights, statistics = jax_network(RECIPES[name])
    received, _ = network(weights, statistics, IMAGES)
    np.testing.assert_allclose(received, model(IMAGES, training=False), atol=1e-4)
    count = sum(array.size for array in jax.tree.leaves(weights))
    assert count == sum(int(np.prod(weight.shape)) for weight in model.trainable_variables)


@pytest.mark.parametrize(("optimizer", "momentum"), [("sgd", 0.9), ("adam", 0.0), ("adamw", 0.0)])
def test_a_step_changes_the_weights_like_keras(optimizer, momentum):
    # Batch norm in training mode, and no dropout, whose masks differ.
    recipe = get_recipe(
        "cnn_augmented",
        optimizer=optimizer,
        momentum=momentum,
        learning_rate=0.01,
        augmentation=None,
        network_options={"dropout": 0.0},
    )
    labels = np.arange(4)
    keras.utils.set_random_seed(0)
    model = compile_model(recipe, 1, get_strategy("one_device"))
    expected = [model.train_on_batch(IMAGES, labels)[0] for _ in range(3)]
    keras.utils.set_random_seed(0)
    network, weights, statistics = jax_network(recipe)
    peer = jax_optimizer(recipe)
    state = (weights, statistics, peer.init(weights), jax.random.key(0))
    step = jax_train_step(network, peer)
    losses = []
    for _ in expected:
        state, loss = step(state, IMAGES[..., 0].astype(np.uint8), labels)
        losses.append(float(loss))
    np.testing.assert_allclose(losses, expected, rtol=1e-3)
    assert losses[-1] < losses[0] - 0.1
