"""Predicts the digits on millions of images by several workers, with Ray Data, into parquet files.

MODEL is as in predict.py. INPUT is a folder of images, parquet files (columns path and bytes) or tar files, or such a
file: on this machine, or an address that fsspec opens, such as s3://bucket/images. A damaged image gets a row with
`error`. The same command resumes a job that was stopped or killed. It needs: pip install -e '.[ray]'

    python scripts/predict_batch.py cnn_robust images/ --output=digits --workers=4
    python scripts/predict_batch.py cnn_robust s3://bucket/images --output=s3://bucket/digits --ray=auto --all_digits
"""

import time

from absl import flags
from script_flags import define_input_range_flag

from mnist_keras import cli
from mnist_keras.distribution.ray_cluster import check_ray_installed
from mnist_keras.errors import TrainingStopped

flags.DEFINE_string("output", None, "folder for the parquet files, new or of the same job; a path or an address")
flags.DEFINE_bool("all_digits", False, "predict all digits on each image, line by line; at most 32")
flags.DEFINE_integer("workers", None, "number of workers, each on one core; default: one per core", lower_bound=1)
flags.DEFINE_string("ray", "local", "local: Ray on this machine alone; auto or ADDRESS: a Ray cluster that runs")
flags.DEFINE_integer(
    "batch_size", 1000, "maximum images of a parquet file, and of what a kill repeats per worker", lower_bound=1
)
flags.mark_flag_as_required("output")
define_input_range_flag()
FLAGS = flags.FLAGS

# Seconds between two lines of progress.
PAUSE = 5


def main(arguments):
    check_ray_installed()
    model, *inputs = arguments
    with cli.silence_native_logs():
        from mnist_keras.inference.batch.job import start_job
        from mnist_keras.inference.predictor import load_predictor

        predictor = load_predictor(model, input_range=FLAGS.input_range)
        job = start_job(predictor, inputs, FLAGS.output, FLAGS.all_digits, FLAGS.batch_size)
        finished = len(job.chunks) - len(job.remaining())
        print(f"parts: {len(job.chunks):,}, of which predicted before: {finished:,}", flush=True)
        try:
            report(job, finished)
        except KeyboardInterrupt as stop:
            raise TrainingStopped(f"stopped. The same command resumes {FLAGS.output}.") from stop
        summary = job.finish()
    print(f"{summary.images:,} images, {summary.errors:,} of them with an error, in {FLAGS.output}")


def report(job, finished):
    """Runs the job and prints lines, which a log file shows as well as a terminal."""
    images = printed = first = 0
    for part, count in enumerate(job.run(FLAGS.workers, FLAGS.ray), finished + 1):
        images += count
        now = time.monotonic()
        # The rate is that since the first part, before which the workers load the model.
        if not first:
            start, first, first_part = now, images, part
        if now - printed > PAUSE or part == len(job.chunks):
            printed = now
            line = f"part {part:,} of {len(job.chunks):,}: {images:,} images"
            if part > first_part:
                left = (now - start) * (len(job.chunks) - part) / (part - first_part)
                line += f", {(images - first) / (now - start):,.1f} per second, about {left:,.0f} s left"
            print(line, flush=True)


if __name__ == "__main__":
    cli.run(main, arguments="MODEL INPUT...")
