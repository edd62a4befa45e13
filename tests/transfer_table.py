"""Measures how fast a network learns new classes from trained weights and from scratch, and prints a Markdown table.

    python tests/transfer_table.py

As in Keras' example of transfer learning, a network trained on MNIST's digits 0 to 4 is fine-tuned on the digits 5 to 9
with a new head: the network of cnn_robust, without augmentation, with a constant learning rate. The accuracy is that
on MNIST's test images of 5 to 9: median and range over three seeds. MNIST is found as by scripts/train.py.
"""

import dataclasses
import statistics

import numpy as np

from mnist_keras.data import Digits, load_digits
from mnist_keras.recipes import get_recipe
from mnist_keras.training.initial_model import InitialModel
from mnist_keras.training.settings import TrainingOptions
from mnist_keras.training.train import train

_RECIPE = get_recipe(
    "cnn_robust", augmentation=None, synthetic_examples=0, schedule="constant", batch_size=32, epochs=10
)
_SEEDS = (0, 1, 2)
# Of the training images of 5 to 9.
_SIZES = (500, 5000)
# The columns of the table.
_EPOCHS = (1, 2, 3, 5, 10)
_OPTIONS = TrainingOptions(verbose=False)


def main() -> None:
    mnist = load_digits("mnist")
    lower, upper = _with_labels(mnist, range(5)), _with_labels(mnist, range(5, 10))
    first = train(dataclasses.replace(_RECIPE, epochs=3), lower, options=_OPTIONS)
    initial = InitialModel(first.model, lower.class_names)
    print(
        f"| training images | start | {' | '.join(f'{epochs} epochs' for epochs in _EPOCHS)} |".replace(
            "1 epochs", "1 epoch"
        )
    )
    print("|---" * (2 + len(_EPOCHS)) + "|", flush=True)
    for size in _SIZES:
        for name, start in (("from scratch", None), ("trained on 0 to 4, new head", initial)):
            rows = [_accuracies(upper, size, seed, start) for seed in _SEEDS]
            cells = (_median_and_range([row[epochs - 1] for row in rows]) for epochs in _EPOCHS)
            print(f"| {size:,} | {name} | {' | '.join(cells)} |", flush=True)


def _with_labels(digits: Digits, labels: range) -> Digits:
    parts = {}
    for part in ("train", "test"):
        images, all_labels = getattr(digits, f"{part}_images"), getattr(digits, f"{part}_labels")
        chosen = np.isin(all_labels, labels)
        parts |= {f"{part}_images": images[chosen], f"{part}_labels": all_labels[chosen] - labels.start}
    return Digits(f"mnist-{labels.start}-to-{labels[-1]}", **parts, class_names=tuple(map(str, labels)))


def _accuracies(digits: Digits, size: int, seed: int, start: InitialModel | None) -> list[float]:
    """Returns the test accuracy after each epoch, in percent, of a training on random images."""
    chosen = np.random.default_rng(seed).choice(len(digits.train_labels), size, replace=False)
    part = dataclasses.replace(
        digits, train_images=digits.train_images[chosen], train_labels=digits.train_labels[chosen]
    )
    trained = train(_RECIPE, part, seed, _OPTIONS, initial_model=start)
    return [100 * row["test_accuracy"] for row in trained.history]


def _median_and_range(values: list[float]) -> str:
    return f"{statistics.median(values):.1f} ({min(values):.1f} to {max(values):.1f})"


if __name__ == "__main__":
    main()
