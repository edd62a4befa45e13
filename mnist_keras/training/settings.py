"""Options of a training run, and the settings that decide its result. Must not import TensorFlow."""

import dataclasses
import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from mnist_keras.data import Digits
from mnist_keras.data.digits import is_of_digits
from mnist_keras.distribution.workers import STRATEGIES
from mnist_keras.errors import check
from mnist_keras.recipes.recipe import DESCRIPTIVE, Recipe
from mnist_keras.training.class_weights import CLASS_WEIGHTS

# Keras' random seeds are unsigned 32-bit integers.
MAX_SEED = 2**32 - 1
# Settings that are recorded only where they differ from the default.
_OPTIONAL = ("class_names", "class_weight", "initial_model", "initial_weights", "new_head", "frozen_stages")
# Settings that do not change the result: the weights decide, not what they are called.
WITHOUT_EFFECT = (*DESCRIPTIVE, "initial_model", "form")
# Maximum number of characters of a value in a message.
_MAX_TEXT = 100


@dataclasses.dataclass(frozen=True)
class TrainingOptions:
    """How to train, apart from the recipe, the data and the seed.

    Raises:
        InputError: a value is out of range.
    """

    #: Name of a `tf.distribute` strategy: "auto", "one_device", "mirrored" or "multi_worker", see `get_strategy`.
    strategy: str = "auto"
    #: Repeat to the last bit with the same number of threads. The process stays deterministic afterwards.
    deterministic: bool = False
    #: Compute in bfloat16 and keep the weights in float32. None: if the recipe asks for it and the machine has
    #: instructions for it.
    mixed_precision: bool | None = None
    #: With several replicas, batch norm uses the statistics of the global batch and not of each replica's part.
    sync_batch_norm: bool = True
    #: Batch size of the evaluation after each epoch, at least 1.
    test_batch_size: int = 1000
    #: Keras callbacks for `fit`. Checkpoints contain their serializable attributes.
    callbacks: Sequence[Any] = ()
    #: Steps or time between two checkpoints, such as "100", "5min" or "30s", see `CheckpointSchedule`.
    checkpoint_every: str = "1min"
    #: "balanced": the examples of rare classes have higher weights in the loss, see `balanced_class_weights`. None: all
    #: examples have the weight 1.
    class_weight: str | None = None
    #: Print the progress.
    verbose: bool = True
    #: Print the model's summary before the progress.
    summary: bool = True

    def __post_init__(self):
        check(self.strategy in STRATEGIES, f"one of {', '.join(STRATEGIES)}", "strategy", self.strategy)
        is_size = type(self.test_batch_size) is int and self.test_batch_size > 0
        check(is_size, "a whole number from 1", "test_batch_size", self.test_batch_size)
        check(self.class_weight in CLASS_WEIGHTS, "'balanced' or None", "class_weight", self.class_weight)
        is_list = isinstance(self.callbacks, Sequence)
        check(is_list, "a list of callbacks, as in [callback]", "callbacks", self.callbacks)


def run_settings(recipe: Recipe, digits: Digits, seed: int, **training: Any) -> dict[str, Any]:
    """Returns everything that decides the result of a run, as JSON types.

    Args:
        recipe: the training configuration.
        digits: the dataset, recorded by its checksum, and by its class names unless they are the ten digits.
        seed: the random seed.
        training: how the run is trained: replicas, threads, precision and so on. An optional setting is left out if it
            is None.
    """
    settings = {
        "recipe": dataclasses.asdict(recipe),
        "seed": seed,
        "dataset": {
            "name": digits.name,
            "sha256": digits.checksum(),
            "train_examples": len(digits.train_images),
            "test_examples": len(digits.test_images),
            **_named_classes(digits),
        },
        "training": {name: value for name, value in training.items() if name not in _OPTIONAL or value is not None},
    }
    return json.loads(json.dumps(settings))


def _named_classes(digits: Digits) -> dict[str, Any]:
    """Returns class names, note and form, unless they are those of MNIST, whose runs were recorded without them."""
    named = {} if is_of_digits(digits.class_names) else {"class_names": digits.class_names}
    more = {"note": digits.note, "form": digits.form}
    return named | {name: text for name, text in more.items() if text}


def first_difference(
    recorded: Mapping[str, Any], current: Mapping[str, Any], ignored: Collection[str] = WITHOUT_EFFECT
) -> str | None:
    """Returns the first setting of `current` that differs from the recorded one, in words; None if all are equal."""
    optional = {name: None for name in _OPTIONAL if name in recorded}
    for name, value in (optional | dict(current)).items():
        found = recorded.get(name)
        if isinstance(value, Mapping) and isinstance(found, (Mapping, type(None))):
            difference = first_difference(found or {}, value, ignored)
            if difference:
                return f"{name} {difference}"
        elif name not in ignored and found != value:
            return f"{name} is {_shortened(found)} there and {_shortened(value)} now"
    return None


def _shortened(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}..."
