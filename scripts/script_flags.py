"""Flags that several scripts share, and their conversion to arguments of the package."""

import ast
import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from absl import flags

from mnist_keras.data import (
    DATA_DIR_VARIABLE,
    DATASETS,
    IMAGE_PREPARATIONS,
    Digits,
    base_dataset,
    is_dataset,
    load_digits,
    mix_datasets,
    split_validation,
)
from mnist_keras.data.digits import DIGIT_NAMES, is_of_digits
from mnist_keras.data.mixing import MAX_RATIO, MIN_RATIO, is_ratio
from mnist_keras.distribution.workers import MAX_DEVICES, MAX_THREADS, STRATEGIES
from mnist_keras.errors import InputError
from mnist_keras.export.formats import DEFAULT_FORMATS, FORMATS, expand_formats
from mnist_keras.flag_help import flag_group
from mnist_keras.inference.input_range import INPUT_RANGES
from mnist_keras.recipes import get_recipe
from mnist_keras.recipes.recipe import NETWORKS, OPTIMIZERS, SCHEDULES, Recipe
from mnist_keras.recipes.registry import change_recipe
from mnist_keras.training.checkpoints.schedule import CheckpointSchedule
from mnist_keras.training.settings import TrainingOptions

# --help of a script lists the flags that it defines by a call here.
flags.disclaim_key_flags()

# Help of the flag for each field of a recipe. The other fields (name, summary, published_accuracy) are no settings;
# mixed_precision is a training flag.
_RECIPE_HELP = {
    "network": f"network architecture: {', '.join(NETWORKS)}",
    "network_options": "keyword arguments of the network, as in 'dropout=.4,dense_units=512'; others stay unchanged",
    "mean": "mean of pixels / 255, subtracted inside the network",
    "std": "standard deviation of pixels / 255; the network divides by it after subtracting the mean",
    "optimizer": f"optimizer: {', '.join(OPTIMIZERS)}",
    "learning_rate": "learning rate: its maximum over the run",
    "momentum": "momentum of sgd",
    "weight_decay": "weight decay of adamw, applied to kernels only",
    "schedule": f"learning-rate schedule: {', '.join(SCHEDULES)}",
    "warmup_fraction": "fraction of the training steps in which the learning rate rises from 0 to its maximum",
    "label_smoothing": "label smoothing: fraction of each training target spread evenly over the classes",
    "ensemble_size": "number of networks, trained with different seeds, whose probabilities are averaged",
    "batch_size": "batch size; 0: the whole training set",
    "synthetic_examples": "number of synthetic digits that are added to the training set",
    "calibration_temperature": "temperature scaling: divides the logits after training",
    "epochs": "number of epochs",
    "augmentation": "augmentation, as in 'rotation=15,shift=.1,scale=(.9,1.1)'; others stay unchanged; 'none': none",
    "log_every_steps": "print and record metrics once per this number of steps; 0: per epoch only",
    "steps_per_execution": "maximum number of training steps per compiled call; 0: chosen by the network's FLOPs",
}


@flag_group("Recipe")
def define_recipe_flags() -> None:
    """Defines a flag for each field of a recipe. A flag that is not given keeps the recipe's value."""
    for field in dataclasses.fields(Recipe):
        if field.name not in _RECIPE_HELP:
            continue
        text = f"{_RECIPE_HELP[field.name]} (default: the recipe's)"
        define = {int: flags.DEFINE_integer, float: flags.DEFINE_float}.get(field.type, flags.DEFINE_string)
        define(field.name, None, text)


def recipe_flags_given() -> set[str]:
    """Returns the names of the fields of a recipe that have a flag on the command line."""
    return {key for key in _RECIPE_HELP if flags.FLAGS[key].value is not None}


def recipe_from_flags(recipe: str | Recipe) -> Recipe:
    """Returns a recipe, or the one of that name, with the values of the given flags.

    Raises:
        flags.Error: the name or a value is invalid.
    """
    given = {key: flags.FLAGS[key].value for key in recipe_flags_given()}
    for key in given.keys() & {"network_options", "augmentation"}:
        given[key] = None if given[key] == "none" else _parse_options(key, given[key])
    try:
        return change_recipe(get_recipe(recipe) if isinstance(recipe, str) else recipe, given)
    except InputError as error:
        raise flags.IllegalFlagValueError(str(error)) from error


