"""Benchmark of time to accuracy: seconds until a training run reaches its test accuracy, here and in PyTorch."""

import dataclasses
import time
from typing import Any

import numpy as np

from mnist_keras.benchmarks.harness import run_in_subprocess
from mnist_keras.data import Digits, load_digits
from mnist_keras.recipes import get_recipe
from mnist_keras.recipes.recipe import Recipe
from mnist_keras.reports.text import markdown_table
from mnist_keras.training.settings import TrainingOptions

# The epochs of the published protocol.
_MAX_EPOCHS = 30


@dataclasses.dataclass(frozen=True)
class TimeToAccuracy:
    """Times and test accuracy of one training run.

    Times are in seconds from the start of training and include compilation and the evaluation after each epoch.
    """

    name: str
    seed: int
    wall: float
    #: CPU time summed over threads.
    cpu: float
    #: Test accuracy after the last epoch, 0..1.
    accuracy: float
    epochs: int


def train_here(recipe: Recipe, seed: int, threads: int, dataset: str, data_dir: str | None) -> TimeToAccuracy:
    """Trains all epochs of a recipe in a new process, in the precision of the recipe.

    Args:
        recipe: what to train.
        seed: random seed of the run.
        threads: of TensorFlow.
        dataset: name of the dataset.
        data_dir: folder of the dataset; None: see `load_digits`.
    """
    return run_in_subprocess(_train_here, recipe, seed, threads, dataset, data_dir)


def train_in_torch(target: float, seed: int, threads: int, dataset: str, data_dir: str | None) -> TimeToAccuracy:
    """Trains the recipe `cnn` in PyTorch (float32, channels last) in a new process until it reaches `target`.

    Training ends after the first epoch whose test accuracy is at least `target` (0..1), or after 30 epochs. The other
    arguments are those of `train_here`.
    """
    return run_in_subprocess(_train_in_torch, target, seed, threads, dataset, data_dir)


def time_to_accuracy_table(runs: list[TimeToAccuracy]) -> str:
    """Returns a Markdown table of each contender's means over its seeds; ratios are to the first contender."""
    headings = ["contender", "wall time, s", "CPU time, s", "test accuracy, %", "min", "max", "epochs", "seeds"]
    rows = []
    reference = None
    for name in dict.fromkeys(run.name for run in runs):
        own = [run for run in runs if run.name == name]
        wall, cpu, epochs = (np.mean([getattr(run, field) for run in own]) for field in ("wall", "cpu", "epochs"))
        accuracies = [100 * run.accuracy for run in own]
        reference = reference or wall
        percentages = [f"{value:.2f}" for value in (np.mean(accuracies), min(accuracies), max(accuracies))]
        counts = [f"{epochs:.0f}", str(len(own))]
        rows.append([name, f"{wall:.1f}", f"{cpu:.1f}", *percentages, *counts, f"{wall / reference:.1f}"])
    return markdown_table([*headings, "wall ratio"], rows)


def _train_here(recipe: Recipe, seed: int, threads: int, dataset: str, data_dir: str | None) -> TimeToAccuracy:
    from mnist_keras.distribution.strategy import set_up_device
    from mnist_keras.evaluation.metrics import compute_metrics
    from mnist_keras.training.train import train

    set_up_device(threads=threads)
    digits = load_digits(dataset, data_dir)
    wall, cpu = time.perf_counter(), time.process_time()
    training = train(recipe, digits, seed=seed, options=TrainingOptions(verbose=False))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    report = compute_metrics(training.predict(digits.test_images), digits.test_labels)
    return TimeToAccuracy(recipe.name, seed, wall, cpu, report.accuracy, len(training.history))


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
        accuracy = _test_accuracy(network, digits)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return TimeToAccuracy(f"published cnn, PyTorch, until {100 * target:g} %", seed, wall, cpu, accuracy, epochs)


def _test_accuracy(network: Any, digits: Digits) -> float:
    import torch

    network.eval()
    images = torch.from_numpy(digits.test_images)
    with torch.no_grad():
        predictions = [network(part.unsqueeze(1).to(torch.float32)).argmax(1) for part in images.split(1000)]
    return float((torch.cat(predictions).numpy() == digits.test_labels).mean())
