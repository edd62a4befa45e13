"""Several recipes over several seeds: train what is missing, then gather it all."""

import pathlib
import statistics
from collections.abc import Sequence
from typing import Any

from mnist_keras.digits import Digits
from mnist_keras.recipe import Recipe
from mnist_keras.run_folder import is_complete, read_run
from mnist_keras.runs import train_run


def run_study(
    folder: pathlib.Path, recipes: Sequence[Recipe], seeds: Sequence[int], digits: Digits, **options: Any
) -> list[dict[str, Any]]:
    """Trains each recipe with each seed into `folder`/RECIPE-seed-N, unless that run is there already.

    Every model is saved, loaded again, and scored as loaded. A study that was stopped goes on from the last
    checkpoint.

    Args:
        folder: where the runs go.
        recipes: what to train.
        seeds: each recipe is trained with each.
        digits: on what.
        options: of `train`.

    Returns:
        A row a recipe, see `summarize`.

    Raises:
        InputError: a run that is there was trained otherwise (recipe or dataset), or see `train`.
    """
    # Seeds outside: every recipe has a figure before any has its second.
    runs = [(recipe, seed) for seed in seeds for recipe in recipes]
    done = [is_complete(run_folder(folder, recipe, seed), recipe, digits, seed) for recipe, seed in runs]
    for number, ((recipe, seed), was_done) in enumerate(zip(runs, done, strict=True), start=1):
        title = f"[{number}/{len(runs)}] {recipe.name}, seed {seed}"
        print(f"{title}: done before" if was_done else f"\n{title}", flush=True)
        train_run(run_folder(folder, recipe, seed), recipe, digits, seed, **options)
    return [summarize(folder, recipe, seeds) for recipe in recipes]


def run_folder(folder: pathlib.Path, recipe: Recipe, seed: int) -> pathlib.Path:
    """Where a study keeps one run."""
    return folder / f"{recipe.name}-seed-{seed}"


def summarize(folder: pathlib.Path, recipe: Recipe, seeds: Sequence[int]) -> dict[str, Any]:
    """One row of the table. Accuracies are of the last epoch, on the whole test set, in percent.

    Returns:
        recipe, published (or None), seeds (their number), mean, sd (sample standard deviation; None for one
        seed), median, min, max, parameters (trainable), epochs, seconds (median), accuracies (a seed each).
    """
    reports = [read_run(run_folder(folder, recipe, seed))[1] for seed in seeds]
    accuracies = [100 * report["accuracy"] for report in reports]
    return {
        "recipe": recipe.name,
        "published": recipe.published,
        "seeds": len(seeds),
        "mean": statistics.fmean(accuracies),
        "sd": statistics.stdev(accuracies) if len(seeds) > 1 else None,
        "median": statistics.median(accuracies),
        "min": min(accuracies),
        "max": max(accuracies),
        "parameters": reports[0]["parameters"],
        "epochs": recipe.epochs,
        "seconds": statistics.median(report["seconds"] for report in reports),
        "accuracies": accuracies,
    }
