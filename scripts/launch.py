"""Trains on several workers on this machine, to try --strategy=multi_worker.

    python scripts/launch.py --workers=2 -- --model=cnn --epochs=2

starts scripts/train.py so many times, each with a TF_CONFIG of its own, and prints what
they print. When a worker dies, all are started again and go on from the last checkpoint.
"""

import datetime
import os
import pathlib
import sys

from absl import flags

from mnist_keras import cli
from mnist_keras.distribution.launcher import launch
from mnist_keras.errors import EXIT_TRY_AGAIN

flags.DEFINE_integer("workers", 2, "how many processes", lower_bound=1)
flags.DEFINE_integer("max_restarts", 3, "how often to start all again after a failure", lower_bound=0)
FLAGS = flags.FLAGS


def main(arguments):
    threads = max(1, (os.cpu_count() or 1) // FLAGS.workers)
    name = f"--run_name=workers-{datetime.datetime.now():%Y%m%d-%H%M%S}"
    # What comes last counts: flags given by the user.
    flags_of_each = [name, f"--threads={threads}", *arguments, "--strategy=multi_worker"]
    command = [sys.executable, str(pathlib.Path(__file__).parent / "train.py"), *flags_of_each]
    status = launch(command, FLAGS.workers, FLAGS.max_restarts)
    if status == EXIT_TRY_AGAIN:
        line = cli.command_for(f"--workers={FLAGS.workers}", "--", name, *arguments)
        print(f"launch.py: go on with:\n{line}", file=sys.stderr)
    sys.exit(status)


if __name__ == "__main__":
    cli.run(main, arguments="[--] [TRAIN_FLAG...]")
