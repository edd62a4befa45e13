"""Trains a recipe, saves the run and exports its model.

    python scripts/train.py --model=cnn

Writes runs/NAME/ (model, history, report, figures) and exported/cnn/ (SavedModel, mnist.tflite). Each field of the
recipe has a flag:

    python scripts/train.py --model=cnn --epochs=2 --learning_rate=1e-3

    python scripts/train.py --init_from=cnn_robust

fine-tunes trained weights: with a fifth of the epochs and, for the same classes, half of the learning rate and of the
augmentation, unless a flag sets them.

    python scripts/train.py --model=cnn --find_learning_rate

only trains some hundred steps with a rising learning rate, draws the loss and prints a suggestion.

A run that was stopped or killed resumes exactly from its last checkpoint, by the same command with its --run_name,
or by --resume.
"""

import contextlib
import dataclasses
import datetime
import pathlib
import sys
import time
from collections.abc import Sequence

from absl import flags
from figure_flags import (
    check_figure_flags,
    define_figure_flags,
    kernel_recorder,
    plot_kernels,
    plot_learning_rates,
)
from init_from_flags import define_init_from_flags, load_initial, recipe_of_initial_file
from script_flags import (
    define_data_flags,
    define_export_flags,
    define_mix_flag,
    define_recipe_flags,
    define_training_flags,
    flags_given,
    formats_from_flags,
    mixed_digits_from_flags,
    recipe_from_flags,
    training_options,
    without_unasked_synthetic_digits,
)
from tracking_flags import define_tracking_flags, tracker_from_flags

from mnist_keras import cli
from mnist_keras.atomic import check_writable
from mnist_keras.data.digits import is_of_digits
from mnist_keras.distribution.keras_config import check_keras_config
from mnist_keras.distribution.workers import Worker, current_worker
from mnist_keras.errors import InputError, TrainingStopped
from mnist_keras.experiments.run_folder import is_complete, latest_unfinished, recorded_threads, unfinished_folder
from mnist_keras.experiments.run_summary import summarize_run
from mnist_keras.export.formats import FORMATS, check_replaceable, default_export_folder
from mnist_keras.recipes import RECIPES
from mnist_keras.reports.text import format_duration
from mnist_keras.training.initial_recipe import find_initial_file
from mnist_keras.training.settings import MAX_SEED

text = f"recipe to train: {', '.join(RECIPES)}; with --init_from, the default is the recipe of its weights"
flags.DEFINE_string("model", "cnn", text)
flags.DEFINE_integer(
    "seed",
    0,
    "random seed of initial weights, order of examples, augmentation and dropout",
    lower_bound=0,
    upper_bound=MAX_SEED,
)
define_init_from_flags()
flags.DEFINE_string("run_name", None, "name of the run's folder in --runs_dir (default: recipe and time)")
flags.DEFINE_string("runs_dir", "runs", "folder of all runs")
flags.DEFINE_string("export_dir", "exported", "folder of all exports; empty: no export")
flags.DEFINE_bool("resume", False, "resume the run --run_name, or the recipe's latest unfinished run")
flags.DEFINE_string("tensorboard", None, "folder of TensorBoard logs; the run gets a subfolder")
define_recipe_flags()
define_training_flags()
define_data_flags()
define_mix_flag()
define_export_flags()
define_figure_flags()
define_tracking_flags()
FLAGS = flags.FLAGS
_COMMON_FLAGS = ("model", "epochs", "batch_size", "learning_rate", "augmentation", "seed", "dataset", "data_dir")
_COMMON_FLAGS += ("init_from", "run_name", "resume")


