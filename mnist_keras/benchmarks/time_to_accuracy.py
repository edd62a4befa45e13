"""How long until the test set is read so well: recipes here, and the published protocol of `cnn` in PyTorch."""

import dataclasses
import time
from typing import Any

import numpy as np

from mnist_keras.benchmarks.elsewhere import elsewhere
from mnist_keras.digits import Digits, load_digits
from mnist_keras.recipes import get_recipe

# Of the published protocol; its author trained for 30.
_MOST_EPOCHS = 30


@dataclasses.dataclass(frozen=True)
class Arrival:
    """One training. All times are in seconds from the call on, compilation and tests after each epoch included."""

    side: str
    seed: int
    wall: float
    cpu: float
    #: On all test images at the end.
    accuracy: float
    epochs: int


def train_here(recipe: str, seed: int, threads: int, dataset: str, data_dir: str | None) -> Arrival:
    """All epochs of a recipe, in the precision that it asks for."""
    return elsewhere(_train_here, recipe, seed, threads, dataset, data_dir)


def train_in_torch(target: float, seed: int, threads: int, dataset: str, data_dir: str | None) -> Arrival:
    """The protocol of `cnn` in PyTorch, float32, channels last, until an epoch ends at `target` or above."""
    return elsewhere(_train_in_torch, target, seed, threads, dataset, data_dir)


def arrivals_table(arrivals: list[Arrival]) -> str:
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


def _train_here(recipe: str, seed: int, threads: int, dataset: str, data_dir: str | None) -> Arrival:
    from mnist_keras.evaluation import score
    from mnist_keras.strategy import set_up_device
    from mnist_keras.training import train

    set_up_device(threads=threads)
    digits = load_digits(dataset, data_dir)
    wall, cpu = time.perf_counter(), time.process_time()
    training = train(recipe, digits, seed=seed, verbose=False)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    report = score(training.predict(digits.test_images), digits.test_labels)
    return Arrival(recipe, seed, wall, cpu, report.accuracy, len(training.history))


def _train_in_torch(target: float, seed: int, threads: int, dataset: str, data_dir: str | None) -> Arrival:
    import torch

    from mnist_keras.benchmarks.torch_networks import torch_network, torch_optimizer

    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    digits, recipe = load_digits(dataset, data_dir), get_recipe("cnn")
    network = torch_network(recipe).to(memory_format=torch.channels_last)
    optimizer = torch_optimizer(recipe, network)
    images, labels = (torch.from_numpy(array) for array in (digits.train_images, digits.train_labels.astype(np.int64)))
    wall, cpu = time.perf_counter(), time.process_time()
    epochs, accuracy = 0, 0.0
    while accuracy < target and epochs < _MOST_EPOCHS:
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
    return Arrival(f"published cnn, PyTorch, until {100 * target:g}", seed, wall, cpu, accuracy, epochs)


def _accuracy(network: Any, digits: Digits) -> float:
    import torch

    network.eval()
    images = torch.from_numpy(digits.test_images)
    with torch.no_grad():
        answers = [network(part.unsqueeze(1).to(torch.float32)).argmax(1) for part in images.split(1000)]
    return float((torch.cat(answers).numpy() == digits.test_labels).mean())
