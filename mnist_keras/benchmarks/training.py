"""Benchmark of training steps: this package against PyTorch and JAX, and with and without each of its fast parts.

All contenders train the same network on the same batches with the same optimizer and precision, without augmentation.
"""

import dataclasses
import importlib.util
import os
import shutil
from collections.abc import Callable
from typing import Any

import numpy as np

from mnist_keras.benchmarks.harness import Contender
from mnist_keras.recipes import get_recipe
from mnist_keras.recipes.recipe import Recipe

IMAGES = 60_000

COMPILED, JAX = "PyTorch, torch.compile", "JAX"
FUSED_BATCH_NORM, CONVOLUTION_GRADIENT, FUSED_SGD = "fused batch norm", "convolution gradient", "fused SGD"


def training_contenders(recipe: str, steps: int, mixed_precision: bool, threads: int) -> list[Contender]:
    """Returns this package's `fit`; PyTorch with channels first, with channels last, and compiled; and JAX.

    Those that `missing_peers` names are left out.

    Args:
        recipe: name of the recipe.
        steps: training steps per turn.
        mixed_precision: compute in bfloat16.
        threads: of each library.
    """
    options = dict(recipe=recipe, steps=steps, mixed_precision=mixed_precision, threads=threads)
    contenders = [
        Contender("mnist_keras", keras_steps, options),
        Contender("PyTorch", torch_steps, {**options, "channels_last": False}),
        Contender("PyTorch, channels last", torch_steps, {**options, "channels_last": True}),
        Contender(COMPILED, torch_steps, {**options, "channels_last": True, "compiled": True}),
        Contender(JAX, jax_steps, options),
    ]
    missing = missing_peers()
    return [contender for contender in contenders if contender.name not in missing]


def missing_peers() -> dict[str, str]:
    """Returns, by name, what the contenders need that cannot run here."""
    reasons = {}
    if not shutil.which(os.environ.get("CXX", "g++")):
        reasons[COMPILED] = "a C++ compiler"
    missing = [name for name in ("jax", "optax") if importlib.util.find_spec(name) is None]
    if missing:
        reasons[JAX] = f"{' and '.join(missing)} (pip install -e '.[benchmark]')"
    return reasons


def fused_contenders(recipe: str, steps: int, mixed_precision: bool, threads: int) -> list[Contender]:
    """Returns this package's `fit`, and the same without each of the fast parts that the recipe uses.

    The arguments are those of `training_contenders`.
    """
    options = dict(recipe=recipe, steps=steps, mixed_precision=mixed_precision, threads=threads)
    parts = _fast_parts(get_recipe(recipe), mixed_precision)
    return [
        Contender("mnist_keras", keras_steps, options),
        *(Contender(f"without {part}", keras_steps, {**options, "without": part}) for part in parts),
    ]


def _fast_parts(recipe: Recipe, mixed_precision: bool) -> list[str]:
    import keras

    from mnist_keras.models import build_model

    kinds = {type(layer) for layer in build_model(recipe).layers}
    uses = {
        FUSED_BATCH_NORM: keras.layers.BatchNormalization in kinds,
        CONVOLUTION_GRADIENT: keras.layers.Conv2D in kinds and mixed_precision,
        FUSED_SGD: recipe.optimizer == "sgd",
    }
    return [part for part, is_used in uses.items() if is_used]


