"""Trains the two networks of the preprocessing: the one that finds digits, and the one that rejects what is no digit.

Both learn from pages made by code. The weights replace those of the package. Afterwards write the preprocessing anew
with `python -m mnist_keras.export.tflite`, and export the models again.
"""

import os

from absl import flags
from script_flags import define_data_flags, digits_from_flags

from mnist_keras import cli
from mnist_keras.distribution.keras_config import check_keras_config

_NETWORKS = ("finder", "rejector")
flags.DEFINE_list("networks", list(_NETWORKS), f"networks to train, in this order: {', '.join(_NETWORKS)}")
flags.register_validator(
    "networks", lambda names: names and set(names) <= set(_NETWORKS), message=f"must be of {', '.join(_NETWORKS)}"
)
flags.DEFINE_integer("pages", 48_000, "pages for the finder", lower_bound=1_000)
flags.DEFINE_integer("epochs", 9, "epochs of the finder with batch norm in training mode", lower_bound=0)
flags.DEFINE_integer("frozen_epochs", 3, "epochs of the finder with frozen batch norm after them", lower_bound=0)
flags.DEFINE_integer("rejector_pages", 60_000, "pages for the rejector", lower_bound=1_000)
flags.DEFINE_integer("rejector_epochs", 8, "epochs of the rejector", lower_bound=1)
flags.DEFINE_integer("seed", 0, "seed of the pages and the weights", lower_bound=0)
define_data_flags()
FLAGS = flags.FLAGS


def main(arguments):
    check_keras_config()
    with cli.silence_native_logs():
        from mnist_keras.inference.preprocessing import digit_finder, rejector
        from mnist_keras.training.train_digit_finder import draw_training_pages, train_digit_finder
        from mnist_keras.training.train_rejector import draw_examples, train_rejector

    images = digits_from_flags().train_images
    processes = os.cpu_count() or 1
    if "finder" in FLAGS.networks:
        pages = draw_training_pages(images, FLAGS.pages, FLAGS.seed, processes)
        print(f"drew {FLAGS.pages:,} pages", flush=True)
        train_digit_finder(pages, FLAGS.epochs, FLAGS.frozen_epochs, FLAGS.seed, digit_finder.WEIGHTS)
        print(f"weights written to {digit_finder.WEIGHTS}", flush=True)
    if "rejector" in FLAGS.networks:
        examples = draw_examples(images, FLAGS.rejector_pages, FLAGS.seed, processes)
        print(f"drew {len(examples.labels):,} examples, {examples.labels.mean():.1%} digits", flush=True)
        train_rejector(examples, FLAGS.rejector_epochs, FLAGS.seed, rejector.WEIGHTS)
        print(f"weights written to {rejector.WEIGHTS}")


if __name__ == "__main__":
    cli.run(main)
