"""Benchmark of scaling: training time and peak memory against batch size, width, dataset size and devices."""

import pathlib
import tempfile
from collections.abc import Callable, Iterator

import numpy as np

from mnist_keras.benchmarks.harness import Contender, Timings, run_interleaved
from mnist_keras.recipes.recipe import Recipe

_IMAGES = 60_000
# The setting from which one value at a time is varied along an axis.
_BASE_SETTING = dict(batch_size=128, width=16, copies=1, devices=1)
AXES: dict[str, tuple[int, ...]] = {
    "batch_size": (16, 64, 256, 1024),
    "width": (4, 8, 16, 32),
    "copies": (1, 10, 100),
    "devices": (1, 2, 4),
}
# Approximate number of images per turn.
_IMAGES_PER_TURN = 4096


def measure_scaling(turns: int, threads: int) -> Iterator[tuple[str, int, Timings]]:
    """Measures training along each axis and yields axis, value and the timings per training image.

    The 60,000 images lie on disk, once per copy.

    Args:
        turns: number of counted turns per value.
        threads: of TensorFlow.
    """
    for axis, values in AXES.items():
        for value in values:
            setting = {**_BASE_SETTING, axis: value}
            steps = max(2, _IMAGES_PER_TURN // setting["batch_size"])
            with tempfile.TemporaryDirectory() as folder:
                path = pathlib.Path(folder) / "images"
                _write_images(path, setting["copies"])
                options = dict(
                    path=path,
                    steps=steps,
                    threads=threads,
                    batch_size=setting["batch_size"],
                    width=setting["width"],
                    devices=setting["devices"],
                )
                contender = Contender(f"{axis}={value}", train_steps, options)
                yield axis, value, run_interleaved([contender], turns, steps * setting["batch_size"])[contender.name]


def train_steps(
    path: pathlib.Path, steps: int, threads: int, batch_size: int, width: int, devices: int
) -> Callable[[], object]:
    """Returns a function that trains a network of six convolutions for `steps` steps.

    Args:
        path: file of uint8 pixels (examples, 28, 28).
        steps: training steps per call.
        threads: of TensorFlow.
        batch_size: training images per step.
        width: number of filters of the first two convolutions; the next two have twice, the last two four times as
            many.
        devices: number of logical devices; more than one trains with MirroredStrategy.
    """
    from mnist_keras.data.pipeline import training_batches
    from mnist_keras.distribution.strategy import get_strategy, set_up_device
    from mnist_keras.training.compile import compile_model

    set_up_device(threads=threads, logical_devices=devices)
    stages = tuple((width * factor,) * 2 for factor in (1, 2, 4))
    recipe = Recipe(
        name="scaling", summary="", network="deep_cnn", network_options={"stages": stages}, batch_size=batch_size
    )
    strategy = get_strategy("mirrored" if devices > 1 else "one_device")
    model = compile_model(recipe, steps, strategy)
    images = np.memmap(path, np.uint8, "r").reshape(-1, 28, 28)
    labels = np.random.default_rng(0).integers(0, 10, len(images), np.uint8)
    batches = training_batches(images, labels, batch_size, 1, seed=0)
    return lambda: model.fit(batches, steps_per_epoch=steps, epochs=1, shuffle=False, verbose=0)


def _write_images(path: pathlib.Path, copies: int) -> None:
    images = np.random.default_rng(0).integers(0, 256, (_IMAGES, 28, 28), np.uint8).tobytes()
    with path.open("wb") as file:
        for _ in range(copies):
            file.write(images)
