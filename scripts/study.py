"""Trains several recipes with several seeds and writes a table of their test accuracies.

    python scripts/study.py --recipes=linear,mlp,cnn --seeds=0,1,2
    python scripts/study.py --recipes=stack
    python scripts/study.py --recipes=compact_6k --ablate --validation=5000

Completed runs are not trained again, and the same command resumes an interrupted study, also inside a run. Processes
with the same command on one folder train different runs; with --ray, the runs are tasks of a Ray cluster, which needs:
pip install -e '.[ray]'. The table includes every seed with a completed run. Writes table.csv, table.md, accuracy.png,
parameters.png and report.html beside the runs. A study of the stack of linear layers also writes its plots and its
finding; --ablate also writes ablation.png.
"""

import pathlib

from absl import flags
from script_flags import (
    define_data_flags,
    define_recipe_flags,
    define_training_flags,
    digits_from_flags,
    recipe_from_flags,
    training_options,
    without_unasked_synthetic_digits,
)

from mnist_keras import cli
from mnist_keras.distribution.keras_config import check_keras_config
from mnist_keras.distribution.ray_cluster import check_ray_installed
from mnist_keras.distribution.workers import current_worker
from mnist_keras.errors import InputError, TrainingStopped
from mnist_keras.recipes import GROUPS, RECIPES, expand_names
from mnist_keras.recipes.ablation import ablations
from mnist_keras.recipes.recipe import Recipe
from mnist_keras.training.settings import MAX_SEED

flags.DEFINE_list("recipes", "all", f"recipes or groups: {', '.join([*RECIPES, *GROUPS])}")
flags.DEFINE_list("seeds", "0", "random seeds, whole numbers")
flags.DEFINE_string("output", "studies", "folder of the runs and the table")
flags.DEFINE_bool("ablate", False, "ablation study: also train the recipe without each of its ingredients")
text = "train several runs at a time. local: with Ray on this machine; auto or ADDRESS: on a Ray cluster that runs"
flags.DEFINE_string("ray", None, text)
text = "with --ray=local: number of runs at a time, each on --threads cores (default: as many as the cores allow)"
flags.DEFINE_integer("workers", None, text, lower_bound=1)
define_recipe_flags()
define_training_flags()
define_data_flags()
FLAGS = flags.FLAGS


def main(_):
    check_keras_config()
    if FLAGS.workers and FLAGS.ray != "local":
        raise flags.Error("--workers needs --ray=local: a Ray cluster has as many workers as its cores allow")
    if FLAGS.ray is not None:
        check_ray_installed()
    recipes = [recipe_from_flags(name) for name in _recipe_names()]
    seeds = _seeds()
    options = training_options()
    if current_worker(FLAGS.strategy):
        raise flags.IllegalFlagValueError("flag --strategy: a study runs on one machine, as in --strategy=mirrored")
    digits = digits_from_flags()
    recipes = [without_unasked_synthetic_digits(recipe, digits) for recipe in recipes]
    if FLAGS.ablate:
        recipes = _with_ablations(recipes)
    with cli.silence_native_logs():
        from mnist_keras.distribution.strategy import set_up_device
        from mnist_keras.experiments.study import IncompleteStudy, run_study
        from mnist_keras.experiments.study_on_ray import RayStudy
        from mnist_keras.reports.study_report import write_study

    output = pathlib.Path(FLAGS.output)
    train_all, failed = None, None
    if FLAGS.ray is None:
        set_up_device(FLAGS.device, FLAGS.threads, FLAGS.logical_devices)
    else:
        train_all = RayStudy(FLAGS.ray, FLAGS.workers, FLAGS.threads or 1, FLAGS.device, FLAGS.logical_devices)
    try:
        rows = run_study(output, recipes, seeds, digits, options, train_all)
    except IncompleteStudy as error:
        rows, failed = error.rows, error
    except TrainingStopped:
        raise
    except KeyboardInterrupt as stop:
        # While it waits for another process, or between two trainings.
        raise TrainingStopped(f"stopped. The same command resumes {output}.") from stop
    if rows:
        # Variants are compared with the complete recipe.
        has_complete = rows[0]["recipe"] == recipes[0].name
        text = write_study(output, rows, digits, FLAGS.ablate and has_complete)
        print(f"\n{text}\nwritten to {output}: report.html, table.csv, table.md, figures, runs")
    if failed:
        raise failed


def _recipe_names() -> list[str]:
    try:
        return expand_names(FLAGS.recipes)
    except InputError as error:
        raise flags.IllegalFlagValueError(f"flag --recipes: {error}") from error


def _with_ablations(recipes: list[Recipe]) -> list[Recipe]:
    if len(recipes) != 1:
        raise flags.IllegalFlagValueError(
            f"flag --ablate: expected one recipe in --recipes. Received: {', '.join(recipe.name for recipe in recipes)}"
        )
    return ablations(*recipes)


def _seeds() -> list[int]:
    if not FLAGS.seeds or not all(seed.strip().isdecimal() and int(seed) <= MAX_SEED for seed in FLAGS.seeds):
        raise flags.IllegalFlagValueError(
            f"flag --seeds: expected whole numbers up to {MAX_SEED}, as in 0,1,2. Received: {','.join(FLAGS.seeds)!r}"
        )
    return list(dict.fromkeys(int(seed) for seed in FLAGS.seeds))


if __name__ == "__main__":
    cli.run(
        main, common=("recipes", "seeds", "output", "epochs", "dataset", "data_dir", "validation", "threads", "ablate")
    )