@flag_group("Data")
def define_data_flags(zero: str = "the test set") -> None:
    """Defines --dataset, --data_dir, --image_preparation and --validation, whose 0 means what `zero` says."""
    names = f"{', '.join(DATASETS)}, or tfds:NAME"
    text = (
        f"{names}. sample: 5,000 images of MNIST; folder: whatever --data_dir holds; tfds:NAME: TensorFlow Datasets; "
        "auto: mnist if available, otherwise sample"
    )
    flags.DEFINE_string("dataset", "auto", text)
    flags.register_validator("dataset", is_dataset, f"expected one of {names}")
    text = "folder of IDX, npz or CSV files or of images in a folder per class; or an npz, CSV or zip file"
    flags.DEFINE_string("data_dir", None, f"{text} (default: the variable {DATA_DIR_VARIABLE})")
    text = "how image files are prepared. none: they have 28x28 pixels; digit: like photos of digits; resize: whole"
    flags.DEFINE_enum("image_preparation", "none", IMAGE_PREPARATIONS, text)
    text = f"size of a validation set split from the training set and used in place of the test set; 0: {zero}"
    flags.DEFINE_integer("validation", 0, text, lower_bound=0)


@flag_group("Data")
def define_mix_flag() -> None:
    """Defines --mix."""
    text = (
        "DATASET:RATIO, as in mnist:1: a second dataset that is mixed into the training set, so that the model keeps "
        f"classifying it, with RATIO of its images per image of --dataset, from {MIN_RATIO:g} to {MAX_RATIO:g}"
    )
    flags.DEFINE_string("mix", None, text)


def digits_from_flags() -> Digits:
    """Returns the dataset of the flags. With --validation, its test set is the validation set."""
    digits = load_digits(flags.FLAGS.dataset, flags.FLAGS.data_dir, flags.FLAGS.image_preparation)
    return split_validation(digits, flags.FLAGS.validation) if flags.FLAGS.validation else digits


def mixed_digits_from_flags() -> Digits:
    """Returns the dataset of the flags, with that of --mix mixed into its training set.

    With --validation, the test set of either is a part of its training set, so that nothing is chosen by test images.

    Raises:
        flags.Error: --mix is no dataset with a ratio.
    """
    if flags.FLAGS.mix is None:
        return digits_from_flags()
    name, _, ratio = flags.FLAGS.mix.rpartition(":")
    if not (is_dataset(name) and is_ratio(ratio)):
        raise flags.IllegalFlagValueError(
            "flag --mix: expected DATASET:RATIO as in mnist:1, a dataset of --dataset and a number from "
            f"{MIN_RATIO:g} to {MAX_RATIO:g}. Received: {flags.FLAGS.mix!r}"
        )
    digits, other = digits_from_flags(), load_digits(name)
    if flags.FLAGS.validation:
        other = split_validation(other, len(other.test_labels))
    return mix_datasets(digits, other, float(ratio))


def define_input_range_flag() -> None:
    """Defines --input_range."""
    text = "pixel value of white ink that a model with float inputs receives; auto: found out and reported"
    flags.DEFINE_enum("input_range", "auto", INPUT_RANGES, text)


@flag_group("Training")
def define_training_flags() -> None:
    """Defines the training flags that are not fields of a recipe: devices, precision, checkpoints."""
    text = "tf.distribute strategy; multi_worker reads TF_CONFIG; auto: chosen by GPUs and TF_CONFIG"
    flags.DEFINE_enum("strategy", "auto", STRATEGIES, text)
    flags.DEFINE_enum("device", "auto", ("auto", "cpu", "gpu"), "auto: GPUs if there are any, otherwise the CPU")
    text = "number of CPU threads; 0: TensorFlow's default, or the number of a run that is resumed"
    flags.DEFINE_integer("threads", 0, text, lower_bound=0, upper_bound=MAX_THREADS)
    text = "number of logical devices of the CPU, to try --strategy=mirrored"
    flags.DEFINE_integer("logical_devices", 1, text, lower_bound=1, upper_bound=MAX_DEVICES)
    flags.DEFINE_bool("deterministic", False, "bitwise reproducible results for the same number of threads")
    text = "compute in bfloat16, keep weights in float32 (default: the recipe's, if the hardware has bfloat16)"
    flags.DEFINE_bool("mixed_precision", None, text)
    flags.DEFINE_bool("sync_batch_norm", True, "on several replicas: normalize by the statistics of the global batch")
    flags.DEFINE_integer("test_batch_size", 1000, "batch size of evaluation", lower_bound=1)
    text = "balanced: rare classes have higher weights in the loss, inversely proportional to their frequencies"
    flags.DEFINE_enum("class_weight", None, ["balanced"], text)
    text = "interval of checkpoints: steps as in 100, or time as in 5min or 30s; 0: only when stopped"
    flags.DEFINE_string("checkpoint_every", "1min", text)


