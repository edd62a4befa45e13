"""Flags that several scripts share."""

import ast
import dataclasses
from collections.abc import Mapping
from typing import Any

from absl import flags

from mnist_keras.data import DATA_DIR_VARIABLE, DATASETS, Digits, load_digits, split_validation
from mnist_keras.distribution.workers import STRATEGIES
from mnist_keras.errors import InputError
from mnist_keras.export.formats import DEFAULT_FORMATS, FORMATS, expand_formats
from mnist_keras.recipes import get_recipe
from mnist_keras.recipes.recipe import OPTIMIZERS, SCHEDULES, Recipe
from mnist_keras.training.checkpoints.schedule import CheckpointSchedule

# Whoever defines them by a call here has them in its own --help.
flags.disclaim_key_flags()

# A flag for every field of a recipe but its name, its descriptions and its precision, which is no string or number.
_RECIPE_HELP = {
    "network": "network builder",
    "network_options": "options of the network, as in 'dropout=.4,dense_units=512'; others stay",
    "mean": "subtracted from pixels/255, inside the network",
    "std": "divides them then",
    "optimizer": f"one of {', '.join(OPTIMIZERS)}",
    "learning_rate": "the highest of the run",
    "momentum": "of sgd",
    "weight_decay": "of adamw, on kernels",
    "schedule": f"of the learning rate: {', '.join(SCHEDULES)}",
    "warmup_fraction": "share of the run over which the learning rate first rises",
    "label_smoothing": "share of each training target that is spread over the ten digits",
    "ensemble_size": "networks trained apart, whose probabilities are averaged",
    "batch_size": "images a step; 0: the whole training set",
    "synthetic_examples": "digits drawn by code that join the training set",
    "calibration_temperature": "divides the logits when training has ended",
    "epochs": "passes over the training set",
    "augmentation": "as in 'rotation=15,shift=.1,scale=(.9,1.1)'; others stay; 'none' turns it off",
    "log_every_steps": "print a line every so many steps, and keep every step's figures; 0: epochs alone",
    "steps_per_execution": "steps in one call of the compiled loop, at most; 0: by the network's arithmetic",
}


def define_recipe_flags() -> None:
    """A flag for every field of a recipe; unset flags leave the recipe's own value."""
    for field in dataclasses.fields(Recipe):
        if field.name not in _RECIPE_HELP:
            continue
        text = f"{_RECIPE_HELP[field.name]} (default: the recipe's)"
        define = {int: flags.DEFINE_integer, float: flags.DEFINE_float}.get(field.type, flags.DEFINE_string)
        define(field.name, None, text)


def recipe_from_flags(name: str) -> Recipe:
    """The recipe of that name, changed by the flags that were given.

    Raises:
        flags.Error: the name or a value is wrong.
    """
    given = {key: flags.FLAGS[key].value for key in _RECIPE_HELP if flags.FLAGS[key].value is not None}
    for key in given.keys() & {"network_options", "augmentation"}:
        given[key] = None if given[key] == "none" else _parse_options(key, given[key])
    try:
        return get_recipe(name, **given)
    except InputError as error:
        raise flags.IllegalFlagValueError(str(error)) from error


def define_data_flags() -> None:
    """--dataset, --data_dir and --validation."""
    flags.DEFINE_enum("dataset", "auto", DATASETS, "mnist, a folder in its format, or the built-in sample")
    flags.DEFINE_string(
        "data_dir", None, f"folder of the four IDX files, or an npz (default: the variable {DATA_DIR_VARIABLE})"
    )
    text = "score on so many training images, held out of training, in the test set's place; 0: on the test set"
    flags.DEFINE_integer("validation", 0, text, lower_bound=0)


def digits_from_flags() -> Digits:
    """The dataset that the flags name, with a validation set where they ask for one."""
    digits = load_digits(flags.FLAGS.dataset, flags.FLAGS.data_dir)
    return split_validation(digits, flags.FLAGS.validation) if flags.FLAGS.validation else digits


def define_training_flags() -> None:
    """How to train, apart from the recipe: devices, precision, checkpoints."""
    flags.DEFINE_enum("strategy", "auto", STRATEGIES, "tf.distribute strategy; multi_worker reads TF_CONFIG")
    flags.DEFINE_enum("device", "auto", ("auto", "cpu", "gpu"), "kind of device")
    text = "processor threads; 0: TensorFlow's choice, or what the run was begun with"
    flags.DEFINE_integer("threads", 0, text, lower_bound=0)
    text = "let the CPU stand for so many devices, to try --strategy=mirrored"
    flags.DEFINE_integer("logical_devices", 1, text, lower_bound=1)
    flags.DEFINE_bool("deterministic", False, "repeat to the last bit with the same number of threads")
    text = "compute in bfloat16, keep weights in float32 (default: the recipe's, where the machine can)"
    flags.DEFINE_bool("mixed_precision", None, text)
    flags.DEFINE_bool("sync_batch_norm", True, "on several replicas, normalise by the whole batch")
    flags.DEFINE_integer("test_batch_size", 1000, "images a step in evaluation", lower_bound=1)
    text = "steps as in 100, or time as in 5min or 30s; 0: only when stopped"
    flags.DEFINE_string("checkpoint_every", "1min", text)


def training_options() -> dict[str, Any]:
    """The options of `train` that the flags give.

    Raises:
        flags.Error: a value is wrong.
    """
    names = ("strategy", "deterministic", "mixed_precision", "sync_batch_norm", "test_batch_size", "checkpoint_every")
    try:
        CheckpointSchedule(flags.FLAGS.checkpoint_every)
    except InputError as error:
        raise flags.IllegalFlagValueError(f"flag --checkpoint_every: {error}") from error
    return {name: flags.FLAGS[name].value for name in names}


def define_export_flags() -> None:
    """--formats."""
    known = "; ".join(f"{name}: {kind.about}" for name, kind in FORMATS.items())
    flags.DEFINE_list("formats", ",".join(DEFAULT_FORMATS), f"what to export, or all. {known}")


def formats_from_flags() -> tuple[str, ...]:
    """Names of the formats; flags.Error for one that there is not."""
    try:
        return expand_formats(flags.FLAGS.formats)
    except InputError as error:
        raise flags.IllegalFlagValueError(f"flag --formats: {error}") from error


def flags_given() -> dict[str, Any]:
    """Names and values of the flags on the command line."""
    return {name: flags.FLAGS[name].value for name in sorted(flags.FLAGS) if flags.FLAGS[name].present}


def _parse_options(key: str, text: str) -> Mapping[str, Any]:
    try:
        call = ast.parse(f"f({text})", mode="eval").body
        if not isinstance(call, ast.Call) or call.args or any(word.arg is None for word in call.keywords):
            raise ValueError("not name=value pairs")
        return {word.arg: ast.literal_eval(word.value) for word in call.keywords}
    except (SyntaxError, ValueError) as error:
        raise flags.IllegalFlagValueError(
            f"flag --{key}: expected name=value pairs as in 'rotation=15,shift=.1'. Received: {text!r}"
        ) from error
