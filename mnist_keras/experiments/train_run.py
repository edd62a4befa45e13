"""Trains a run into its folder, from scratch or from its latest checkpoint; combines the members of an ensemble."""

import contextlib
import dataclasses
import hashlib
import os
import pathlib
import shutil
import statistics
import time
from collections.abc import Mapping, Sequence
from typing import Any

import keras

from mnist_keras.data import Digits
from mnist_keras.distribution.workers import current_worker
from mnist_keras.errors import InputError
from mnist_keras.experiments.run_folder import is_complete, read_run, seed_folder, unfinished_folder
from mnist_keras.experiments.save_run import save_run
from mnist_keras.experiments.turns import take_turn
from mnist_keras.files import MODEL_FILE, Rows, read_rows
from mnist_keras.inference.keras_model import load_keras_model
from mnist_keras.models import build_model
from mnist_keras.recipes import RECIPES
from mnist_keras.recipes.recipe import DESCRIPTIVE, Recipe
from mnist_keras.training.checkpoints.storage import CheckpointManager
from mnist_keras.training.initial_model import InitialModel, Start
from mnist_keras.training.settings import TrainingOptions, run_settings
from mnist_keras.training.train import TrainingResult, train

# Seconds that a worker waits for the first one to write a run that both have trained: saving takes a few.
_SECONDS_FOR_A_RUN = 600.0


def train_run(
    folder: str | os.PathLike,
    recipe: Recipe,
    digits: Digits,
    seed: int = 0,
    options: TrainingOptions = TrainingOptions(),  # noqa: B008, it is frozen
    flags: Mapping[str, Any] | None = None,
    initial_model: keras.Model | InitialModel | None = None,
    frozen_stages: int = 0,
) -> str:
    """Trains a run into its folder, from its start or from its latest checkpoint. A complete run is left as it is.

    The members of an ensemble are trained first, into folders beside its own, unless they are complete.

    Args:
        folder: the run's folder. FOLDER.unfinished holds its checkpoints until the run is complete.
        recipe: the training configuration.
        digits: the dataset.
        seed: decides initial weights, order of the images, augmentation and dropout.
        options: see `TrainingOptions`.
        flags: the command line's flags, recorded in the config.
        initial_model: trained weights to start from, see `train`. The config records their SHA-256.
        frozen_stages: see `train`.

    Returns:
        The digest, see `TrainingResult`.

    Raises:
        InputError: the folder holds another run; another worker does not write its run; or see `train`.
        TrainingStopped: after Ctrl-C or SIGTERM. The same call resumes the run.
    """
    folder = pathlib.Path(folder)
    worker = current_worker(options.strategy)
    is_chief = worker is None or worker.is_chief
    start = Start(recipe, digits.class_names, initial_model, frozen_stages)
    if is_complete(folder, recipe, digits, seed, options.class_weight, start.settings):
        if is_chief:
            # A process that was killed at the last moment leaves it behind.
            shutil.rmtree(unfinished_folder(folder), ignore_errors=True)
        return read_run(folder)[0].get("digest", "")
    if recipe.ensemble_size > 1:
        runs = []
        for member in ensemble_members(recipe, seed):
            runs.append(_train_dependency(folder, *member, digits, options))
            # All members have the same network.
            options = dataclasses.replace(options, summary=False)
        ensemble = combine_members(recipe, digits, seed, runs)
        if is_chief:
            save_run(folder, ensemble, digits, flags)
        return ensemble.digest
    checkpoints = CheckpointManager(unfinished_folder(folder))
    try:
        training = train(recipe, digits, seed, options, checkpoints, initial_model, frozen_stages)
        if is_chief:
            save_run(folder, training, digits, flags, checkpoints.run_id)
            checkpoints.discard()
        return training.digest
    finally:
        checkpoints.close()


def _train_dependency(
    folder: pathlib.Path, recipe: Recipe, seed: int, digits: Digits, options: TrainingOptions
) -> pathlib.Path:
    run = seed_folder(folder.parent, recipe.name, seed)
    if options.verbose:
        print(f"\ntraining first: {run}{' (complete)' if run.exists() else ''}", flush=True)
    worker = current_worker(options.strategy)
    # Another process of a study may train it. Workers train it together.
    with contextlib.nullcontext() if worker else take_turn(run, wait=True):
        train_run(run, recipe, digits, seed, options)
    # The first worker writes the run for all.
    deadline = time.monotonic() + _SECONDS_FOR_A_RUN
    while not run.exists():
        if time.monotonic() > deadline:
            raise InputError(
                f"The first worker has not written {run} within {_SECONDS_FOR_A_RUN:g} s. Expected: a --runs_dir that "
                f"all workers share. Received: {folder.parent}. Start all workers again with a shared folder."
            )
        time.sleep(min(1.0, _SECONDS_FOR_A_RUN))
    return run


def ensemble_members(recipe: Recipe, seed: int) -> list[tuple[Recipe, int]]:
    """Returns recipe and seed of each member of an ensemble. Ensembles of different seeds share no member.

    A member that equals a known recipe has its name, otherwise it is called RECIPE_member.
    """
    member = dataclasses.replace(recipe, name=f"{recipe.name}_member", ensemble_size=1, published_accuracy=None)
    alike = (known for known in RECIPES.values() if _settings(known) == _settings(member))
    member = next(alike, member)
    return [(member, seed * recipe.ensemble_size + index) for index in range(recipe.ensemble_size)]


def combine_members(recipe: Recipe, digits: Digits, seed: int, runs: Sequence[pathlib.Path]) -> TrainingResult:
    """Combines the complete runs of all members into one model, the ensemble.

    Its history is the mean of the members' histories, its seconds are their sum, its memory is their maximum, and its
    digest is computed from their digests.
    """
    model = build_model(recipe, classes=len(digits.class_names))
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
