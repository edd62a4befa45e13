"""Starts several training workers, on this machine or on a Ray cluster.

    python scripts/launch.py --workers=2 -- --model=cnn --epochs=2
    python scripts/launch.py --workers=2 --ray=auto -- --model=cnn --epochs=2 --threads=8

Each worker is a process of scripts/train.py with its own TF_CONFIG. The workers' output is printed. If a worker
dies, all workers are restarted and resume from the last checkpoint. With --ray, Ray Train starts and restarts them,
each on as many cores as --threads says; the machines must share the current folder. It needs: pip install -e '.[ray]'.
"""

import datetime
import os
import pathlib
import sys

from absl import flags

from mnist_keras import cli
from mnist_keras.distribution.launcher import launch
from mnist_keras.distribution.ray_cluster import check_ray_installed
from mnist_keras.distribution.ray_launcher import launch_with_ray
from mnist_keras.errors import EXIT_TRY_AGAIN

flags.DEFINE_integer("workers", 2, "number of worker processes", lower_bound=1)
flags.DEFINE_integer("max_restarts", 3, "maximum number of restarts after a failure", lower_bound=0)
text = "let Ray Train start the workers. local: with Ray on this machine; auto or ADDRESS: on a Ray cluster that runs"
flags.DEFINE_string("ray", None, text)
FLAGS = flags.FLAGS


def main(arguments):
    if FLAGS.ray is not None:
        check_ray_installed()
    threads = max(1, (os.cpu_count() or 1) // FLAGS.workers)
    name = f"--run_name=workers-{datetime.datetime.now():%Y%m%d-%H%M%S}"
    # The last value of a flag counts, so the user's flags override the first two.
    worker_flags = [name, f"--threads={threads}", *arguments, "--strategy=multi_worker"]
    command = [sys.executable, str(pathlib.Path(__file__).parent / "train.py"), *worker_flags]
    ray = []
    if FLAGS.ray is None:
        status = launch(command, FLAGS.workers, FLAGS.max_restarts)
    else:
        ray = [f"--ray={FLAGS.ray}"]
        status = launch_with_ray(command, FLAGS.workers, FLAGS.max_restarts, FLAGS.ray, _threads(worker_flags))
    if status == EXIT_TRY_AGAIN:
        line = cli.command_for(f"--workers={FLAGS.workers}", *ray, "--", name, *arguments)
        print(f"launch.py: resume with:\n{line}", file=sys.stderr)
    sys.exit(status)


def _threads(worker_flags):
    """Returns the last value of --threads; train.py reports an invalid one, or 0."""
    *_, value = (flag.removeprefix("--threads=") for flag in worker_flags if flag.startswith("--threads="))
    return max(1, int(value)) if value.isdecimal() else 1


if __name__ == "__main__":
    cli.run(main, arguments="[--] [TRAIN_FLAG...]")
