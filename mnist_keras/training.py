"""Build and compile in the strategy's scope, fit, and keep what happened."""

import dataclasses
import time
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from mnist_keras.digits import Digits
from mnist_keras.history import History, Rows
from mnist_keras.models import build_model
from mnist_keras.pipeline import evaluation_batches, steps_in_epoch, training_batches
from mnist_keras.prediction.keras_file import probabilities_of
from mnist_keras.progress import Progress
from mnist_keras.recipe import Recipe
from mnist_keras.recipes import get_recipe
from mnist_keras.strategy import get_strategy


@dataclasses.dataclass(frozen=True)
class Training:
    """A finished training run."""

    # Float32, on one device, not compiled: to evaluate, save, export.
    model: keras.Model
    recipe: Recipe
    seed: int
    # See `History.epochs` and `History.steps`.
    history: Rows
    steps: Rows
    # Wall time of fit, start-up and evaluations included.
    seconds: float

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Probabilities, float32 (examples, 10), for uint8 images (examples, 28, 28)."""
        return probabilities_of(self.model)(images)


def train(
    recipe: Recipe | str,
    digits: Digits,
    seed: int = 0,
    strategy: str = "auto",
    mixed_precision: bool = False,
    test_batch_size: int = 1000,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    verbose: bool = True,
) -> Training:
    """Trains a recipe's network from scratch.

    Args:
        recipe: a recipe or the name of one.
        digits: the data; the test set is scored after every epoch, and nothing is chosen by it.
        seed: decides initial weights, order, augmentation and dropout.
        strategy: see `get_strategy`.
        mixed_precision: compute in bfloat16; the weights stay float32.
        test_batch_size: images a step in evaluation.
        callbacks: Keras callbacks, passed on to `fit`.
        verbose: print the network as a table and the progress.

    Raises:
        InputError: a batch larger than the data, an unknown strategy, or a loss that is no longer finite.
    """
    if isinstance(recipe, str):
        recipe = get_recipe(recipe)
    examples = len(digits.train_images)
    steps = steps_in_epoch(examples, recipe.batch_size)
    keras.utils.set_random_seed(seed)
    distribution = get_strategy(strategy)
    with distribution.scope():
        model = build_model(recipe, dtype="mixed_bfloat16" if mixed_precision else "float32")
        _compile(model, recipe, steps, distribution)
    history = History(keep_steps=recipe.log_every > 0)
    printing = []
    if verbose:
        model.summary()
        printing = [Progress(history, len(digits.test_images), recipe.log_every)]
    began = time.perf_counter()
    model.fit(
        training_batches(
            digits.train_images, digits.train_labels, recipe.batch_size, recipe.epochs, seed, recipe.augmentation
        ),
        epochs=recipe.epochs,
        steps_per_epoch=steps,
        validation_data=evaluation_batches(digits.test_images, digits.test_labels, test_batch_size),
        callbacks=[history, *printing, *callbacks],
        shuffle=False,
        verbose=0,
    )
    seconds = time.perf_counter() - began
    trained = build_model(recipe)
    trained.set_weights(model.get_weights())
    return Training(trained, recipe, seed, history.epochs, history.steps, seconds)


def _compile(model: keras.Model, recipe: Recipe, steps: int, distribution: tf.distribute.Strategy) -> None:
    rate = recipe.learning_rate
    if recipe.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(rate, decay_steps=steps * recipe.epochs)
    optimizers = {
        "sgd": lambda: keras.optimizers.SGD(rate, momentum=recipe.momentum),
        "adam": lambda: keras.optimizers.Adam(rate),
    }
    # Keras cannot run several steps at once on several replicas.
    several = 1 if distribution.num_replicas_in_sync > 1 else recipe.steps_per_execution
    model.compile(
        optimizer=optimizers[recipe.optimizer](),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        steps_per_execution=_largest_divisor(steps, several),
    )


def _largest_divisor(steps: int, limit: int) -> int:
    # Several steps at once would otherwise run on into the next epoch.
    return next(count for count in range(min(limit, steps), 0, -1) if steps % count == 0)
