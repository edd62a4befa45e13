"""Measures this package against others, in turn, in one run on this machine.

    python scripts/benchmark.py
    python scripts/benchmark.py --tasks=training --recipes=cnn,linear --turns=9

The tasks: machine (products of matrices, the most that the processor can do), training (steps of each
recipe here and in PyTorch), augmentation (here and by Pillow), inference (LiteRT, SavedModel,
onnxruntime, PyTorch). Three more run only where they are asked for: profile (what a step of each recipe is
spent on, operation by operation), accuracy (how long until the test set is
read so well, here and by the published protocol in PyTorch; ten minutes), and growth (how the cost of training
grows with batch, width, data and devices; 5 GB of disk for a while). It leaves benchmark.json, benchmark.md and
benchmark.png, or profile.json, accuracy.json, growth.json and so on. PyTorch and onnxruntime, where a task needs them,
come by pip install -e '.[benchmark]'.
"""

import dataclasses
import datetime
import importlib.util
import pathlib
import tempfile

from absl import flags

from mnist_keras import cli
from mnist_keras.errors import InputError
from mnist_keras.recipes import RECIPES, expand_names

TASKS = ("machine", "training", "augmentation", "inference")
PROFILE, ACCURACY, GROWTH = "profile", "accuracy", "growth"
# What tasks need beside this package.
_PEERS = {"training": ("torch",), "inference": ("torch", "onnxruntime", "tf2onnx"), ACCURACY: ("torch",)}
# What the published protocol trains until, and with how many seeds.
_TARGET, _PUBLISHED_SEEDS = 0.99, 1
# Steps in a turn are so many that it takes about a second.
_STEPS = {"linear": 5, "mlp": 3, "cnn": 15, "cnn_3x3": 15, "cnn_augmented": 20, "lenet_dropout": 200}
_STACK_STEPS, _OTHER_STEPS = 1000, 15
# Of which there is nothing to compare.
_MACHINE = "product of matrices"

flags.DEFINE_list("tasks", ",".join(TASKS), f"of: {', '.join([*TASKS, PROFILE, ACCURACY, GROWTH])}")
flags.DEFINE_list("recipes", "linear,mlp,cnn,cnn_3x3,cnn_augmented,lenet_dropout,stack_1", "to train steps of")
flags.DEFINE_list("small", "compact_1k,compact_6k,compact_10k", "recipes to answer with")
flags.DEFINE_list("fast", "fast_990,fast_994", "recipes whose time to accuracy is measured")
flags.DEFINE_integer("turns", 5, "of each side", lower_bound=1)
flags.DEFINE_integer("threads", 0, "of each side in training; 0: all processors", lower_bound=0)
flags.DEFINE_string("data_dir", None, "folder of MNIST (default: the variable MNIST_KERAS_DATA_DIR)")
flags.DEFINE_string("output", "benchmark", "folder of the results")
FLAGS = flags.FLAGS


def main(_):
    tasks = _checked(FLAGS.tasks, (*TASKS, PROFILE, ACCURACY, GROWTH), "tasks")
    recipes, small, fast = (_recipes(name) for name in ("recipes", "small", "fast"))
    modules = {module: None for task in tasks for module in _PEERS.get(task, ())}
    missing = [module for module in modules if importlib.util.find_spec(module) is None]
    if missing:
        raise InputError(f"The peers are not installed: {', '.join(missing)}. Run: pip install -e '.[benchmark]'")
    with cli.silence_native_logs():
        from mnist_keras.distribution.machine import describe_environment

        threads = FLAGS.threads or describe_environment()["cpus"]
    against = [task for task in tasks if task in TASKS]
    if against:
        _measure_against_others(against, recipes, small, threads)
    if PROFILE in tasks:
        _profile(recipes, threads)
    if ACCURACY in tasks:
        _measure_time_to_accuracy(fast, threads)
    if GROWTH in tasks:
        _measure_growth(threads)


def _measure_against_others(tasks, recipes, small, threads):
    with cli.silence_native_logs():
        from mnist_keras.benchmarks.report import ratio_figure, rows_of, table

    rows = []
    for task, unit, times, operations in _measure(tasks, recipes, small, threads):
        rows += rows_of(task, unit, times, operations)
        print(table(rows[-len(times) :]), flush=True)
    title = f"Against the fastest other, {threads} threads, {datetime.date.today()}"
    compared = [row for row in rows if row["task"] != _MACHINE]
    figure = ratio_figure(compared, title) if compared else None
    _write("benchmark", rows, table(rows), figure, threads)


def _profile(recipes, threads):
    with cli.silence_native_logs():
        from mnist_keras.benchmarks.profile import profile_steps, profile_table

    rows, text = [], ""
    for recipe in recipes:
        for precision in ("float32", "bfloat16"):
            parts = profile_steps(recipe, precision == "bfloat16", threads)
            rows += [dict(recipe=recipe, precision=precision, **dataclasses.asdict(part)) for part in parts]
            table = profile_table(f"{recipe}, {precision}", parts)
            print(table, flush=True)
            text += f"{table}\n"
    _write(PROFILE, rows, text, None, threads)


