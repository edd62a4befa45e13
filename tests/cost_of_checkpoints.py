"""Measures the cost of checkpoints and of determinism: seconds per epoch, relative to a training without.

    python tests/cost_of_checkpoints.py

Each measurement is the second epoch (200 steps) of the `cnn` recipe in a new process. The kinds alternate in rounds.
"""

import argparse
import os
import pathlib
import statistics
import sys
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from tiny_digits import make_digits

from mnist_keras.recipes import get_recipe
from mnist_keras.training.checkpoints.storage import CheckpointManager
from mnist_keras.training.settings import TrainingOptions
from mnist_keras.training.train import train

RECIPE = get_recipe("cnn", epochs=2)
KINDS = {
    "plain": dict(deterministic=False, checkpoint_every="0"),
    "checkpoints": dict(deterministic=False, checkpoint_every="100"),
    "deterministic": dict(deterministic=True, checkpoint_every="0"),
}


def measure(kind: str) -> float:
    """Returns the seconds of the second epoch."""
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        with tempfile.TemporaryDirectory() as folder:
            digits = make_digits(train=200 * RECIPE.batch_size)
            checkpoints = CheckpointManager(pathlib.Path(folder, "run"))
            training = train(
                RECIPE, digits, checkpoints=checkpoints, options=TrainingOptions(verbose=False, **KINDS[kind])
            )
            os.write(writer, str(training.history[1]["seconds"]).encode())
        os._exit(0)
    os.close(writer)
    _, status = os.waitpid(pid, 0)
    if status:
        sys.exit(f"the training {kind!r} failed with status {status}")
    return float(os.read(reader, 100))


def main(rounds: int) -> None:
    seconds = {kind: [] for kind in KINDS}
    for number in range(rounds):
        for kind in KINDS:
            seconds[kind].append(measure(kind))
        print(
            f"round {number + 1}: " + "  ".join(f"{kind} {times[-1]:.2f} s" for kind, times in seconds.items()),
            flush=True,
        )
    for kind in list(KINDS)[1:]:
        ratios = [time / plain for time, plain in zip(seconds[kind], seconds["plain"], strict=True)]
        pairs = ", ".join(f"{ratio - 1:+.1%}" for ratio in sorted(ratios))
        print(f"{kind:<14} {statistics.median(ratios) - 1:+.1%}  (pairs: {pairs})")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    main(**vars(parser.parse_args()))
