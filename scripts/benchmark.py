"""Benchmarks: training, augmentation and inference against other libraries, interleaved on this machine.

    python scripts/benchmark.py
    python scripts/benchmark.py --tasks=training --recipes=cnn,linear --turns=9
    python scripts/benchmark.py --tasks=fused --recipes=compact_6k,stack_10 --turns=9 --threads=1

Tasks that run by default:
    machine       products of large matrices: the peak arithmetic of the CPU
    training      training steps of each recipe against PyTorch, torch.compile and JAX
    augmentation  augmented images against Pillow
    inference     predictions by LiteRT, SavedModel, onnxruntime and PyTorch
Tasks on request:
    preprocessing from images of several sizes to a 28x28 digit, against OpenCV
    fused         training steps of each recipe with and without each fast layer and the fused SGD
    profile       CPU time per operation in a training step of each recipe
    accuracy      time to accuracy against the published protocol in PyTorch (ten minutes)
    scaling       training time and memory per batch size, width, dataset size and devices (5 GB of disk)

Writes benchmark.json, benchmark.md and benchmark.png, or the same files named after a task on request. PyTorch, JAX,
OpenCV and onnxruntime come with pip install -e '.[benchmark]'.
"""

import dataclasses
import datetime
import importlib.util
import pathlib
import tempfile
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from absl import flags

from mnist_keras import cli
from mnist_keras.errors import InputError
from mnist_keras.recipes import RECIPES, expand_names

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from mnist_keras.benchmarks.harness import Timings

DEFAULT_TASKS = ("machine", "training", "augmentation", "inference")
TASKS = (*DEFAULT_TASKS, "preprocessing", "fused", "profile", "accuracy", "scaling")
PRECISIONS = ("float32", "bfloat16")
# Packages of the extra `benchmark` that a task needs.
_PACKAGES = {
    "training": ("torch",),
    "inference": ("torch", "onnxruntime", "tf2onnx"),
    "accuracy": ("torch",),
    "preprocessing": ("cv2",),
}
# Test accuracy at which the published protocol stops, and the number of its seeds.
_TARGET, _PUBLISHED_SEEDS = 0.99, 1
# Steps per turn, chosen so that a turn takes about a second.
_STEPS = {"linear": 5, "mlp": 3, "cnn": 15, "cnn_3x3": 15, "cnn_augmented": 20, "lenet_dropout": 200}
_STACK_STEPS, _OTHER_STEPS = 1000, 15
# A task without another library to compare with.
_MACHINE = "product of matrices"

flags.DEFINE_list("tasks", ",".join(DEFAULT_TASKS), f"tasks to run: {', '.join(TASKS)}")
default = "linear,mlp,cnn,cnn_3x3,cnn_augmented,lenet_dropout,stack_1"
flags.DEFINE_list("recipes", default, "recipes of training, fused and profile")
flags.DEFINE_list("inference_recipes", "compact_1k,compact_6k,compact_10k", "recipes of inference")
flags.DEFINE_list("accuracy_recipes", "fast_990,fast_994", "recipes of accuracy")
flags.DEFINE_integer("turns", 5, "number of turns of each contender; of accuracy: number of seeds", lower_bound=1)
flags.DEFINE_integer("threads", 0, "threads of each contender in training; 0: all CPU cores", lower_bound=0)
flags.DEFINE_string("data_dir", None, "folder of MNIST (default: the environment variable MNIST_KERAS_DATA_DIR)")
flags.DEFINE_string("output", "benchmark", "folder of the results")
FLAGS = flags.FLAGS


