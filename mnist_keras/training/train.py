"""Trains one recipe with `model.fit` and returns the model, its history and a digest."""

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from mnist_keras.data import Digits
from mnist_keras.data.digits import is_of_digits, kind_of_test_set
from mnist_keras.data.pipeline import evaluation_batches, steps_in_epoch, training_batches
from mnist_keras.data.synthetic import with_synthetic_digits
from mnist_keras.distribution.keras_compat import patched_for_multi_worker, skip_executions
from mnist_keras.distribution.machine import peak_memory
from mnist_keras.distribution.preemption import StopRequest
from mnist_keras.distribution.strategy import (
    check_global_batch_size,
    get_strategy,
    has_bfloat16,
    intra_op_threads,
    make_any_across_workers,
    shareable_test_batch_size,
    translate_worker_errors,
)
from mnist_keras.distribution.workers import current_worker
from mnist_keras.errors import InputError, check
from mnist_keras.evaluation.orientation import are_digits, warn_unless_upright
from mnist_keras.files import Rows
from mnist_keras.inference.keras_model import keras_predict_function
from mnist_keras.models import build_model
from mnist_keras.models.rewrites import fold_temperature
from mnist_keras.recipes import get_recipe
from mnist_keras.recipes.recipe import Recipe
from mnist_keras.training.callbacks import ProgressLog, RunHistory
from mnist_keras.training.checkpoints.callback import CheckpointCallback
from mnist_keras.training.checkpoints.resume import ResumingCallbackList
from mnist_keras.training.checkpoints.schedule import CheckpointSchedule
from mnist_keras.training.checkpoints.storage import CheckpointManager
from mnist_keras.training.class_weights import balanced_class_weights
from mnist_keras.training.compile import compile_model, targets_for
from mnist_keras.training.initial_model import InitialModel, Start
from mnist_keras.training.settings import MAX_SEED, TrainingOptions, run_settings


@dataclasses.dataclass(frozen=True)
class TrainingResult:
    """A finished training run."""

    #: float32, on one device, not compiled.
    model: keras.Model
    recipe: Recipe
    #: See `run_settings`.
    settings: dict[str, Any]
    #: See `RunHistory.epochs` and `RunHistory.steps`.
    history: Rows
    steps: Rows
    #: Wall time of `fit` in seconds, with start-up and evaluations, over all processes of the run.
    seconds: float
    #: Maximum memory of the process in bytes, see `peak_memory`.
    peak_memory: int
    #: SHA-256 of all weights, seeds, optimizer slots and the history without its times.
    digest: str
    #: The trained model that the training started from, if it has the same classes; otherwise None.
    initial_model: keras.Model | None = None

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Returns probabilities, float32 (examples, classes), of uint8 images (examples, 28, 28)."""
        return self._predict(images)

    @functools.cached_property
    def _predict(self) -> Callable[[np.ndarray], np.ndarray]:
        return keras_predict_function(self.model)


def _check_callbacks(recipe: Recipe, callbacks: Sequence[keras.callbacks.Callback]) -> None:
    changing = (keras.callbacks.LearningRateScheduler, keras.callbacks.ReduceLROnPlateau)
    names = [type(callback).__name__ for callback in callbacks if isinstance(callback, changing)]
    has_schedule = recipe.schedule != "constant" or recipe.warmup_fraction
    if names and has_schedule:
        raise InputError(
            f"A callback cannot change a learning rate that has a schedule. Received: {', '.join(names)} and "
            f"schedule={recipe.schedule!r}, warmup_fraction={recipe.warmup_fraction}. Pass schedule='constant' and "
            "warmup_fraction=0."
        )


def training_set(recipe: Recipe, digits: Digits) -> tuple[np.ndarray, np.ndarray]:
    """Returns images and labels of the training set with the recipe's synthetic digits."""
    if recipe.synthetic_examples and not is_of_digits(digits.class_names):
        raise InputError(
            f"Synthetic digits join only datasets of the ten digits. Received: {digits.name} with "
            f"{len(digits.class_names)} other classes, and {recipe.synthetic_examples:,} synthetic digits. Pass "
            "synthetic_examples=0."
        )
    warn_unless_upright(digits)
    if recipe.synthetic_examples and not are_digits(digits):
        raise InputError(
            f"Synthetic digits join only datasets whose labels are the digits on the images. Expected: a dataset that "
            f"the shipped compact_1k classifies. Received: {digits.name} and {recipe.synthetic_examples:,} synthetic "
            "digits. Pass synthetic_examples=0."
        )
    return with_synthetic_digits(digits, recipe.synthetic_examples)


