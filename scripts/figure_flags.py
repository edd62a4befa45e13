"""Flags of train.py that draw figures: the learning-rate range test, and the kernels of the first layer per epoch."""

import pathlib
from typing import TYPE_CHECKING

from absl import flags

from mnist_keras import cli
from mnist_keras.data import Digits
from mnist_keras.distribution.workers import current_worker
from mnist_keras.flag_help import flag_group
from mnist_keras.recipes.recipe import Recipe
from mnist_keras.training.settings import TrainingOptions

if TYPE_CHECKING:
    from mnist_keras.training.initial_model import InitialModel
    from mnist_keras.training.kernel_recorder import KernelRecorder

flags.disclaim_key_flags()


@flag_group("Figures")
def define_figure_flags() -> None:
    """Defines --find_learning_rate, --learning_rate_plot and --plot_kernels."""
    text = (
        "train some hundred steps with a rising learning rate, draw the loss, print a suggestion, and save neither run "
        "nor export"
    )
    flags.DEFINE_bool("find_learning_rate", False, text)
    flags.DEFINE_string("learning_rate_plot", "learning_rate.png", "with --find_learning_rate: PNG file of the figure")
    flags.DEFINE_string("plot_kernels", None, "PNG file for a figure of the first layer's kernels after each epoch")


def check_figure_flags(recipe: Recipe) -> None:
    """Raises flags.Error if a figure of these flags cannot be drawn."""
    if flags.FLAGS.plot_kernels and recipe.ensemble_size > 1:
        raise flags.IllegalFlagValueError("flag --plot_kernels: an ensemble has several first layers; train one member")
    if not flags.FLAGS.find_learning_rate:
        return
    if flags.FLAGS.plot_kernels:
        raise flags.IllegalFlagValueError("flag --plot_kernels: --find_learning_rate trains no epoch")
    if flags.FLAGS.tracking:
        raise flags.IllegalFlagValueError("flag --tracking: --find_learning_rate saves no run")
    is_one_device = flags.FLAGS.strategy in ("auto", "one_device") and flags.FLAGS.logical_devices == 1
    if not is_one_device or current_worker(flags.FLAGS.strategy):
        raise flags.IllegalFlagValueError("flag --strategy: --find_learning_rate trains on one device")


def plot_learning_rates(
    recipe: Recipe, digits: Digits, options: TrainingOptions, initial: "InitialModel | None"
) -> None:
    """Runs the learning-rate range test of a recipe, draws it and prints its suggestion."""
    from mnist_keras.reports.curves import learning_rate_curve
    from mnist_keras.reports.style import save_figure

    with cli.silence_native_logs():
        from mnist_keras.training.learning_rate_range import find_learning_rate

        test = find_learning_rate(recipe, digits, flags.FLAGS.seed, options, initial, flags.FLAGS.frozen_stages)
    title = f"Learning-rate range test: {recipe.name} on {digits.name}"
    figure = learning_rate_curve(test.learning_rates, test.losses, test.smoothed, test.suggestion, title)
    save_figure(figure, pathlib.Path(flags.FLAGS.learning_rate_plot))
    print(f"steps                     {len(test.losses)}, on the training set alone")
    print(f"lowest loss               {test.smoothed.min():.4f} at learning rate {test.lowest:.2g}")
    print(f"suggested learning rate   {test.suggestion:.2g}  (the recipe's: {recipe.learning_rate:g})")
    print(f"figure                    {flags.FLAGS.learning_rate_plot}")


def kernel_recorder() -> "KernelRecorder | None":
    """Returns the callback of --plot_kernels; None without it."""
    if not flags.FLAGS.plot_kernels:
        return None
    from mnist_keras.training.kernel_recorder import KernelRecorder

    return KernelRecorder()


def plot_kernels(recorder: "KernelRecorder", name: str) -> None:
    """Draws what the callback has recorded, and prints where. A run that was complete has trained no epoch."""
    from mnist_keras.reports.curves import kernels_figure
    from mnist_keras.reports.style import save_figure

    if not recorder.kernels:
        print(f"{flags.FLAGS.plot_kernels} is not drawn: the run is complete and was not trained again")
        return
    title = f"Kernels of the first layer of {name}"
    save_figure(kernels_figure(recorder.kernels, recorder.epochs, title), pathlib.Path(flags.FLAGS.plot_kernels))
    print(f"kernels        {flags.FLAGS.plot_kernels}")
