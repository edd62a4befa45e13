"""Fit, from the start or from the last checkpoint, and keep what happened."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from mnist_keras.data import Digits
from mnist_keras.data.pipeline import evaluation_batches, steps_in_epoch, training_batches
from mnist_keras.data.synthetic import training_set
from mnist_keras.distribution.keras_compat import fit_on_workers
from mnist_keras.distribution.machine import peak_memory
from mnist_keras.distribution.preemption import StopRequest
from mnist_keras.distribution.strategy import (
    check_batch,
    computes_bfloat16,
    fit_test_batch,
    get_strategy,
    lost_workers_named,
    make_agreement,
    threads_in_use,
)
from mnist_keras.distribution.workers import this_worker
from mnist_keras.errors import InputError
from mnist_keras.files import Rows, hash_arrays
from mnist_keras.inference.keras_model import probabilities_of
from mnist_keras.models import build_model
from mnist_keras.models.rewrites import divide_logits, restate_batch_norm
from mnist_keras.recipes import get_recipe
from mnist_keras.recipes.recipe import Recipe
from mnist_keras.training.callbacks import History, Progress
from mnist_keras.training.checkpoints.callback import Checkpoints
from mnist_keras.training.checkpoints.resume import ResumedCallbacks, pass_over
from mnist_keras.training.checkpoints.schedule import Schedule
from mnist_keras.training.checkpoints.storage import CheckpointFolder
from mnist_keras.training.compile import compile_model
from mnist_keras.training.settings import describe_settings


@dataclasses.dataclass(frozen=True)
class Training:
    """A finished training run."""

    #: Float32, on one device, not compiled: to evaluate, save, export.
    model: keras.Model
    recipe: Recipe
    #: See `describe_settings`.
    settings: dict[str, Any]
    #: See `History.epochs` and `History.steps`.
    history: Rows
    steps: Rows
    #: Wall time of fit, start-up and evaluations included.
    seconds: float
    #: Of the process, see `peak_memory`.
    peak_memory: int
    #: SHA-256 over all weights, seeds, optimizer slots and the history, but for its times.
    digest: str

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Probabilities, float32 (examples, 10), for uint8 images (examples, 28, 28)."""
        return probabilities_of(self.model)(images)


