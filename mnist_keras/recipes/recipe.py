"""All that a training is told, as data. Imports no TensorFlow."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from mnist_keras.data.augmentation.config import Augmentation
from mnist_keras.errors import check, is_number

NETWORKS = ("linear", "mlp", "cnn", "batch_norm_cnn", "deep_cnn")
OPTIMIZERS = ("sgd", "adam", "adamw")
SCHEDULES = ("constant", "cosine")
# Fields that change no result of a run.
DESCRIPTIVE = ("summary", "published_accuracy")


@dataclasses.dataclass(frozen=True)
class Recipe:
    """All that decides how a network is trained, but for the data and the seed."""

    name: str
    #: One line for the list of recipes.
    summary: str
    #: Key of `mnist_keras.models.BUILDERS`.
    network: str
    #: Keyword arguments of that builder.
    network_options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    #: Pixels become (pixel / 255 - mean) / std, inside the network.
    mean: float = 0.0
    std: float = 1.0
    #: One of OPTIMIZERS.
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    #: Momentum of "sgd"; the others have none.
    momentum: float = 0.0
    #: Of "adamw": the share of the rate by which kernels shrink each step; biases and batch norm do not.
    weight_decay: float = 0.0
    #: One of SCHEDULES: how the learning rate moves over the run.
    schedule: str = "constant"
    #: Share of the run over which the learning rate first rises from nothing.
    warmup_fraction: float = 0.0
    #: Share of each training target that is spread evenly over the ten digits.
    label_smoothing: float = 0.0
    #: Training images a step; 0 stands for the whole training set.
    batch_size: int = 128
    #: Passes over the training set.
    epochs: int = 10
    #: Networks trained apart, each with a seed of its own, whose probabilities are averaged.
    ensemble_size: int = 1
    #: None trains on the images as they are.
    augmentation: Augmentation | None = None
    #: Digits drawn by code that join the training set.
    synthetic_examples: int = 0
    #: The logits are divided by it when training has ended: so probabilities can be believed, see `calibration.py`.
    calibration_temperature: float = 1.0
    #: Compute in bfloat16, and keep the weights in float32, on machines that have instructions for it.
    mixed_precision: bool = False
    #: Print a line every so many steps and keep every step's figures; 0: epochs alone.
    log_every_steps: int = 0
    #: Steps run in one call of the compiled loop; a bound, lowered to divide the epoch. 0: by the network's arithmetic.
    steps_per_execution: int = 0
    #: Accuracy that the system's author printed on MNIST's test set; None: none.
    published_accuracy: float | None = None

    def __post_init__(self):
        check(self.network in NETWORKS, f"one of {', '.join(NETWORKS)}", "network", self.network)
        check(isinstance(self.network_options, Mapping), "a dict", "network_options", self.network_options)
        for name in ("mean", "momentum", "weight_decay", "warmup_fraction", "label_smoothing"):
            value = getattr(self, name)
            check(is_number(value) and 0 <= value < 1, "at least 0 and less than 1", name, value)
        for name in ("std", "learning_rate", "calibration_temperature"):
            value = getattr(self, name)
            check(is_number(value) and value > 0, "a positive number", name, value)
        names = ", ".join(OPTIMIZERS)
        check(self.optimizer in OPTIMIZERS, f"one of {names}", "optimizer", self.optimizer)
        check(self.momentum == 0 or self.optimizer == "sgd", "0 unless optimizer is sgd", "momentum", self.momentum)
        decay = self.weight_decay
        check(decay == 0 or self.optimizer == "adamw", "0 unless optimizer is adamw", "weight_decay", decay)
        names = ", ".join(SCHEDULES)
        check(self.schedule in SCHEDULES, f"one of {names}", "schedule", self.schedule)
        for name, low in dict(
            batch_size=0, epochs=1, ensemble_size=1, synthetic_examples=0, log_every_steps=0, steps_per_execution=0
        ).items():
            value = getattr(self, name)
            check(type(value) is int and value >= low, f"a whole number from {low}", name, value)
        check(type(self.mixed_precision) is bool, "True or False", "mixed_precision", self.mixed_precision)
        augmentation = self.augmentation
        if isinstance(augmentation, Mapping):
            object.__setattr__(self, "augmentation", Augmentation(**augmentation))
        else:
            check(
                augmentation is None or isinstance(augmentation, Augmentation),
                "an Augmentation or None",
                "augmentation",
                augmentation,
            )
