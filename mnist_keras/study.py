"""Several recipes over several seeds: train what is missing, gather all into one table."""

import pathlib
from collections.abc import Iterator, Sequence
from typing import Any

from mnist_keras.digits import Digits
from mnist_keras.errors import InputError
from mnist_keras.evaluation import evaluate
from mnist_keras.folders import written_whole
from mnist_keras.prediction import load_predictor
from mnist_keras.recipes import Recipe
from mnist_keras.runs import describe_run, read_run, write_run
from mnist_keras.training import train


# Fields of a recipe that change no figure.
_DESCRIPTIVE = ("summary", "published", "log_every", "steps_per_execution")


def run_study(folder: pathlib.Path, recipes: Sequence[Recipe], seeds: Sequence[int], digits: Digits) -> None:
    """Trains each recipe with each seed into `folder`/RECIPE-seed-N, unless it stands there already.

    Every model is saved, loaded again, and scored as loaded.

    Raises:
        InputError: a run that stands there was trained otherwise (recipe or dataset).
    """
    pending = list(_pending(folder, recipes, seeds, digits))
    done = len(recipes) * len(seeds) - len(pending)
    for number, (recipe, seed) in enumerate(pending, start=done + 1):
        print(f"\n[{number}/{len(recipes) * len(seeds)}] {recipe.name}, seed {seed}", flush=True)
        config = describe_run(recipe, digits, seed, flags={})
        training = train(recipe, digits, seed=seed)
        with written_whole(run_folder(folder, recipe, seed)) as new:
            training.model.save(new / "model.keras")
            loaded = load_predictor(new / "model.keras")
            write_run(new, config, training, evaluate(loaded.predict, digits.test_images, digits.test_labels))


def run_folder(folder: pathlib.Path, recipe: Recipe, seed: int) -> pathlib.Path:
    """Where a study keeps one run."""
    return folder / f"{recipe.name}-seed-{seed}"


def _pending(folder, recipes, seeds, digits) -> Iterator[tuple[Recipe, int]]:
    # Seeds outside: every recipe has a figure before any has its second.
    for seed in seeds:
        for recipe in recipes:
            run = run_folder(folder, recipe, seed)
            if not run.exists():
                yield recipe, seed
                continue
            _refuse_other(run, describe_run(recipe, digits, seed, flags={}))


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
