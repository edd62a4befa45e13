"""Optimizer of a recipe and its learning-rate schedule: constant or cosine decay, with linear warm-up."""

import keras

from mnist_keras.recipes.recipe import Recipe
from mnist_keras.training.fast_methods import make_faster

_NOT_DECAYED = ("bias", "gamma", "beta")


def make_optimizer(recipe: Recipe, steps_in_epoch: int) -> keras.optimizers.Optimizer:
    """Returns the recipe's optimizer with its learning-rate schedule.

    Args:
        recipe: optimizer, learning rate, momentum, weight decay, schedule, warm-up and epochs.
        steps_in_epoch: training steps per epoch; the schedule spans all epochs.
    """
    rate = _make_rate(recipe, steps_in_epoch)
    if recipe.optimizer == "sgd":
        optimizer = keras.optimizers.SGD(rate, momentum=recipe.momentum)
        make_faster(optimizer)
        return optimizer
    if recipe.optimizer == "adam":
        return keras.optimizers.Adam(rate)
    optimizer = keras.optimizers.AdamW(rate, weight_decay=recipe.weight_decay)
    optimizer.exclude_from_weight_decay(var_names=_NOT_DECAYED)
    return optimizer


def _make_rate(recipe: Recipe, steps_in_epoch: int) -> float | keras.optimizers.schedules.LearningRateSchedule:
    if recipe.schedule == "constant" and not recipe.warmup_fraction:
        return recipe.learning_rate
    steps = steps_in_epoch * recipe.epochs
    warmup_steps = round(steps * recipe.warmup_fraction)
    # Share of the learning rate at the end of the run.
    end = {"constant": 1.0, "cosine": 0.0}[recipe.schedule]
    if not warmup_steps:
        return keras.optimizers.schedules.CosineDecay(recipe.learning_rate, steps, end)
    return keras.optimizers.schedules.CosineDecay(
        0.0, steps - warmup_steps, end, warmup_target=recipe.learning_rate, warmup_steps=warmup_steps
    )
