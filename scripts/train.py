"""Trains a digit network, saves the run, and exports it for other apps.

    python scripts/train.py --model=cnn

leaves runs/NAME/ (model, history, report, figures) and exported/cnn/ (SavedModel,
mnist.tflite). Every field of the recipe can be overridden by a flag:

    python scripts/train.py --model=cnn --epochs=2 --learning_rate=1e-3
"""

import datetime
import pathlib
import time

from absl import flags
from script_flags import (
    define_data_flags,
    define_recipe_flags,
    digits_from_flags,
    flags_given,
    recipe_from_flags,
)

from mnist_keras import command_line
from mnist_keras.exporting.places import default_folder, refuse_to_replace
from mnist_keras.folders import check_writable
from mnist_keras.recipes import RECIPES

flags.DEFINE_string("model", "cnn", f"recipe: {', '.join(RECIPES)}")
flags.DEFINE_integer("seed", 0, "decides initial weights, order, augmentation and dropout", lower_bound=0)
flags.DEFINE_string("run_name", None, "folder of the run below --runs_dir (default: recipe and time)")
flags.DEFINE_string("runs_dir", "runs", "where runs are kept")
flags.DEFINE_string("export_dir", "exported", "where exports go; empty: no export")
flags.DEFINE_enum("strategy", "auto", ("auto", "one_device", "mirrored"), "tf.distribute strategy")
flags.DEFINE_enum("device", "auto", ("auto", "cpu", "gpu"), "kind of device")
flags.DEFINE_integer("threads", 0, "processor threads; 0: TensorFlow's choice", lower_bound=0)
flags.DEFINE_bool("mixed_precision", False, "compute in bfloat16, keep weights in float32")
flags.DEFINE_integer("test_batch_size", 1000, "images a step in evaluation", lower_bound=1)
flags.DEFINE_string("tensorboard", None, "folder for TensorBoard logs, below which the run gets its own")
define_data_flags()
define_recipe_flags()
FLAGS = flags.FLAGS


def main(_):
    began = time.perf_counter()
    recipe = recipe_from_flags(FLAGS.model)
    # All that can fail early comes before TensorFlow, which takes seconds to import.
    run = pathlib.Path(FLAGS.runs_dir) / (FLAGS.run_name or f"{recipe.name}-{datetime.datetime.now():%Y%m%d-%H%M%S}")
    check_writable(run)
    digits = digits_from_flags()
    export = FLAGS.export_dir and default_folder(FLAGS.export_dir, recipe.name, digits.name)
    if export:
        refuse_to_replace(export, digits.name)
        check_writable(export, replace=True)
    print(
        f"{digits.name}: {len(digits.train_labels):,} training and {len(digits.test_labels):,} test images", flush=True
    )

    with command_line.quiet_libraries():
        import keras

        from mnist_keras import strategy
        from mnist_keras.exporting.export import export_run
        from mnist_keras.runs import save_run
        from mnist_keras.training import train

    strategy.set_up_device(FLAGS.device, FLAGS.threads)
    callbacks = []
    if FLAGS.tensorboard:
        callbacks.append(keras.callbacks.TensorBoard(pathlib.Path(FLAGS.tensorboard) / run.name))
    training = train(
        recipe,
        digits,
        seed=FLAGS.seed,
        strategy=FLAGS.strategy,
        mixed_precision=FLAGS.mixed_precision,
        test_batch_size=FLAGS.test_batch_size,
        callbacks=callbacks,
    )
    report = save_run(run, training, digits, flags_given())
    if export:
        with command_line.quiet_libraries():
            export_run(run, export, digits)
    print(f"\n{recipe.name}, seed {FLAGS.seed}, on {digits.name}: trained in {_duration(training.seconds)}")
    print(f"test accuracy  {report.correct}/{report.examples}  {report.accuracy:.2%}  loss {report.loss:.4f}")
    print(f"run            {run}  (model.keras, history.csv, report.json, figures/)")
    if export:
        print(f"export         {export}  (saved_model/, mnist.tflite, labels.txt, card.json)")
    if export and export.name != recipe.name:
        print(f"               ({export.with_name(recipe.name)} was trained on MNIST and stays as it is)")
    print(f"in all         {_duration(time.perf_counter() - began)}")


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.1f} min"


if __name__ == "__main__":
    command_line.run(main)