def main(_):
    tasks = _check_names(FLAGS.tasks, TASKS, "tasks")
    recipes, inference_recipes, accuracy_recipes = map(_recipes, ("recipes", "inference_recipes", "accuracy_recipes"))
    packages = dict.fromkeys(package for task in tasks for package in _PACKAGES.get(task, ()))
    missing = [package for package in packages if importlib.util.find_spec(package) is None]
    if missing:
        raise InputError(
            f"Packages of the benchmark are not installed: {', '.join(missing)}. Run: pip install -e '.[benchmark]'"
        )
    with cli.silence_native_logs():
        from mnist_keras.distribution.machine import describe_environment

        threads = FLAGS.threads or describe_environment()["cpus"]
    against_others = [task for task in tasks if task in DEFAULT_TASKS]
    if against_others:
        _write_timings("benchmark", _measure(against_others, recipes, inference_recipes, threads), threads)
    if "preprocessing" in tasks:
        from mnist_keras.benchmarks.preprocessing import measure_preprocessing

        _write_timings("preprocessing", measure_preprocessing(FLAGS.turns), threads=1)
    if "fused" in tasks:
        _write_timings("fused", _measure_fused(recipes, threads), threads)
    if "profile" in tasks:
        _profile(recipes, threads)
    if "accuracy" in tasks:
        _measure_time_to_accuracy(accuracy_recipes, threads)
    if "scaling" in tasks:
        _measure_scaling(threads)


# Task, unit of the times, timings by contender, FLOPs per unit of work.
_Measured = Iterator[tuple[str, str, "dict[str, Timings]", float]]


def _measure(tasks: Sequence[str], recipes: list[str], inference_recipes: list[str], threads: int) -> _Measured:
    with cli.silence_native_logs():
        from mnist_keras.benchmarks import augmentation, inference, training
        from mnist_keras.benchmarks.harness import run_interleaved
        from mnist_keras.models import build_model
        from mnist_keras.models.builder import training_flops

    if "machine" in tasks:
        timings = run_interleaved(augmentation.machine_contenders(threads), FLAGS.turns, augmentation.PRODUCTS)
        yield _MACHINE, "ms", timings, augmentation.FLOPS_PER_PRODUCT
    if "training" in tasks:
        for name, need in training.missing_peers().items():
            print(f"{name} is left out: it needs {need}", flush=True)
        for recipe in recipes:
            steps = _steps_per_turn(recipe)
            flops = (RECIPES[recipe].batch_size or training.IMAGES) * training_flops(build_model(recipe))
            for precision in PRECISIONS:
                contenders = training.training_contenders(recipe, steps, precision == "bfloat16", threads)
                timings = run_interleaved(contenders, FLAGS.turns, steps)
                yield f"training {recipe}, {precision}", "ms per step", timings, flops
    if "augmentation" in tasks:
        contenders = augmentation.augmentation_contenders("cnn_augmented", threads)
        yield "augmentation", "µs per image", run_interleaved(contenders, FLAGS.turns, augmentation.IMAGES), 0
    if "inference" in tasks:
        for recipe in inference_recipes:
            with tempfile.TemporaryDirectory() as name:
                folder = pathlib.Path(name)
                with cli.silence_native_logs():
                    inference.write_models(recipe, folder)
                for batch_size, images in ((1, 1000), (256, 2560)):
                    contenders = inference.inference_contenders(recipe, folder, batch_size, images)
                    task = f"inference {recipe}, batch size {batch_size}"
                    yield task, "µs per image", run_interleaved(contenders, FLAGS.turns, images), 0


def _measure_fused(recipes: list[str], threads: int) -> _Measured:
    with cli.silence_native_logs():
        from mnist_keras.benchmarks.harness import run_interleaved
        from mnist_keras.benchmarks.training import fused_contenders

    for recipe in recipes:
        steps = _steps_per_turn(recipe)
        for precision in PRECISIONS:
            with cli.silence_native_logs():
                contenders = fused_contenders(recipe, steps, precision == "bfloat16", threads)
            if len(contenders) > 1:
                timings = run_interleaved(contenders, FLAGS.turns, steps)
                yield f"training {recipe}, {precision}", "ms per step", timings, 0


def _steps_per_turn(recipe: str) -> int:
    return _STEPS.get(recipe, _STACK_STEPS if recipe.startswith("stack") else _OTHER_STEPS)


