"""Trains several recipes with several seeds and summarizes their test accuracies."""

import pathlib
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from mnist_keras.data import Digits
from mnist_keras.errors import InputError
from mnist_keras.evaluation.metrics import correct_after_label_fixes
from mnist_keras.experiments.run_folder import completed_seeds, is_complete, read_run, seed_folder
from mnist_keras.experiments.study_runs import StudyRun, TrainAll, train_in_turns
from mnist_keras.recipes.recipe import Recipe
from mnist_keras.recipes.registry import comparable_published_accuracy
from mnist_keras.training.settings import TrainingOptions


def run_study(
    folder: pathlib.Path,
    recipes: Sequence[Recipe],
    seeds: Sequence[int],
    digits: Digits,
    options: TrainingOptions = TrainingOptions(),  # noqa: B008, it is frozen
    train_all: TrainAll | None = None,
) -> list[dict[str, Any]]:
    """Trains each recipe with each seed into `folder`/RECIPE-seed-N, unless that run is complete.

    The metrics are those of the saved model after loading it again. A study that was stopped resumes from its latest
    checkpoint.

    Args:
        folder: the study's folder.
        recipes: the training configurations.
        seeds: each recipe is trained with each seed.
        digits: the dataset.
        options: see `TrainingOptions`.
        train_all: trains the runs; None: `train_in_turns`.

    Returns:
        One row per recipe, see `summarize`, over all seeds with a complete run in the folder.

    Raises:
        InputError: a run in the folder has another recipe or dataset.
        IncompleteStudy: runs failed, see `train`, after all others were trained.
    """
    # Seeds in the outer loop: every recipe has a first result before any has a second one.
    runs = [StudyRun(seed_folder(folder, recipe.name, seed), recipe, seed) for seed in seeds for recipe in recipes]
    for run in runs:
        is_complete(run.folder, run.recipe, digits, run.seed, options.class_weight)
    failures = (train_all or train_in_turns)(runs, digits, options)
    rows = []
    for recipe in recipes:
        there = completed_seeds(folder, recipe.name)
        for seed in there:
            is_complete(seed_folder(folder, recipe.name, seed), recipe, digits, seed, options.class_weight)
        if there:
            rows.append(summarize(folder, recipe, there))
    if failures:
        raise IncompleteStudy(failures, rows)
    return rows


class IncompleteStudy(InputError):
    """Some runs of a study failed. The others are complete."""

    def __init__(self, failures: Sequence[str], rows: list[dict[str, Any]]):
        super().__init__("\n".join(failures))
        #: See `run_study`.
        self.rows = rows


def read_reports(folder: pathlib.Path, recipe: str) -> list[dict[str, Any]]:
    """Returns the reports of all complete runs of a recipe in a study's folder, sorted by seed.

    Raises:
        InputError: there are no runs, or they have different datasets.
    """
    reports = [read_run(seed_folder(folder, recipe, seed))[1] for seed in completed_seeds(folder, recipe)]
    datasets = {report["dataset"] for report in reports}
    if len(datasets) != 1:
        raise InputError(
            f"{folder} must hold runs of {recipe} on one dataset, as {recipe}-seed-0, from scripts/study.py. "
            f"Received: {len(reports)} runs, on {', '.join(sorted(datasets)) or 'none'}."
        )
    return reports


def summarize(folder: pathlib.Path, recipe: Recipe, seeds: Sequence[int]) -> dict[str, Any]:
    """Returns one row of the study's table. Accuracies are those of the last epoch on all test images, in percent.

    Returns:
        recipe, published_accuracy (None unless the runs follow its protocol), seeds (their number), mean, sd (sample
        standard deviation; None for one seed), median, min, max, corrected (mean with ten labels of MNIST's test set
        corrected; None for other data), parameters (trainable), epochs, seconds (median), accuracies (one per seed),
        runs (names of their folders).
    """
    runs = [seed_folder(folder, recipe.name, seed) for seed in seeds]
    configs, reports = zip(*map(read_run, runs), strict=True)
    dataset = configs[0]["dataset"]
    accuracies = [100 * report["accuracy"] for report in reports]
    return {
        "recipe": recipe.name,
        "published_accuracy": comparable_published_accuracy(recipe, dataset["name"], dataset["train_examples"]),
        "seeds": len(seeds),
        "mean": statistics.fmean(accuracies),
        "sd": statistics.stdev(accuracies) if len(seeds) > 1 else None,
        "median": statistics.median(accuracies),
        "min": min(accuracies),
        "max": max(accuracies),
        "corrected": _corrected(reports),
        "parameters": reports[0]["parameters"],
        "epochs": recipe.epochs,
        "seconds": statistics.median(report["seconds"] for report in reports),
        "accuracies": accuracies,
        "runs": [run.name for run in runs],
    }


def _corrected(reports: Sequence[Mapping[str, Any]]) -> float | None:
    # None for other data, and for reports without a list of misclassified images.
    if not all(report["dataset"] == "mnist" and "misclassified" in report for report in reports):
        return None
    return statistics.fmean(
        100 * correct_after_label_fixes(report["correct"], report["misclassified"]) / report["examples"]
        for report in reports
    )