def train(
    recipe: Recipe | str,
    digits: Digits,
    seed: int = 0,
    options: TrainingOptions = TrainingOptions(),  # noqa: B008, it is frozen
    checkpoints: CheckpointManager | None = None,
    initial_model: keras.Model | InitialModel | None = None,
    frozen_stages: int = 0,
) -> TrainingResult:
    """Trains a recipe's network with `model.fit`, from random or trained weights or from the latest checkpoint.

    Args:
        recipe: a recipe or the name of one.
        digits: the data. The test set is evaluated after every epoch, and nothing is chosen by it.
        seed: decides initial weights, order of the images, augmentation and dropout.
        options: strategy, precision, callbacks, checkpoint schedule and so on.
        checkpoints: where checkpoints are kept until the run is complete; None keeps none.
        initial_model: the trained weights that training starts from, of the same network, such as
            `load_model("cnn_robust")`. The head is new where the classes differ. None: random weights.
        frozen_stages: number of stages of the network that keep the weights of the initial model, from the first one.

    Raises:
        InputError: the recipe is an ensemble, see `train_run`; it has synthetic digits and the dataset has other
            classes; the initial model does not fit, see `Start`; the batch is larger than the training set or not
            divisible by the number of replicas; the checkpoints have other settings; the loss is no longer finite.
        WorkerLost: another worker has ended.
        TrainingStopped: after Ctrl-C or SIGTERM, when the current step is done and its checkpoint is written.
    """
    if isinstance(recipe, str):
        recipe = get_recipe(recipe)
    if recipe.ensemble_size > 1:
        raise InputError(
            f"The members of an ensemble are runs of their own: train {recipe.name} with train_run. "
            f"Received: ensemble_size={recipe.ensemble_size}."
        )
    check(type(seed) is int and 0 <= seed <= MAX_SEED, f"a whole number from 0 to {MAX_SEED}", "seed", seed)
    _check_callbacks(recipe, options.callbacks)
    schedule = CheckpointSchedule(options.checkpoint_every)
    images, labels = training_set(recipe, digits)
    batch_size = recipe.batch_size or len(images)
    steps = steps_in_epoch(len(images), batch_size)
    classes = len(digits.class_names)
    weights = balanced_class_weights(labels, classes) if options.class_weight else None
    worker = current_worker(options.strategy)
    is_chief = worker is None or worker.is_chief
    if options.deterministic:
        tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(seed)
    distribution = get_strategy(options.strategy)
    mixed_precision = options.mixed_precision
    if mixed_precision is None:
        mixed_precision = recipe.mixed_precision and has_bfloat16()
    check_global_batch_size(distribution, batch_size)
    test_batch_size = shareable_test_batch_size(distribution, options.test_batch_size, len(digits.test_images))
    start = Start(recipe, digits.class_names, initial_model, frozen_stages)
    model = compile_model(recipe, steps, distribution, mixed_precision, options.sync_batch_norm, classes, start.apply)
    settings = run_settings(
        recipe,
        digits,
        seed,
        replicas=distribution.num_replicas_in_sync,
        threads=intra_op_threads(),
        deterministic=options.deterministic,
        mixed_precision=mixed_precision,
        sync_batch_norm=options.sync_batch_norm,
        test_batch_size=test_batch_size,
        steps_per_execution=model.steps_per_execution,
        class_weight=options.class_weight,
        versions={"tensorflow": tf.__version__, "keras": keras.__version__},
        **start.settings,
    )
    history = RunHistory(keep_steps=recipe.log_every_steps > 0)
    printing = []
    if options.verbose and is_chief:
        if recipe.synthetic_examples:
            print(
                f"training set: {len(digits.train_labels):,} images and {recipe.synthetic_examples:,} synthetic digits"
            )
        if initial_model is not None:
            print(start.describe())
        if options.summary:
            model.summary()
        test_set = {"test": "test", "validation": "val"}[kind_of_test_set(digits.name)]
        printing = [ProgressLog(history, batch_size, recipe.log_every_steps, test_set)]
    with StopRequest() as stop, translate_worker_errors(distribution), patched_for_multi_worker(model, distribution):
        any_worker = make_any_across_workers(distribution)
        latest = checkpoints.open(settings, is_chief, any_worker) if checkpoints else None
        saving = CheckpointCallback(
            checkpoints, latest, schedule, [history, *options.callbacks], steps, distribution, stop, any_worker
        )
        epochs_done, steps_done = divmod(saving.step, steps)
        skip_executions(model, steps_done // model.steps_per_execution)
        model.fit(
            # One epoch more than is trained: fit counts skipped steps, which read no batch.
            targets_for(
                recipe,
                training_batches(
                    images, labels, batch_size, recipe.epochs + 1, seed, recipe.augmentation, first_step=saving.step
                ),
                classes,
                weights,
            ),
            initial_epoch=recipe.epochs if saving.stopped_before else epochs_done,
            epochs=recipe.epochs,
            steps_per_epoch=steps,
            validation_data=targets_for(
                recipe, evaluation_batches(digits.test_images, digits.test_labels, test_batch_size), classes
            ),
            callbacks=ResumingCallbackList(
                [history, *printing, *options.callbacks, saving],
                steps_done,
                model=model,
                epochs=recipe.epochs,
                steps=steps,
            ),
            shuffle=False,
            verbose=0,
        )
        digest = saving.state.digest(history.epochs + history.steps)
    trained = build_model(recipe, classes=classes)
    trained.set_weights(model.get_weights())
    fold_temperature(trained, recipe.calibration_temperature)
    return TrainingResult(
        trained,
        recipe,
        settings,
        history.epochs,
        history.steps,
        saving.seconds,
        peak_memory(),
        digest,
        start.comparable_model,
    )
