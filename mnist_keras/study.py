"""Several recipes over several seeds: train what is missing, then gather it all."""

import pathlib
import statistics
from collections.abc import Sequence
from typing import Any

from mnist_keras.digits import Digits
from mnist_keras.errors import InputError
from mnist_keras.recipe import Recipe
from mnist_keras.runs import describe_run, read_run, save_run
from mnist_keras.training import train

# Fields of a recipe that change no figure.
_DESCRIPTIVE = ("summary", "published", "log_every", "steps_per_execution")


def run_study(
    folder: pathlib.Path, recipes: Sequence[Recipe], seeds: Sequence[int], digits: Digits
) -> list[dict[str, Any]]:
    """Trains each recipe with each seed into `folder`/RECIPE-seed-N, unless that run is there already.

    Every model is saved, loaded again, and scored as loaded.

    Returns:
        A row a recipe, see `summarize`.

    Raises:
        InputError: a run that is there was trained otherwise (recipe or dataset).
    """
    # Seeds outside: every recipe has a figure before any has its second.
    runs = [(recipe, seed) for seed in seeds for recipe in recipes]
    for recipe, seed in runs:
        if run_folder(folder, recipe, seed).exists():
            _refuse_other(run_folder(folder, recipe, seed), describe_run(recipe, digits, seed, flags={}))
    for number, (recipe, seed) in enumerate(runs, start=1):
        title = f"[{number}/{len(runs)}] {recipe.name}, seed {seed}"
        if run_folder(folder, recipe, seed).exists():
            print(f"{title}: done before", flush=True)
            continue
        print(f"\n{title}", flush=True)
        save_run(run_folder(folder, recipe, seed), train(recipe, digits, seed=seed), digits)
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


def _refuse_other(run: pathlib.Path, expected: dict[str, Any]) -> None:
    found, _ = read_run(run)
    for key in ("recipe", "dataset"):
        names = [name for name in expected[key] if name not in _DESCRIPTIVE]
        differing = [name for name in names if expected[key][name] != found[key].get(name)]
        if differing:
            name = differing[0]
            raise InputError(
                f"{run} was trained otherwise: {key} {name} is {found[key].get(name)!r} there and "
                f"{expected[key][name]!r} now. Give another --output, or move that run away."
            )
