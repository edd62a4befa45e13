"""What a recipe is made of, and what its fields may be. Imports no TensorFlow."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from mnist_keras.errors import InputError

NETWORKS = ("linear", "mlp", "cnn", "batch_norm_cnn", "deep_cnn")
OPTIMIZERS = ("sgd", "adam")
SCHEDULES = ("constant", "cosine")


def _require(ok: bool, expected: str, name: str, value: Any) -> None:
    if not ok:
        raise InputError(f"{name} must be {expected}. Received: {name}={value!r}")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


@dataclasses.dataclass(frozen=True)
class Augmentation:
    """Random affine map and warp of a digit, wear of its ink, then brightness and contrast, drawn per image."""

    # Largest angle either way, degrees.
    rotation: float = 0.0
    # Largest shift either way, as a fraction of the side.
    shift: float = 0.0
    # Smallest and largest magnification.
    scale: tuple[float, float] = (1.0, 1.0)
    # Largest horizontal shear angle either way, degrees.
    shear: float = 0.0
    # Pixels are multiplied by a factor from 1 - brightness to 1 + brightness.
    brightness: float = 0.0
    # Distances from the image's mean are multiplied by 1 - contrast to 1 + contrast.
    contrast: float = 0.0
    # Width is magnified by up to 1 + aspect more than height, or by as much less.
    aspect: float = 0.0
    # Standard deviation of a smooth random displacement, pixels; each image has between none and all of it.
    elastic: float = 0.0
    # Least and most that is added to the width of strokes, pixels; below 0 they get thinner.
    stroke: tuple[float, float] = (0.0, 0.0)
    # Widest blur, standard deviation in pixels.
    blur: float = 0.0
    # Edges are made steeper by a factor from 1 to 1 + hardness.
    hardness: float = 0.0
    # Largest noise, standard deviation as a fraction of 255; half of the images have none.
    noise: float = 0.0
    # Largest side of a blank square, as a fraction of the side; half of the images have none.
    gap: float = 0.0

    @property
    def wears(self) -> bool:
        """Whether the ink is changed, and not only moved."""
        return any((*self.stroke, self.blur, self.hardness, self.noise, self.gap))

    def __post_init__(self):
        limits = dict(rotation=180, shift=1, shear=89, brightness=1, contrast=1)
        limits |= dict(aspect=1, elastic=28, blur=3, hardness=10, noise=1, gap=1)
        for name, limit in limits.items():
            value = getattr(self, name)
            _require(_is_number(value) and 0 <= value <= limit, f"from 0 to {limit}", name, value)
        stroke = self.stroke
        _require(
            isinstance(stroke, (tuple, list))
            and len(stroke) == 2
            and all(map(_is_number, stroke))
            and -2 <= stroke[0] <= stroke[1] <= 4,
            "two widths, -2 <= low <= high <= 4",
            "stroke",
            stroke,
        )
        object.__setattr__(self, "stroke", tuple(stroke))
        scale = self.scale
        _require(
            isinstance(scale, (tuple, list))
            and len(scale) == 2
            and all(map(_is_number, scale))
            and 0 < scale[0] <= scale[1],
            "two factors, 0 < low <= high",
            "scale",
            scale,
        )
        object.__setattr__(self, "scale", tuple(scale))


@dataclasses.dataclass(frozen=True)
class Recipe:
    """All that decides how a network is trained, but for the data and the seed."""

    name: str
    # One line for the list of recipes.
    summary: str
    # Key of `mnist_keras.models.BUILDERS`.
    network: str
    # Keyword arguments of that builder.
    network_options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    # Pixels become (pixel / 255 - mean) / std, inside the network.
    mean: float = 0.0
    std: float = 1.0
    # One of OPTIMIZERS.
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    # Momentum of "sgd"; "adam" has none.
    momentum: float = 0.0
    # One of SCHEDULES: how the learning rate moves over the run.
    schedule: str = "constant"
    # Training images a step; 0 stands for the whole training set.
    batch_size: int = 128
    # Passes over the training set.
    epochs: int = 10
    # None trains on the images as they are.
    augmentation: Augmentation | None = None
    # Digits drawn by code that join the training set.
    drawn: int = 0
    # The logits are divided by it when training has ended, so that probabilities can be believed; see `calibration.py`.
    temperature: float = 1.0
    # Print a line every so many steps and keep every step's figures; 0: epochs alone.
    log_every: int = 0
    # Steps run in one call of the compiled loop; a bound, lowered to divide the epoch.
    steps_per_execution: int = 1
    # Accuracy that the system's author printed on MNIST's test set; None: none.
    published: float | None = None

    def __post_init__(self):
        _require(self.network in NETWORKS, f"one of {', '.join(NETWORKS)}", "network", self.network)
        _require(isinstance(self.network_options, Mapping), "a dict", "network_options", self.network_options)
        for name in ("mean", "momentum"):
            value = getattr(self, name)
            _require(_is_number(value) and 0 <= value < 1, "at least 0 and less than 1", name, value)
        for name in ("std", "learning_rate", "temperature"):
            value = getattr(self, name)
            _require(_is_number(value) and value > 0, "a positive number", name, value)
        names = ", ".join(OPTIMIZERS)
        _require(self.optimizer in OPTIMIZERS, f"one of {names}", "optimizer", self.optimizer)
        _require(self.momentum == 0 or self.optimizer == "sgd", "0 unless optimizer is sgd", "momentum", self.momentum)
        names = ", ".join(SCHEDULES)
        _require(self.schedule in SCHEDULES, f"one of {names}", "schedule", self.schedule)
        for name, low in dict(batch_size=0, epochs=1, drawn=0, log_every=0, steps_per_execution=1).items():
            value = getattr(self, name)
            _require(type(value) is int and value >= low, f"a whole number from {low}", name, value)
        augmentation = self.augmentation
        if isinstance(augmentation, Mapping):
            object.__setattr__(self, "augmentation", Augmentation(**augmentation))
        else:
            _require(
                augmentation is None or isinstance(augmentation, Augmentation),
                "an Augmentation or None",
                "augmentation",
                augmentation,
            )
