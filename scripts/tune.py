"""Searches for better hyperparameters of a recipe, by validation images only, with Ray Tune and Optuna.

    python scripts/tune.py --model=compact_1k --epochs=5 --trials=20
    python scripts/tune.py --model=cnn --space='learning_rate=log(1e-4,1e-2), batch_size=choice(64,128,256)'

Trial 1 is the recipe itself. Optuna proposes the others, and bad ones are stopped early. A flag such as --epochs fixes
a field of the recipe. The validation images come from the training set; the test set is not used. Writes table.csv,
table.md, trials.png and best_recipe.json, and prints the command that trains the best recipe. The same command resumes
a search that was stopped or killed. It needs: pip install -e '.[ray]'
"""

import dataclasses
import pathlib
import re
from collections.abc import Mapping
from typing import Any

from absl import flags
from script_flags import (
    define_data_flags,
    define_recipe_flags,
    define_training_flags,
    recipe_flags_given,
    recipe_from_flags,
    training_options,
    without_unasked_synthetic_digits,
)

from mnist_keras import cli
from mnist_keras.data import base_dataset, load_digits
from mnist_keras.data.splits import split_validation, validation_size
from mnist_keras.distribution.keras_config import check_keras_config
from mnist_keras.distribution.ray_cluster import check_ray_installed
from mnist_keras.distribution.workers import current_worker
from mnist_keras.errors import InputError, TrainingStopped
from mnist_keras.evaluation.trial_order import best_trial
from mnist_keras.files import write_json
from mnist_keras.recipes import RECIPES
from mnist_keras.recipes.recipe import Recipe
from mnist_keras.recipes.search_space import SearchSpace, default_space, parse_space
from mnist_keras.training.settings import MAX_SEED

flags.DEFINE_string("model", "cnn", f"recipe to vary: {', '.join(RECIPES)}")
text = (
    "fields of the recipe that vary, as in 'learning_rate=log(1e-4,1e-2), batch_size=choice(64,128), "
    "augmentation.rotation=uniform(0,20), network_options.dense_units=integer(32,128)' (default: learning rate, weight "
    "decay or momentum, label smoothing, batch size and augmentation, around the recipe's values)"
)
flags.DEFINE_string("space", None, text)
flags.DEFINE_integer("trials", 20, "number of trials, with those of a search that is resumed", lower_bound=1)
flags.DEFINE_string("output", None, "folder of the search, new or of the same search (default: searches/RECIPE)")
text = "seed of the proposals, and of each training"
flags.DEFINE_integer("seed", 0, text, lower_bound=0, upper_bound=MAX_SEED)
flags.DEFINE_integer("workers", None, "number of trials at once (default: one per --threads cores)", lower_bound=1)
flags.DEFINE_string("ray", "local", "local: Ray on this machine alone; auto or ADDRESS: a Ray cluster that runs")
define_recipe_flags()
define_training_flags()
define_data_flags("5,000, or a tenth of fewer than 50,000 images")
FLAGS = flags.FLAGS


def main(_):
    check_ray_installed("optuna")
    check_keras_config()
    recipe, options = recipe_from_flags(FLAGS.model), training_options()
    space = _space_from_flags(recipe)
    is_one_device = FLAGS.strategy in ("auto", "one_device") and FLAGS.logical_devices == 1
    if not is_one_device or current_worker(FLAGS.strategy):
        raise flags.IllegalFlagValueError("flag --strategy: each trial trains on one device, as with one_device")
    output = pathlib.Path(FLAGS.output or f"searches/{recipe.name}")
    digits = load_digits(FLAGS.dataset, FLAGS.data_dir, FLAGS.image_preparation)
    count = FLAGS.validation or validation_size(digits)
    # From here on the test set is not in memory.
    digits = split_validation(digits, count)
    recipe = without_unasked_synthetic_digits(recipe, digits)
    print(f"varied: {space}\n{digits.name}: {len(digits.train_labels):,} training images, {count:,} for validation")
    with cli.silence_native_logs():
        from mnist_keras.distribution.strategy import set_up_device
        from mnist_keras.experiments.ray_search import Resources, run_search
        from mnist_keras.experiments.search import Search
        from mnist_keras.reports.search_report import write_search

        # GPUs are for the trials.
        set_up_device("cpu")
        search = Search(recipe, space, digits, FLAGS.seed, options)
        resources = Resources(FLAGS.ray, FLAGS.workers, FLAGS.threads or 1, FLAGS.device)
        try:
            rows = run_search(output, search, FLAGS.trials, resources)
        except KeyboardInterrupt as stop:
            raise TrainingStopped(f"stopped. The same command resumes {output}.") from stop
    summary = write_search(output, rows, recipe, space, f"{count:,} validation images of {base_dataset(digits.name)}")
    best = space.recipe(recipe, best_trial(rows)["sampled"])
    write_json(output / "best_recipe.json", dataclasses.asdict(best))
    print(f"\n{summary}\nwritten to {output}: table.csv, table.md, trials.png, best_recipe.json")
    _print_commands(best, output, count)


def _space_from_flags(recipe: Recipe) -> SearchSpace:
    """Returns the space, all of whose recipes are valid.

    Raises:
        flags.Error: a value is invalid, or a field is also fixed by a flag.
    """
    try:
        space = parse_space(FLAGS.space) if FLAGS.space is not None else default_space(recipe, recipe_flags_given())
        for name in recipe_flags_given() & set(space.dimensions):
            raise InputError(f"{name} varies and is fixed by --{name}. Leave one of both out.")
        list(space.corners(recipe))
    except InputError as error:
        raise flags.IllegalFlagValueError(f"flag --space: {error}") from error
    if not space.dimensions:
        raise flags.IllegalFlagValueError("flag --space: the other flags fix all fields of the default space")
    return space


def _print_commands(best: Recipe, output: pathlib.Path, count: int) -> None:
    data = [f"--{name}={FLAGS[name].value}" for name in ("dataset", "data_dir", "image_preparation", "class_weight")]
    data = [flag for flag in data if FLAGS[flag[2:].partition("=")[0]].present]
    recipe = [*data, *recipe_flags(best)]
    study = [f"--recipes={best.name}", "--seeds=1,2,3", f"--validation={count}", f"--output={output / 'seeds'}"]
    print("\nTrain it with seeds that did not choose it, on the same validation images:")
    print(_command("study", *study, *recipe))
    print("\nTrain it on all training images, and evaluate it on the test set:")
    print(_command("train", f"--model={best.name}", *recipe))


def _command(script: str, *arguments: str) -> str:
    return re.sub(r"tune(?=(\.py)?['\s])", script, cli.command_for(*arguments), count=1)


def recipe_flags(recipe: Recipe) -> list[str]:
    """Returns the flags that turn the recipe of this name into this one."""
    known = RECIPES[recipe.name]
    given = []
    for field in dataclasses.fields(Recipe):
        value, default = getattr(recipe, field.name), getattr(known, field.name)
        if field.name == "augmentation" and value is not None:
            value, default = dataclasses.asdict(value), dataclasses.asdict(default or type(value)())
        if value != default:
            given.append(f"--{field.name}={_as_flag(value, default)}")
    return given


def _as_flag(value: Any, default: Any) -> str:
    if not isinstance(value, Mapping):
        return "none" if value is None else str(value)
    return ",".join(f"{key}={each!r}" for key, each in value.items() if key not in default or each != default[key])


if __name__ == "__main__":
    cli.run(main, common=("model", "space", "trials", "output", "epochs", "dataset", "data_dir", "seed", "workers"))