def training_options() -> TrainingOptions:
    """Returns the options of `train` that the training flags set.

    Raises:
        flags.Error: a value is invalid.
    """
    names = ["strategy", "deterministic", "mixed_precision", "sync_batch_norm", "test_batch_size", "class_weight"]
    try:
        CheckpointSchedule(flags.FLAGS.checkpoint_every)
    except InputError as error:
        raise flags.IllegalFlagValueError(f"flag --checkpoint_every: {error}") from error
    return TrainingOptions(**{name: flags.FLAGS[name].value for name in [*names, "checkpoint_every"]})


@flag_group("Export")
def define_export_flags() -> None:
    """Defines --formats."""
    known = "; ".join(f"{name}: {kind.about}" for name, kind in FORMATS.items())
    flags.DEFINE_list("formats", ",".join(DEFAULT_FORMATS), f"formats of the export, or all. {known}")


def formats_from_flags(class_names: Sequence[str] = DIGIT_NAMES) -> tuple[str, ...]:
    """Returns the names of the formats. Raises flags.Error for a name that is unknown or does not fit the classes."""
    try:
        return expand_formats(flags.FLAGS.formats, class_names)
    except InputError as error:
        raise flags.IllegalFlagValueError(f"flag --formats: {error}") from error


def flags_given() -> dict[str, Any]:
    """Returns the names and values of the flags given on the command line, without folders.

    Cards and reports are made to be shared: they say how a model was made, not where.
    """
    given = (name for name in sorted(flags.FLAGS) if flags.FLAGS[name].present)
    return {name: flags.FLAGS[name].value for name in given if name not in _FOLDER_FLAGS}


_FOLDER_FLAGS = ("init_from", "data_dir", "runs_dir", "export_dir", "output", "tensorboard", "tracking_uri")
_FOLDER_FLAGS += ("plot_kernels",)


def without_unasked_synthetic_digits(recipe: Recipe, digits: Digits) -> Recipe:
    """Returns the recipe without synthetic digits on a dataset other than MNIST, unless --synthetic_examples is given.

    Labels of another dataset may stand for something else than digits.
    """
    is_mnist = base_dataset(digits.name) in ("mnist", "sample")
    if not recipe.synthetic_examples or is_mnist or flags.FLAGS.synthetic_examples is not None:
        return recipe
    remedy = (
        f" If the classes of {digits.name} are the digits, add them by "
        f"--synthetic_examples={recipe.synthetic_examples}."
    )
    print(
        f"{recipe.name}: its {recipe.synthetic_examples:,} synthetic digits are left out on {digits.name}."
        + (remedy if is_of_digits(digits.class_names) else "")
    )
    return dataclasses.replace(recipe, synthetic_examples=0)


def _parse_options(key: str, text: str) -> Mapping[str, Any]:
    """Parses "name=value,name=value" with literal values; evaluates no code."""
    try:
        call = ast.parse(f"f({text})", mode="eval").body
        if not isinstance(call, ast.Call) or call.args or any(word.arg is None for word in call.keywords):
            raise ValueError("not name=value pairs")
        return {word.arg: ast.literal_eval(word.value) for word in call.keywords}
    except (SyntaxError, ValueError) as error:
        raise flags.IllegalFlagValueError(
            f"flag --{key}: expected name=value pairs as in 'rotation=15,shift=.1'. Received: {text!r}"
        ) from error
