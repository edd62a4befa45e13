"""Starts several training workers on this machine, to try --strategy=multi_worker.

    python scripts/launch.py --workers=2 -- --model=cnn --epochs=2

Each worker is a process of scripts/train.py with its own TF_CONFIG. The workers' output is printed. If a worker
dies, all workers are restarted and resume from the last checkpoint.
"""

import datetime
import os
import pathlib
import sys

from absl import flags

from mnist_keras import cli
from mnist_keras.distribution.launcher import launch
from mnist_keras.errors import EXIT_TRY_AGAIN

flags.DEFINE_integer("workers", 2, "number of worker processes", lower_bound=1)
flags.DEFINE_integer("max_restarts", 3, "maximum number of restarts after a failure", lower_bound=0)
FLAGS = flags.FLAGS


def main(arguments):
    threads = max(1, (os.cpu_count() or 1) // FLAGS.workers)
    name = f"--run_name=workers-{datetime.datetime.now():%Y%m%d-%H%M%S}"
    # The last value of a flag counts, so the user's flags override the first two.
    worker_flags = [name, f"--threads={threads}", *arguments, "--strategy=multi_worker"]
    command = [sys.executable, str(pathlib.Path(__file__).parent / "train.py"), *worker_flags]
    status = launch(command, FLAGS.workers, FLAGS.max_restarts)
    if status == EXIT_TRY_AGAIN:
        line = cli.command_for(f"--workers={FLAGS.workers}", "--", name, *arguments)
        print(f"launch.py: resume with:\n{line}", file=sys.stderr)
    sys.exit(status)


if __name__ == "__main__":
    cli.run(main, arguments="[--] [TRAIN_FLAG...]")
