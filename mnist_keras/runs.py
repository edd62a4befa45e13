"""A run from its beginning, or from where it was stopped, to its complete folder."""

import os
import pathlib
import shutil
import time
from collections.abc import Mapping
from typing import Any

from mnist_keras.checkpoints.folder import CheckpointFolder
from mnist_keras.digits import Digits
from mnist_keras.ensemble import combine, members_of
from mnist_keras.prediction.keras_file import load_keras_model
from mnist_keras.recipe import Recipe
from mnist_keras.recipes import get_recipe
from mnist_keras.run_folder import MODEL_FILE, is_complete, read_run, seed_folder, unfinished_folder
from mnist_keras.saving import save_run
from mnist_keras.training import train
from mnist_keras.workers import this_worker


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
        The digest, see `Training`.

    Raises:
        InputError: another run is there, or see `train`.
        Stopped: by Ctrl-C or SIGTERM; the same call goes on.
    """
    folder = pathlib.Path(folder)
    worker = this_worker(options.get("strategy", "auto"))
    is_chief = worker is None or worker.is_chief
    if is_complete(folder, recipe, digits, seed):
        if is_chief:
            # A kill at the last moment leaves it.
            shutil.rmtree(unfinished_folder(folder), ignore_errors=True)
        return read_run(folder)[0].get("digest", "")
    if recipe.members > 1:
        runs = [_train_beside(folder, *member, digits, options) for member in members_of(recipe, seed)]
        ensemble = combine(recipe, digits, seed, runs)
        if is_chief:
            save_run(folder, ensemble, digits, flags)
        return ensemble.digest
    if recipe.teacher:
        run = _train_beside(folder, get_recipe(recipe.teacher), 0, digits, options)
        options = {**options, "teacher": load_keras_model(run / MODEL_FILE)}
    checkpoints = CheckpointFolder(unfinished_folder(folder))
    try:
        training = train(recipe, digits, seed, checkpoints=checkpoints, **options)
        if is_chief:
            save_run(folder, training, digits, flags)
            checkpoints.discard()
        return training.digest
    finally:
        checkpoints.close()


def _train_beside(
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