def keras_steps(
    recipe: str, steps: int, mixed_precision: bool, threads: int, without: str | None = None
) -> Callable[[], object]:
    """Returns a function that trains a recipe's network for `steps` steps with this package.

    Args:
        recipe: name of the recipe.
        steps: training steps per call.
        mixed_precision: compute in bfloat16.
        threads: of TensorFlow.
        without: a fast part that the whole process replaces by Keras' own, such as "fused batch norm"; None: none.
    """
    from mnist_keras.data.pipeline import training_batches
    from mnist_keras.distribution.strategy import get_strategy, set_up_device
    from mnist_keras.training import fast_methods
    from mnist_keras.training.compile import compile_model

    set_up_device(threads=threads)
    if without:
        parts = {
            FUSED_BATCH_NORM: fast_methods.use_fused_batch_norm,
            CONVOLUTION_GRADIENT: fast_methods.use_fast_gradient,
            FUSED_SGD: fast_methods.use_fused_update,
        }
        fast_methods.FAST_METHODS = {
            kind: method for kind, method in fast_methods.FAST_METHODS.items() if method is not parts[without]
        }
    plain = _plain_recipe(recipe)
    images, labels = _random_data()
    model = compile_model(plain, steps, get_strategy("one_device"), mixed_precision)
    epochs = -(-steps * plain.batch_size // len(images)) or steps
    batches = training_batches(images, labels, plain.batch_size, epochs, seed=0)
    return lambda: model.fit(batches, steps_per_epoch=steps, epochs=1, shuffle=False, verbose=0)


def torch_steps(
    recipe: str, steps: int, mixed_precision: bool, threads: int, channels_last: bool, compiled: bool = False
) -> Callable[[], object]:
    """Returns a function that trains a recipe's network for `steps` steps in PyTorch.

    Args:
        recipe, steps, mixed_precision: as in `keras_steps`.
        threads: of PyTorch.
        channels_last: memory layout of images and convolutions.
        compiled: compile the network with `torch.compile`.
    """
    import torch

    from mnist_keras.benchmarks.torch_port import torch_network, torch_optimizer

    torch.set_num_threads(threads)
    layout = torch.channels_last if channels_last else torch.contiguous_format
    plain = _plain_recipe(recipe)
    network = torch_network(plain).to(memory_format=layout).train()
    optimizer = torch_optimizer(plain, network)
    if compiled:
        network = torch.compile(network)
    images, labels = (torch.from_numpy(array) for array in _random_data())
    batch_size = plain.batch_size or len(images)

    def train():
        order = torch.randperm(len(images))
        for step in range(steps):
            chosen = order[(step * batch_size) % (len(images) - batch_size + 1) :][:batch_size]
            batch = images[chosen].unsqueeze(1).to(torch.float32, memory_format=layout)
            with torch.autocast("cpu", torch.bfloat16, enabled=mixed_precision):
                logits = network(batch)
            loss = torch.nn.functional.cross_entropy(logits.float(), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return loss.item()

    return train


def jax_steps(recipe: str, steps: int, mixed_precision: bool, threads: int) -> Callable[[], object]:
    """Returns a function that trains a recipe's network for `steps` steps in JAX.

    Args:
        recipe, steps, mixed_precision: as in `keras_steps`.
        threads: of XLA.
    """
    # XLA reads it when JAX is imported. It has no setting for numbers between one and all cores.
    os.environ["XLA_FLAGS"] = f"--xla_cpu_multi_thread_eigen={'false' if threads == 1 else 'true'}"
    import jax
    import jax.numpy as jnp

    from mnist_keras.benchmarks.jax_port import jax_network, jax_optimizer, jax_train_step

    plain = _plain_recipe(recipe)
    network, weights, statistics = jax_network(plain, jnp.bfloat16 if mixed_precision else jnp.float32)
    optimizer = jax_optimizer(plain)
    train_step = jax_train_step(network, optimizer)
    images, labels = _random_data()
    batch_size = plain.batch_size or len(images)
    state = (weights, statistics, optimizer.init(weights), jax.random.key(0))
    random = np.random.default_rng(0)

    def train():
        nonlocal state
        order = random.permutation(len(images))
        for step in range(steps):
            chosen = order[(step * batch_size) % (len(images) - batch_size + 1) :][:batch_size]
            state, loss = train_step(state, images[chosen], labels[chosen])
        return loss.item()

    return train


def _plain_recipe(name: str) -> Recipe:
    """Returns the recipe without augmentation, schedule, synthetic digits and logs per step."""
    plain: dict[str, Any] = dict(schedule="constant", warmup_fraction=0.0, synthetic_examples=0, log_every_steps=0)
    return dataclasses.replace(get_recipe(name), augmentation=None, **plain)


def _random_data() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (IMAGES, 28, 28), np.uint8)
    return images, random.integers(0, 10, IMAGES)