def _write_timings(name: str, measured: _Measured, threads: int) -> None:
    with cli.silence_native_logs():
        from mnist_keras.benchmarks.report import ratio_figure, timing_rows, timing_table

    rows: list[dict[str, Any]] = []
    for task, unit, timings, flops in measured:
        rows += timing_rows(task, unit, timings, flops)
        print(timing_table(rows[-len(timings) :]), flush=True)
    compared = [row for row in rows if row["task"] != _MACHINE] if name == "benchmark" else []
    setup = f"{threads} threads, {datetime.date.today()}"
    _write(name, rows, timing_table(rows), ratio_figure(compared, setup) if compared else None, threads)


def _profile(recipes: list[str], threads: int) -> None:
    with cli.silence_native_logs():
        from mnist_keras.benchmarks.profile import profile_steps, profile_table

    rows, text = [], ""
    for recipe in recipes:
        for precision in PRECISIONS:
            costs = profile_steps(recipe, precision == "bfloat16", threads)
            rows += [dict(recipe=recipe, precision=precision, **dataclasses.asdict(cost)) for cost in costs]
            table = profile_table(f"{recipe}, {precision}", costs)
            print(table, flush=True)
            text += f"{table}\n"
    _write("profile", rows, text, None, threads)


def _measure_time_to_accuracy(recipes: list[str], threads: int) -> None:
    with cli.silence_native_logs():
        from mnist_keras.benchmarks.time_to_accuracy import time_to_accuracy_table, train_here, train_in_torch

    runs = []
    for seed in range(FLAGS.turns):
        for recipe in recipes:
            runs.append(train_here(RECIPES[recipe], seed, threads, "mnist", FLAGS.data_dir))
            print(runs[-1], flush=True)
        if seed < _PUBLISHED_SEEDS:
            runs.append(train_in_torch(_TARGET, seed, threads, "mnist", FLAGS.data_dir))
            print(runs[-1], flush=True)
    _write("accuracy", [dataclasses.asdict(run) for run in runs], time_to_accuracy_table(runs), None, threads)


def _measure_scaling(threads: int) -> None:
    with cli.silence_native_logs():
        from mnist_keras.benchmarks.report import scaling_figure, scaling_table
        from mnist_keras.benchmarks.scaling import measure_scaling

    rows: list[dict[str, Any]] = []
    for axis, value, timings in measure_scaling(FLAGS.turns, threads):
        rows.append(dict(axis=axis, value=value, **timings.summary()))
        print(scaling_table(rows[-1:]).splitlines()[-1], flush=True)
    title = f"Training time and peak memory, {threads} threads, {datetime.date.today()}"
    _write("scaling", rows, scaling_table(rows), scaling_figure(rows, title), threads)


def _write(name: str, rows: list[dict[str, Any]], text: str, figure: "Figure | None", threads: int) -> None:
    with cli.silence_native_logs():
        from mnist_keras.distribution.machine import describe_environment
        from mnist_keras.files import write_json, write_text
        from mnist_keras.reports.style import save_figure

    output = pathlib.Path(FLAGS.output)
    output.mkdir(parents=True, exist_ok=True)
    setup = {"date": datetime.date.today().isoformat(), "threads": threads, "turns": FLAGS.turns}
    write_json(output / f"{name}.json", {**setup, "environment": describe_environment(), "rows": rows})
    write_text(output / f"{name}.md", text)
    written = [f"{name}.json", f"{name}.md"]
    if figure:
        save_figure(figure, output / f"{name}.png")
        written.append(f"{name}.png")
    print(f"written to {output}: {', '.join(written)}")


def _recipes(flag: str) -> list[str]:
    try:
        names = expand_names(FLAGS[flag].value)
    except InputError as error:
        raise flags.IllegalFlagValueError(f"flag --{flag}: {error}") from error
    return _check_names(names, [name for name, recipe in RECIPES.items() if recipe.ensemble_size == 1], flag)


def _check_names(names: Sequence[str], known: Sequence[str], flag: str) -> list[str]:
    for name in names:
        if name not in known:
            raise flags.IllegalFlagValueError(f"flag --{flag}: expected {', '.join(known)}. Received: {name!r}")
    return list(names)


if __name__ == "__main__":
    cli.run(main)