def _measure_time_to_accuracy(recipes, threads):
    with cli.silence_native_logs():
        from mnist_keras.benchmarks.training import arrivals_table, train_here, train_in_torch

    arrivals = []
    for seed in range(FLAGS.turns):
        for recipe in recipes:
            arrivals.append(train_here(recipe, seed, threads, "mnist", FLAGS.data_dir))
        if seed < _PUBLISHED_SEEDS:
            arrivals.append(train_in_torch(_TARGET, seed, threads, "mnist", FLAGS.data_dir))
        for arrival in arrivals[-len(recipes) - (seed < _PUBLISHED_SEEDS) :]:
            print(arrival, flush=True)
    _write(ACCURACY, [dataclasses.asdict(arrival) for arrival in arrivals], arrivals_table(arrivals), None, threads)


def _measure_growth(threads):
    with cli.silence_native_logs():
        from mnist_keras.benchmarks.report import scaling_figure, scaling_table
        from mnist_keras.benchmarks.scaling import measure_scaling

    rows = []
    for axis, value, times in measure_scaling(FLAGS.turns, threads):
        rows.append(dict(axis=axis, value=value, **times.summary()))
        print(scaling_table(rows[-1:]).splitlines()[-1], flush=True)
    title = f"How cost grows, {threads} threads, {datetime.date.today()}"
    _write(GROWTH, rows, scaling_table(rows), scaling_figure(rows, title), threads)


def _write(name, rows, text, figure, threads):
    with cli.silence_native_logs():
        from mnist_keras.distribution.machine import describe_environment
        from mnist_keras.files import write_json
        from mnist_keras.reports.style import save_figure

    output = pathlib.Path(FLAGS.output)
    output.mkdir(parents=True, exist_ok=True)
    facts = {"date": datetime.date.today().isoformat(), "threads": threads, "turns": FLAGS.turns}
    write_json(output / f"{name}.json", {**facts, "environment": describe_environment(), "rows": rows})
    (output / f"{name}.md").write_text(text, encoding="utf-8")
    written = [f"{name}.json", f"{name}.md"]
    if figure:
        save_figure(figure, output / f"{name}.png")
        written.append(f"{name}.png")
    print(f"written to {output}: {', '.join(written)}")


def _measure(tasks, recipes, small, threads):
    with cli.silence_native_logs():
        from mnist_keras.benchmarks import augmentation, inference, training
        from mnist_keras.benchmarks.harness import run_interleaved
        from mnist_keras.models import build_model
        from mnist_keras.models.builder import training_flops

    if "machine" in tasks:
        times = run_interleaved(augmentation.machine_sides(threads), FLAGS.turns, augmentation.PRODUCTS)
        yield _MACHINE, "ms", times, augmentation.OPERATIONS
    if "training" in tasks:
        for recipe in recipes:
            steps = _STEPS.get(recipe, _STACK_STEPS if recipe.startswith("stack") else _OTHER_STEPS)
            images = RECIPES[recipe].batch_size or training.IMAGES
            operations = images * training_flops(build_model(recipe))
            for precision in ("float32", "bfloat16"):
                sides = training.training_sides(recipe, steps, precision == "bfloat16", threads)
                times = run_interleaved(sides, FLAGS.turns, steps)
                yield f"training {recipe}, {precision}", "ms a step", times, operations
    if "augmentation" in tasks:
        sides = augmentation.augmentation_sides("cnn_augmented", threads)
        yield "augmentation", "µs an image", run_interleaved(sides, FLAGS.turns, augmentation.IMAGES), 0
    if "inference" in tasks:
        for recipe in small:
            with tempfile.TemporaryDirectory() as folder:
                folder = pathlib.Path(folder)
                with cli.silence_native_logs():
                    inference.write_models(recipe, folder)
                for at_once, images in ((1, 1000), (256, 2560)):
                    sides = inference.inference_sides(recipe, folder, at_once, images)
                    task = f"answers of {recipe}, {at_once} at once"
                    yield task, "µs an image", run_interleaved(sides, FLAGS.turns, images), 0


def _recipes(flag):
    try:
        names = expand_names(FLAGS[flag].value)
    except InputError as error:
        raise flags.IllegalFlagValueError(f"flag --{flag}: {error}") from error
    return _checked(names, [name for name, recipe in RECIPES.items() if recipe.ensemble_size == 1], flag)


def _checked(names, known, flag):
    for name in names:
        if name not in known:
            raise flags.IllegalFlagValueError(f"flag --{flag}: expected {', '.join(known)}. Received: {name!r}")
    return names


if __name__ == "__main__":
    cli.run(main)
