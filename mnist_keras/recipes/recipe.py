"""The training configuration of one network as a frozen dataclass. Must not import TensorFlow."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from mnist_keras.data.augmentation.config import Augmentation
from mnist_keras.errors import check, is_number

NETWORKS = ("linear", "mlp", "cnn", "batch_norm_cnn", "deep_cnn")
OPTIMIZERS = ("sgd", "adam", "adamw")
SCHEDULES = ("constant", "cosine")
# Fields that do not change the result of a run.
DESCRIPTIVE = ("summary", "published_accuracy")


@dataclasses.dataclass(frozen=True)
class Recipe:
    """Network, optimizer, learning-rate schedule, batch size, epochs and augmentation of a training.

    The dataset and the seed are not part of a recipe.

    Raises:
        InputError: a value is out of range.
    """

    name: str
    #: One line for the list of recipes.
    summary: str
    #: Key of `mnist_keras.models.BUILDERS`.
    network: str
    #: Keyword arguments of that builder.
    network_options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    #: The network normalizes pixels to (pixel / 255 - mean) / std.
    mean: float = 0.0
    std: float = 1.0
    #: One of OPTIMIZERS.
    optimizer: str = "adam"
    #: Maximum learning rate of the run.
    learning_rate: float = 1e-3
    #: Momentum of "sgd"; 0 for the other optimizers.
    momentum: float = 0.0
    #: Decoupled weight decay of "adamw" as a fraction of the learning rate; biases and batch norm are not decayed.
    weight_decay: float = 0.0
    #: One of SCHEDULES, the learning rate after the warm-up; "cosine" ends at 0.
    schedule: str = "constant"
    #: Fraction of the run over which the learning rate rises linearly from 0.
    warmup_fraction: float = 0.0
    #: Fraction of each one-hot target that is distributed uniformly over the ten digits.
    label_smoothing: float = 0.0
    #: Training images per step; 0 stands for the whole training set.
    batch_size: int = 128
    #: Passes over the training set.
    epochs: int = 10
    #: Number of networks, trained independently with different seeds, whose probabilities are averaged.
    ensemble_size: int = 1
    #: None trains on the images unchanged.
    augmentation: Augmentation | None = None
    #: Number of synthetic digits that are added to the training set.
    synthetic_examples: int = 0
    #: The logits are divided by it after training (temperature scaling), see `evaluation/calibration.py`.
    calibration_temperature: float = 1.0
    #: Compute in bfloat16 with float32 weights, on machines with bfloat16 instructions.
    mixed_precision: bool = False
    #: Steps between two printed lines, with loss and accuracy of every step in the history; 0 reports per epoch only.
    log_every_steps: int = 0
    #: Maximum number of steps per call of the compiled loop, lowered to divide the epoch; 0 chooses it by the FLOPs.
    steps_per_execution: int = 0
    #: Test accuracy on MNIST in percent that the system's author published, or None.
    published_accuracy: float | None = None

    def __post_init__(self):
        self._check_network()
        self._check_optimizer()
        for name in ("mean", "momentum", "weight_decay", "warmup_fraction", "label_smoothing"):
            value = getattr(self, name)
            check(is_number(value) and 0 <= value < 1, "at least 0 and less than 1", name, value)
        for name in ("std", "learning_rate", "calibration_temperature"):
            value = getattr(self, name)
            check(is_number(value) and value > 0, "a positive number", name, value)
        # Keras takes no whole number as a learning rate.
        object.__setattr__(self, "learning_rate", float(self.learning_rate))
        limits = dict(batch_size=(0, 10**7), epochs=(1, 10**6), ensemble_size=(1, 100))
        limits |= dict(synthetic_examples=(0, 10**6), log_every_steps=(0, 10**9), steps_per_execution=(0, 10**6))
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            expected = f"a whole number from {low} to {high:,}"
            check(type(value) is int and low <= value <= high, expected, name, value)
        check(type(self.mixed_precision) is bool, "True or False", "mixed_precision", self.mixed_precision)
        value = self.augmentation
        if isinstance(value, Mapping):
            object.__setattr__(self, "augmentation", Augmentation(**value))
        else:
            is_valid = value is None or isinstance(value, Augmentation)
            check(is_valid, "an Augmentation or None", "augmentation", value)

    def _check_network(self) -> None:
        check(self.network in NETWORKS, f"one of {', '.join(NETWORKS)}", "network", self.network)
        check(isinstance(self.network_options, Mapping), "a dict", "network_options", self.network_options)

    def _check_optimizer(self) -> None:
        optimizer, decay = self.optimizer, self.weight_decay
        check(optimizer in OPTIMIZERS, f"one of {', '.join(OPTIMIZERS)}", "optimizer", optimizer)
        check(self.schedule in SCHEDULES, f"one of {', '.join(SCHEDULES)}", "schedule", self.schedule)
        check(self.momentum == 0 or optimizer == "sgd", "0 unless optimizer is sgd", "momentum", self.momentum)
        check(decay == 0 or optimizer == "adamw", "0 unless optimizer is adamw", "weight_decay", decay)
