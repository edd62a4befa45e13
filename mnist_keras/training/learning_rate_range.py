"""Learning-rate range test (Smith 2015): trains with a rising learning rate and finds where the loss falls."""

import dataclasses

import keras
import numpy as np
import tensorflow as tf

from mnist_keras.data import Digits
from mnist_keras.data.pipeline import steps_in_epoch, training_batches
from mnist_keras.distribution.strategy import get_strategy, has_bfloat16
from mnist_keras.errors import InputError, check, is_number
from mnist_keras.recipes import get_recipe
from mnist_keras.recipes.recipe import Recipe
from mnist_keras.training.class_weights import balanced_class_weights
from mnist_keras.training.compile import compile_model, targets_for
from mnist_keras.training.initial_model import InitialModel, Start
from mnist_keras.training.settings import MAX_SEED, TrainingOptions
from mnist_keras.training.train import training_set

# The test ends where the smoothed loss is so many times its minimum.
_DIVERGED = 4
# Weight of the earlier steps in the moving average of the loss.
_SMOOTHING = 0.95
_MIN_STEPS = 20


@dataclasses.dataclass(frozen=True)
class LearningRateTest:
    """The training loss of each step of a learning-rate range test."""

    #: float64 (steps,), the learning rate of each step, rising by the same factor from step to step.
    learning_rates: np.ndarray
    #: float64 (steps,), the loss of the batch of each step, before its update.
    losses: np.ndarray

    @property
    def smoothed(self) -> np.ndarray:
        """float64 (steps,): exponential moving average of the losses, without the bias of its start."""
        means, mean = [], 0.0
        for step, loss in enumerate(self.losses, 1):
            mean = _SMOOTHING * mean + (1 - _SMOOTHING) * loss
            means.append(mean / (1 - _SMOOTHING**step))
        return np.array(means)

    @property
    def lowest(self) -> float:
        """The learning rate at the minimum of the smoothed loss. Higher ones raise the loss."""
        return float(self.learning_rates[self.smoothed.argmin()])

    @property
    def suggestion(self) -> float:
        """A tenth of `lowest`, a rule of thumb (Howard, Gugger 2020): it starts a search and does not replace it."""
        return self.lowest / 10


def find_learning_rate(
    recipe: Recipe | str,
    digits: Digits,
    seed: int = 0,
    options: TrainingOptions = TrainingOptions(),  # noqa: B008, it is frozen
    initial_model: keras.Model | InitialModel | None = None,
    frozen_stages: int = 0,
    steps: int = 200,
    lowest: float = 1e-6,
    highest: float = 10.0,
) -> LearningRateTest:
    """Trains for some hundred steps, while the learning rate rises exponentially, and records the loss of each step.

    Network, optimizer, batch size, augmentation and label smoothing are those of the recipe; its schedule and its
    learning rate are not used. The test ends early where the loss diverges. It uses the training set alone, on one
    device, and writes nothing.

    Args:
        recipe: a recipe or the name of one. Of an ensemble, one member is trained.
        digits: the dataset. Its test set is not used.
        seed: decides initial weights, order of the images, augmentation and dropout.
        options: precision and class weights; the others have no effect.
        initial_model: see `train`.
        frozen_stages: see `train`.
        steps: number of training steps, at least 20.
        lowest: learning rate of the first step, above 0.
        highest: learning rate of the last step, above `lowest`.

    Raises:
        InputError: a value is out of range, the loss is not finite from the first steps on, or see `train`.
    """
    recipe = get_recipe(recipe) if isinstance(recipe, str) else recipe
    check(type(seed) is int and 0 <= seed <= MAX_SEED, f"a whole number from 0 to {MAX_SEED}", "seed", seed)
    check(type(steps) is int and steps >= _MIN_STEPS, f"a whole number from {_MIN_STEPS}", "steps", steps)
    check(is_number(lowest) and lowest > 0, "a number above 0", "lowest", lowest)
    check(is_number(highest) and highest > lowest, f"a number above lowest={lowest:g}", "highest", highest)
    recipe = dataclasses.replace(
        recipe, ensemble_size=1, schedule="constant", warmup_fraction=0.0, steps_per_execution=1
    )
    images, labels = training_set(recipe, digits)
    steps_per_epoch = steps_in_epoch(len(images), recipe.batch_size)
    classes = len(digits.class_names)
    weights = balanced_class_weights(labels, classes) if options.class_weight else None
    keras.utils.set_random_seed(seed)
    precision = options.mixed_precision
    mixed = recipe.mixed_precision and has_bfloat16() if precision is None else precision
    start = Start(recipe, digits.class_names, initial_model, frozen_stages)
    strategy = get_strategy("one_device")
    model = compile_model(recipe, steps_per_epoch, strategy, mixed, classes=classes, prepare=start.apply)
    batches = training_batches(
        images, labels, recipe.batch_size, -(-steps // steps_per_epoch), seed, recipe.augmentation
    )
    rates = np.geomspace(lowest, highest, steps)
    losses = _train(model, targets_for(recipe, batches, classes, weights).take(steps), rates)
    if len(losses) < _MIN_STEPS:
        raise InputError(
            f"The training diverged after {len(losses)} steps. Expected: a loss that falls from a learning rate of "
            f"{lowest:g} on. Lower it, or train another recipe. Received: {recipe.name}."
        )
    return LearningRateTest(rates[: len(losses)], np.array(losses))


def _train(model: keras.Model, batches: tf.data.Dataset, rates: np.ndarray) -> list[float]:
    """Returns the loss of each step, until one is not finite or their moving average diverges."""
    losses: list[float] = []
    for batch, rate in zip(batches, rates, strict=True):
        model.optimizer.learning_rate.assign(rate)
        # Otherwise Keras 3.12 returns the mean over all steps. Later versions reset the metrics themselves.
        model.reset_metrics()
        loss = float(model.train_on_batch(*batch, return_dict=True)["loss"])
        if not np.isfinite(loss):
            break
        losses.append(loss)
        smoothed = LearningRateTest(rates[: len(losses)], np.array(losses)).smoothed
        if smoothed[-1] > _DIVERGED * smoothed.min():
            break
    return losses
