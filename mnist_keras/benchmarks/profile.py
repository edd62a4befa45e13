"""Profile of a training step: CPU time per kind of TensorFlow operation, by TensorFlow's profiler."""

import collections
import dataclasses
import pathlib
import tempfile

from mnist_keras.benchmarks.harness import run_in_subprocess
from mnist_keras.benchmarks.training import keras_steps
from mnist_keras.reports.text import markdown_table

# TensorFlow puts one of these prefixes before the name of an operation that oneDNN computes.
_ONEDNN_PREFIXES = ("_MklNative", "_Mkl")


@dataclasses.dataclass(frozen=True)
class OperationCost:
    """Cost of all operations of one kind in a training step."""

    operation: str
    #: Number of calls per step.
    calls: float
    #: CPU time per step in milliseconds, summed over threads.
    milliseconds: float


def profile_steps(recipe: str, mixed_precision: bool, threads: int, steps: int = 20) -> list[OperationCost]:
    """Profiles a recipe's training steps and returns the cost of each kind of operation, most expensive first.

    Args:
        recipe: name of the recipe.
        mixed_precision: compute in bfloat16.
        threads: of TensorFlow.
        steps: number of profiled steps.
    """
    # The profiler records all operations of its process.
    return run_in_subprocess(_profile, recipe, mixed_precision, threads, steps)


def profile_table(name: str, costs: list[OperationCost], maximum: int = 12) -> str:
    """Returns a Markdown table of the most expensive operations; one row sums up all others.

    Args:
        name: of the profiled step, for the heading.
        costs: from `profile_steps`.
        maximum: number of operations with a row of their own.
    """
    total = sum(cost.milliseconds for cost in costs)
    rows, rest = costs[:maximum], costs[maximum:]
    if rest:
        others = OperationCost("all others", sum(c.calls for c in rest), sum(c.milliseconds for c in rest))
        rows = [*rows, others]
    cells = [
        [row.operation, f"{row.calls:.0f}", f"{row.milliseconds:.2f}", f"{100 * row.milliseconds / total:.0f} %"]
        for row in rows
    ]
    return markdown_table([f"{name}: operation", "calls per step", "CPU ms per step", "share"], cells)


def _profile(recipe: str, mixed_precision: bool, threads: int, steps: int) -> list[OperationCost]:
    train = keras_steps(recipe, steps, mixed_precision, threads)
    train()
    import tensorflow as tf
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    with tempfile.TemporaryDirectory() as folder:
        with tf.profiler.experimental.Profile(folder):
            train()
        [written] = pathlib.Path(folder).rglob("*.xplane.pb")
        space = xplane_pb2.XSpace.FromString(written.read_bytes())
    calls: collections.Counter[str] = collections.Counter()
    times: collections.Counter[str] = collections.Counter()
    for plane in space.planes:
        for line in plane.lines:
            for event in line.events:
                # Operations of the graph are named "node:Operation"; other events are the functions that call them.
                _, _, operation = plane.event_metadata[event.metadata_id].name.partition(":")
                if operation.isidentifier():
                    calls[_without_prefix(operation)] += 1
                    times[_without_prefix(operation)] += event.duration_ps
    return [OperationCost(name, calls[name] / steps, time / steps / 1e9) for name, time in times.most_common()]


def _without_prefix(operation: str) -> str:
    for prefix in _ONEDNN_PREFIXES:
        operation = operation.removeprefix(prefix)
    return operation
