"""What a training step's time is spent on, operation by operation, by TensorFlow's profiler."""

import collections
import dataclasses
import pathlib
import tempfile

from mnist_keras.benchmarks.harness import run_in_subprocess
from mnist_keras.benchmarks.training import keras_steps

# oneDNN's kernels are called so before the name of the operation.
_ONE_DNN = ("_MklNative", "_Mkl")


@dataclasses.dataclass(frozen=True)
class Part:
    """All operations of one kind in a step."""

    operation: str
    calls: float
    #: Processor time, milliseconds.
    milliseconds: float


def profile_steps(recipe: str, mixed_precision: bool, threads: int, steps: int = 20) -> list[Part]:
    """The kinds of operation in a training step, the longest first; what runs on several threads at once adds up."""
    # The profiler sees all that its process does.
    return run_in_subprocess(_profile, recipe, mixed_precision, threads, steps)


def profile_table(recipe: str, parts: list[Part], most: int = 12) -> str:
    """As Markdown, with each kind's share; what is not among the `most` longest in one row."""
    whole = sum(part.milliseconds for part in parts)
    rest = parts[most:]
    rows = parts[:most]
    if rest:
        rows = [*rows, Part("all others", sum(p.calls for p in rest), sum(p.milliseconds for p in rest))]
    lines = [f"| {recipe}: operation | calls a step | ms a step | share |", "|---|---|---|---|"]
    lines += [
        f"| {part.operation} | {part.calls:.0f} | {part.milliseconds:.2f} | {100 * part.milliseconds / whole:.0f} % |"
        for part in rows
    ]
    return "\n".join(lines) + "\n"


def _profile(recipe: str, mixed_precision: bool, threads: int, steps: int) -> list[Part]:
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
                # Of the graph, "node:Operation"; all else is what calls them.
                _, _, operation = plane.event_metadata[event.metadata_id].name.partition(":")
                if operation.isidentifier():
                    calls[_plain(operation)] += 1
                    times[_plain(operation)] += event.duration_ps
    return [Part(name, calls[name] / steps, time / steps / 1e9) for name, time in times.most_common()]


def _plain(operation: str) -> str:
    for prefix in _ONE_DNN:
        operation = operation.removeprefix(prefix)
    return operation