def train(
    recipe: Recipe | str,
    digits: Digits,
    seed: int = 0,
    strategy: str = "auto",
    deterministic: bool = False,
    mixed_precision: bool | None = None,
    sync_batch_norm: bool = True,
    test_batch_size: int = 1000,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    checkpoints: CheckpointFolder | None = None,
    checkpoint_every: str = "1min",
    verbose: bool = True,
    teacher: keras.Model | None = None,
) -> Training:
    """Trains a recipe's network from scratch, or goes on from the last checkpoint.

    Args:
        recipe: a recipe or the name of one.
        digits: the data; the test set is scored after every epoch, and nothing is chosen by it.
        seed: decides initial weights, order, augmentation and dropout.
        strategy: see `get_strategy`.
        deterministic: repeat to the last bit with the same number of threads; the process stays so.
        mixed_precision: compute in bfloat16; the weights stay float32. None does so where the machine has instructions
            for it and the recipe asks for it; a teacher needs not ask.
        sync_batch_norm: on several replicas, normalise by the whole batch and not by each replica's part.
        test_batch_size: images a step in evaluation.
        callbacks: Keras callbacks, passed on to `fit`; their plain attributes go into the checkpoints.
        checkpoints: where the run is kept until it is complete; None keeps none.
        checkpoint_every: see `Schedule`.
        verbose: print the network as a table and the progress.
        teacher: a trained network of `recipe.teacher`, where that names one.

    Raises:
        InputError: a recipe that needs other runs, see `train_run`; a batch larger than the data or not to be
            shared out among the replicas; an unknown strategy; checkpoints of other settings; a worker that has gone;
            a loss that is no longer finite.
        Stopped: by Ctrl-C or SIGTERM, after the step and its checkpoint were done.
    """
    if isinstance(recipe, str):
        recipe = get_recipe(recipe)
    if recipe.members > 1 or bool(recipe.teacher) != (teacher is not None):
        raise InputError(
            f"The members of an ensemble and a teacher are runs of their own: train {recipe.name} by train_run, or "
            f"give the teacher's model. Received: members={recipe.members}, teacher={recipe.teacher!r} and "
            f"{'no model' if teacher is None else 'a model'} of it."
        )
    schedule = Schedule(checkpoint_every)
    images, labels = training_set(digits, recipe.drawn)
    batch_size = recipe.batch_size or len(images)
    steps = steps_in_epoch(len(images), batch_size)
    worker = this_worker(strategy)
    is_chief = worker is None or worker.is_chief
    if deterministic:
        tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(seed)
    distribution = get_strategy(strategy)
    teacher_precision = computes_bfloat16() if mixed_precision is None else mixed_precision
    if mixed_precision is None:
        mixed_precision = recipe.mixed_precision and computes_bfloat16()
    check_batch(distribution, batch_size)
    test_batch_size = fit_test_batch(distribution, test_batch_size, len(digits.test_images))
    model = compile_model(recipe, steps, distribution, mixed_precision, sync_batch_norm, teacher, teacher_precision)
    settings = describe_settings(
        recipe,
        digits,
        seed,
        replicas=distribution.num_replicas_in_sync,
        threads=threads_in_use(),
        deterministic=deterministic,
        mixed_precision=mixed_precision,
        sync_batch_norm=sync_batch_norm,
        test_batch_size=test_batch_size,
        steps_per_execution=model.steps_per_execution,
        versions={"tensorflow": tf.__version__, "keras": keras.__version__},
        **(_describe_teacher(teacher, teacher_precision) if teacher else {}),
    )
    history = History(keep_steps=recipe.log_every > 0)
    printing = []
    if verbose and is_chief:
        model.summary()
        printing = [Progress(history, len(digits.test_images), batch_size, recipe.log_every)]
    with StopRequest() as stop, lost_workers_named(distribution), fit_on_workers(model, distribution):
        agree = make_agreement(distribution)
        newest = checkpoints.open(settings, is_chief, agree) if checkpoints else None
        saving = Checkpoints(checkpoints, newest, schedule, [history, *callbacks], steps, distribution, stop, agree)
        epochs_done, steps_done = divmod(saving.step, steps)
        pass_over(model, steps_done // model.steps_per_execution)
        model.fit(
            # One epoch more than is used: fit counts the steps that are passed over as taken.
            training_batches(
                images,
                labels,
                batch_size,
                recipe.epochs + 1,
                seed,
                recipe.augmentation,
                first_step=saving.step,
            ),
            initial_epoch=recipe.epochs if saving.stopped_before else epochs_done,
            epochs=recipe.epochs,
            steps_per_epoch=steps,
            validation_data=evaluation_batches(digits.test_images, digits.test_labels, test_batch_size),
            callbacks=ResumedCallbacks(
                [history, *printing, *callbacks, saving],
                steps_done,
                model=model,
                epochs=recipe.epochs,
                steps=steps,
            ),
            shuffle=False,
            verbose=0,
        )
        digest = saving.state.digest(history.epochs + history.steps)
    trained = build_model(recipe)
    trained.set_weights(model.get_weights())
    if recipe.ema:
        restate_batch_norm(trained, training_batches(images, labels, batch_size, 1, seed, recipe.augmentation))
    divide_logits(trained, recipe.temperature)
    return Training(trained, recipe, settings, history.epochs, history.steps, saving.seconds, peak_memory(), digest)


def _describe_teacher(teacher: keras.Model, mixed_precision: bool) -> dict[str, Any]:
    return {"teacher": hash_arrays(teacher.get_weights()).hexdigest(), "teacher_mixed_precision": mixed_precision}
