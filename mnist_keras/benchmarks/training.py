"""Training steps of a recipe's network here and in PyTorch: same batch, optimizer and precision, no augmentation."""

import dataclasses
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from mnist_keras.benchmarks.harness import Contender, run_in_subprocess
from mnist_keras.data import Digits, load_digits
from mnist_keras.recipes import get_recipe
from mnist_keras.recipes.recipe import Recipe

IMAGES = 60_000


def training_contenders(recipe: str, steps: int, mixed_precision: bool, threads: int) -> list[Contender]:
    """This package's `fit` first, then PyTorch in both layouts."""
    options = dict(recipe=recipe, steps=steps, mixed_precision=mixed_precision, threads=threads)
    return [
        Contender("mnist_keras", keras_steps, options),
        Contender("PyTorch", torch_steps, {**options, "channels_last": False}),
        Contender("PyTorch, channels last", torch_steps, {**options, "channels_last": True}),
    ]


def keras_steps(recipe: str, steps: int, mixed_precision: bool, threads: int) -> Callable[[], object]:
    """Sets up a model; a call trains it by so many steps."""
    from mnist_keras.data.pipeline import training_batches
    from mnist_keras.distribution.strategy import get_strategy, set_up_device
    from mnist_keras.training.compile import compile_model

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

    from mnist_keras.benchmarks.torch_port import torch_network, torch_optimizer

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
        get_recipe(recipe),
        augmentation=None,
        schedule="constant",
        warmup_fraction=0.0,
        synthetic_examples=0,
        log_every_steps=0,
    )


def _noise() -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(0)
    images = chance.integers(0, 256, (IMAGES, 28, 28), np.uint8)
    return images, chance.integers(0, 10, IMAGES)


# Of the published protocol; its author trained for 30.
_MAX_EPOCHS = 30


@dataclasses.dataclass(frozen=True)
class TimeToAccuracy:
    """One training. All times are in seconds from the call on, compilation and tests after each epoch included."""

    side: str
    seed: int
    wall: float
    cpu: float
    #: On all test images at the end.
    accuracy: float
    epochs: int


def train_here(recipe: str, seed: int, threads: int, dataset: str, data_dir: str | None) -> TimeToAccuracy:
    """All epochs of a recipe, in the precision that it asks for."""
    return run_in_subprocess(_train_here, recipe, seed, threads, dataset, data_dir)


def train_in_torch(target: float, seed: int, threads: int, dataset: str, data_dir: str | None) -> TimeToAccuracy:
    """The protocol of `cnn` in PyTorch, float32, channels last, until an epoch ends at `target` or above."""
    return run_in_subprocess(_train_in_torch, target, seed, threads, dataset, data_dir)


def time_to_accuracy_table(arrivals: list[TimeToAccuracy]) -> str:
    """Each side's means over its seeds, as a Markdown table."""
    lines = [
        "| side | wall, s | processor, s | accuracy, % | min | max | epochs | seeds | times the first, wall |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    first = None
    for side in dict.fromkeys(arrival.side for arrival in arrivals):
        own = [arrival for arrival in arrivals if arrival.side == side]
        wall, cpu, epochs = (np.mean([getattr(one, name) for one in own]) for name in ("wall", "cpu", "epochs"))
        accuracies = [100 * one.accuracy for one in own]
        first = first or wall
        lines.append(
            f"| {side} | {wall:.1f} | {cpu:.1f} | {np.mean(accuracies):.2f} | {min(accuracies):.2f} | "
            f"{max(accuracies):.2f} | {epochs:.0f} | {len(own)} | {wall / first:.1f} |"
        )
    return "\n".join(lines) + "\n"


def _train_here(recipe: str, seed: int, threads: int, dataset: str, data_dir: str | None) -> TimeToAccuracy:
    from mnist_keras.distribution.strategy import set_up_device
    from mnist_keras.evaluation.metrics import compute_metrics
    from mnist_keras.training.train import train

    set_up_device(threads=threads)
    digits = load_digits(dataset, data_dir)
    wall, cpu = time.perf_counter(), time.process_time()
    training = train(recipe, digits, seed=seed, verbose=False)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    report = compute_metrics(training.predict(digits.test_images), digits.test_labels)
    return TimeToAccuracy(recipe, seed, wall, cpu, report.accuracy, len(training.history))


def _train_in_torch(target: float, seed: int, threads: int, dataset: str, data_dir: str | None) -> TimeToAccuracy:
    import torch

    from mnist_keras.benchmarks.torch_port import torch_network, torch_optimizer

    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    digits, recipe = load_digits(dataset, data_dir), get_recipe("cnn")
    network = torch_network(recipe).to(memory_format=torch.channels_last)
    optimizer = torch_optimizer(recipe, network)
    images, labels = (torch.from_numpy(array) for array in (digits.train_images, digits.train_labels.astype(np.int64)))
    wall, cpu = time.perf_counter(), time.process_time()
    epochs, accuracy = 0, 0.0
    while accuracy < target and epochs < _MAX_EPOCHS:
        epochs += 1
        network.train()
        for chosen in torch.randperm(len(images)).split(recipe.batch_size):
            batch = images[chosen].unsqueeze(1).to(torch.float32, memory_format=torch.channels_last)
            loss = torch.nn.functional.cross_entropy(network(batch), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        accuracy = _accuracy(network, digits)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return TimeToAccuracy(f"published cnn, PyTorch, until {100 * target:g}", seed, wall, cpu, accuracy, epochs)


def _accuracy(network: Any, digits: Digits) -> float:
    import torch

    network.eval()
    images = torch.from_numpy(digits.test_images)
    with torch.no_grad():
        answers = [network(part.unsqueeze(1).to(torch.float32)).argmax(1) for part in images.split(1000)]
    return float((torch.cat(answers).numpy() == digits.test_labels).mean())