def main(_):
    start = time.perf_counter()
    check_keras_config()
    # Checks come before the import of TensorFlow, which takes seconds.
    if FLAGS.frozen_stages and not FLAGS.init_from:
        raise flags.Error("--frozen_stages needs --init_from: random weights must be trained")
    initial_file = find_initial_file(FLAGS.init_from) if FLAGS.init_from else None
    recipe = recipe_of_initial_file(initial_file) if initial_file else recipe_from_flags(FLAGS.model)
    options = training_options()
    check_figure_flags(recipe)
    # Unknown names are refused before the dataset is loaded.
    formats_from_flags()
    worker = current_worker(FLAGS.strategy)
    run = _run_folder(recipe.name, worker)
    is_chief = worker is None or worker.is_chief
    tracker = tracker_from_flags(run) if is_chief else None
    digits = mixed_digits_from_flags()
    formats = formats_from_flags(digits.class_names)
    recipe = without_unasked_synthetic_digits(recipe, digits)
    initial, initial_settings = None, None
    if initial_file:
        # Keras loads the weights, whose checksum is a setting of the run.
        _set_up_tensorflow(run, worker)
        recipe, initial, initial_settings = load_initial(initial_file, recipe, digits)
    if FLAGS.find_learning_rate:
        if not initial_file:
            _set_up_tensorflow(run, worker)
        plot_learning_rates(recipe, digits, options, initial)
        return
    complete = is_complete(run, recipe, digits, FLAGS.seed, FLAGS.class_weight, initial_settings)
    export = FLAGS.export_dir and default_export_folder(FLAGS.export_dir, recipe.name, digits.name)
    if is_chief:
        _check_folders(run, complete, export, digits.name)
        sizes = f"{len(digits.train_labels):,} training and {len(digits.test_labels):,} test images"
        if not is_of_digits(digits.class_names):
            sizes += f" of {len(digits.class_names)} classes"
        mixed = f" with {digits.mixed_in.name}" if digits.mixed_in else ""
        print(f"{digits.name}{mixed}: {sizes}", flush=True)
        print(f"{run} is complete and is not trained again" if complete else f"run {run}", flush=True)

    # A run that was killed at its last moment leaves checkpoints behind, which train_run deletes.
    if complete and is_chief and not (export or tracker or FLAGS.plot_kernels) and not unfinished_folder(run).exists():
        _print_results(run, recipe.name, export, formats)
        return

    with cli.silence_native_logs():
        import keras

        from mnist_keras.experiments.tracking import TrackedRun
        from mnist_keras.experiments.train_run import train_run
        from mnist_keras.export.export import export_run

    if not initial_file:
        _set_up_tensorflow(run, worker)
    callbacks = []
    if FLAGS.tensorboard and is_chief:
        callbacks.append(keras.callbacks.TensorBoard(pathlib.Path(FLAGS.tensorboard) / run.name))
    tracked = TrackedRun(tracker, run) if tracker else None
    if tracked:
        callbacks.append(tracked.callback)
    recorder = kernel_recorder() if is_chief else None
    if recorder:
        callbacks.append(recorder)
    options = dataclasses.replace(options, callbacks=callbacks)
    try:
        with tracked or contextlib.nullcontext():
            digest = train_run(run, recipe, digits, FLAGS.seed, options, flags_given(), initial, FLAGS.frozen_stages)
    except TrainingStopped as stop:
        name = [] if FLAGS.run_name else [f"--run_name={run.name}"]
        line = cli.command_for(*sys.argv[1:], *name)
        remedy = "The same command resumes all workers." if worker else f"Resume with:\n{line}"
        raise TrainingStopped(f"{stop} {remedy}") from None
    if not is_chief:
        print(f"worker {worker.index} of {worker.count}: digest {digest}")
        return
    if recorder:
        plot_kernels(recorder, recipe.name)
    failed = None
    if export:
        try:
            with cli.silence_native_logs():
                export_run(run, export, digits, formats)
        except InputError as error:
            # The results of the run come first.
            failed, export = error, None
    _print_results(run, recipe.name, export, formats)
    place = tracked and tracked.finish(export or None)
    if place:
        print(f"tracking       {place}")
    print(f"total time     {format_duration(time.perf_counter() - start)}")
    if failed:
        raise failed


def _set_up_tensorflow(run: pathlib.Path, worker: Worker | None) -> None:
    """Selects devices and threads before TensorFlow is used."""
    with cli.silence_native_logs():
        from mnist_keras.distribution import strategy

    strategy.set_up_device(FLAGS.device, FLAGS.threads or recorded_threads(run), FLAGS.logical_devices)
    if FLAGS.init_from and worker:
        # Workers must find each other before the initial model is loaded.
        strategy.get_strategy(FLAGS.strategy)


def _run_folder(recipe: str, worker: Worker | None) -> pathlib.Path:
    if FLAGS.resume and not FLAGS.run_name:
        return latest_unfinished(FLAGS.runs_dir, recipe)
    if worker and worker.count > 1 and not FLAGS.run_name:
        raise flags.Error("several workers need --run_name, the same for all")
    run = pathlib.Path(FLAGS.runs_dir) / (FLAGS.run_name or f"{recipe}-{datetime.datetime.now():%Y%m%d-%H%M%S}")
    if FLAGS.resume and not (run.exists() or unfinished_folder(run).exists()):
        raise InputError(f"There is no run {run} to resume. Omit --resume to start it.")
    return run


def _check_folders(run: pathlib.Path, complete: bool, export: pathlib.Path | None, dataset: str) -> None:
    if not complete:
        check_writable(run)
    if FLAGS.tensorboard:
        logs = pathlib.Path(FLAGS.tensorboard)
        logs.mkdir(parents=True, exist_ok=True)
        check_writable(logs / f"{run.name}.check")
    if export:
        check_replaceable(export, dataset)
        check_writable(export, replace=True)


def _print_results(run: pathlib.Path, recipe: str, export: pathlib.Path | None, formats: Sequence[str]) -> None:
    print(f"\n{summarize_run(run)}")
    if export:
        files = ", ".join(FORMATS[name].file for name in formats)
        print(f"export         {export}  ({files}, labels.txt, golden.json, card.json, README.md)")
    if export and export.name != recipe:
        print(f"               ({export.with_name(recipe)} was trained on MNIST and is unchanged)")


if __name__ == "__main__":
    cli.run(main, common=_COMMON_FLAGS)
