"""Training steps of a recipe's network here and in PyTorch: same batch, optimizer and precision, no augmentation."""

import dataclasses
from collections.abc import Callable

import numpy as np

from mnist_keras.benchmarks.turns import Side
from mnist_keras.recipe import Recipe
from mnist_keras.recipes import get_recipe

IMAGES = 60_000


def training_sides(recipe: str, steps: int, mixed_precision: bool, threads: int) -> list[Side]:
    """This package's `fit` first, then PyTorch in both layouts."""
    options = dict(recipe=recipe, steps=steps, mixed_precision=mixed_precision, threads=threads)
    return [
        Side("mnist_keras", keras_steps, options),
        Side("PyTorch", torch_steps, {**options, "channels_last": False}),
        Side("PyTorch, channels last", torch_steps, {**options, "channels_last": True}),
    ]


def keras_steps(recipe: str, steps: int, mixed_precision: bool, threads: int) -> Callable[[], object]:
    """Sets up a model; a call trains it by so many steps."""
    from mnist_keras.compiling import compile_model
    from mnist_keras.pipeline import training_batches
    from mnist_keras.strategy import get_strategy, set_up_device

    set_up_device(threads=threads)
    plain = _plain(recipe)
    images, labels = _noise()
    model = compile_model(plain, steps, get_strategy("one_device"), mixed_precision)
    epochs = -(-steps * plain.batch_size // len(images)) or steps
    batches = training_batches(images, labels, plain.batch_size, epochs, seed=0)
    return lambda: model.fit(batches, steps_per_epoch=steps, epochs=1, shuffle=False, verbose=0)


def torch_steps(
    recipe: str, steps: int, mixed_precision: bool, threads: int, channels_last: bool
) -> Callable[[], object]:
    """The same in PyTorch, on images that lie in memory as they are needed."""
    import torch

    from mnist_keras.benchmarks.torch_networks import torch_network, torch_optimizer

    torch.set_num_threads(threads)
    layout = torch.channels_last if channels_last else torch.contiguous_format
    plain = _plain(recipe)
    network = torch_network(plain).to(memory_format=layout).train()
    optimizer = torch_optimizer(plain, network)
    images, labels = (torch.from_numpy(array) for array in _noise())
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


def _plain(recipe: str) -> Recipe:
    # Nor does PyTorch read the loss of every step.
    return dataclasses.replace(
        get_recipe(recipe), augmentation=None, schedule="constant", warmup=0.0, drawn=0, log_every=0
    )


def _noise() -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(0)
    images = chance.integers(0, 256, (IMAGES, 28, 28), np.uint8)
    return images, chance.integers(0, 10, IMAGES)
