"""A run from its beginning, or from where it was stopped, to its complete folder."""

import dataclasses
import hashlib
import os
import pathlib
import shutil
import statistics
import time
from collections.abc import Mapping, Sequence
from typing import Any

from mnist_keras.data import Digits
from mnist_keras.distribution.workers import current_worker
from mnist_keras.experiments.run_folder import MODEL_FILE, is_complete, read_run, seed_folder, unfinished_folder
from mnist_keras.experiments.save_run import save_run
from mnist_keras.files import Rows, read_rows
from mnist_keras.inference.keras_model import load_keras_model
from mnist_keras.models import build_model
from mnist_keras.recipes import RECIPES
from mnist_keras.recipes.recipe import DESCRIPTIVE, Recipe
from mnist_keras.training.checkpoints.storage import CheckpointManager
from mnist_keras.training.settings import run_settings
from mnist_keras.training.train import TrainingResult, train


def train_run(
    folder: str | os.PathLike,
    recipe: Recipe,
    digits: Digits,
    seed: int = 0,
    flags: Mapping[str, Any] | None = None,
    **options: Any,
) -> str:
    """Trains a run into its folder. Unfinished, it goes on from its last checkpoint; complete, it is left as it is.

    What a run needs is trained first, where it is not there, into folders beside its own that are named as a
    study's: the members of an ensemble, the teacher of a network that is taught.

    Args:
        folder: where the run goes; FOLDER.unfinished holds its checkpoints meanwhile.
        recipe: what to train.
        digits: on what.
        seed: decides initial weights, order, augmentation and dropout.
        flags: what the user asked for, kept in the config.
        options: of `train`.

    Returns:
        The digest, see `TrainingResult`.

    Raises:
        InputError: another run is there, or see `train`.
        TrainingStopped: by Ctrl-C or SIGTERM; the same call goes on.
    """
    folder = pathlib.Path(folder)
    worker = current_worker(options.get("strategy", "auto"))
    is_chief = worker is None or worker.is_chief
    if is_complete(folder, recipe, digits, seed):
        if is_chief:
            # A kill at the last moment leaves it.
            shutil.rmtree(unfinished_folder(folder), ignore_errors=True)
        return read_run(folder)[0].get("digest", "")
    if recipe.ensemble_size > 1:
        runs = [_train_dependency(folder, *member, digits, options) for member in ensemble_members(recipe, seed)]
        ensemble = combine_members(recipe, digits, seed, runs)
        if is_chief:
            save_run(folder, ensemble, digits, flags)
        return ensemble.digest
    checkpoints = CheckpointManager(unfinished_folder(folder))
    try:
        training = train(recipe, digits, seed, checkpoints=checkpoints, **options)
        if is_chief:
            save_run(folder, training, digits, flags)
            checkpoints.discard()
        return training.digest
    finally:
        checkpoints.close()


def _train_dependency(
    folder: pathlib.Path, recipe: Recipe, seed: int, digits: Digits, options: Mapping[str, Any]
) -> pathlib.Path:
    run = seed_folder(folder.parent, recipe.name, seed)
    if options.get("verbose", True):
        print(f"\nneeded first: {run}{' (done before)' if run.exists() else ''}", flush=True)
    train_run(run, recipe, digits, seed, **options)
    # Of several workers the first one writes it.
    while not run.exists():
        time.sleep(1)
    return run


def ensemble_members(recipe: Recipe, seed: int) -> list[tuple[Recipe, int]]:
    """What to train for an ensemble: its members, with seeds that no other seed of the ensemble has.

    A member is named after the recipe that it is, or RECIPE_member where it is none.
    """
    member = dataclasses.replace(recipe, name=f"{recipe.name}_member", ensemble_size=1, published_accuracy=None)
    alike = (known for known in RECIPES.values() if _settings(known) == _settings(member))
    member = next(alike, member)
    return [(member, seed * recipe.ensemble_size + index) for index in range(recipe.ensemble_size)]


def combine_members(recipe: Recipe, digits: Digits, seed: int, runs: Sequence[pathlib.Path]) -> TrainingResult:
    """One model of the complete runs of all members.

    Its history is the mean of theirs, its seconds their sum, its memory their largest, and its digest made of theirs.
    """
    model = build_model(recipe)
    configs, reports = zip(*map(read_run, runs), strict=True)
    models = [load_keras_model(run / MODEL_FILE) for run in runs]
    model.set_weights([weight for member in models for weight in member.get_weights()])
    digests = [config["digest"] for config in configs]
    return TrainingResult(
        model=model,
        recipe=recipe,
        settings=run_settings(recipe, digits, seed, **configs[0]["training"], members=digests),
        history=_mean([read_rows(run / "history.csv") for run in runs]),
        steps=[],
        seconds=sum(report["seconds"] for report in reports),
        peak_memory=max(report.get("peak_memory", 0) for report in reports),
        digest=hashlib.sha256("".join(digests).encode()).hexdigest(),
    )


def _settings(recipe: Recipe) -> dict:
    fields = dataclasses.asdict(recipe)
    return {name: value for name, value in fields.items() if name not in ("name", *DESCRIPTIVE)}


def _mean(histories: Sequence[Rows]) -> Rows:
    return [
        {name: statistics.fmean(row[name] for row in rows) for name in rows[0]} for rows in zip(*histories, strict=True)
    ]
