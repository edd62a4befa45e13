"""Recipe -> Keras optimizer, with its learning rate over the run."""

import keras

from mnist_keras.fused_optimizers import FusedAdam, FusedAdamW, FusedSGD
from mnist_keras.recipe import Recipe

_NOT_DECAYED = ("bias", "gamma", "beta")


def make_optimizer(recipe: Recipe, steps_in_epoch: int) -> keras.optimizers.Optimizer:
    """The recipe's optimizer; `steps_in_epoch` is the unit of its schedule."""
    rate = _make_rate(recipe, steps_in_epoch)
    average = {"use_ema": True, "ema_momentum": recipe.ema} if recipe.ema else {}
    if recipe.optimizer == "sgd":
        return FusedSGD(rate, momentum=recipe.momentum, **average)
    if recipe.optimizer == "adam":
        return FusedAdam(rate, **average)
    optimizer = FusedAdamW(rate, weight_decay=recipe.weight_decay, **average)
    optimizer.exclude_from_weight_decay(var_names=_NOT_DECAYED)
    return optimizer


def _make_rate(recipe: Recipe, steps_in_epoch: int) -> float | keras.optimizers.schedules.LearningRateSchedule:
    if recipe.schedule == "constant" and not recipe.warmup:
        return recipe.learning_rate
    steps = steps_in_epoch * recipe.epochs
    rising = round(steps * recipe.warmup)
    # What is left of the rate in the end.
    end = {"constant": 1.0, "cosine": 0.0}[recipe.schedule]
    if not rising:
        return keras.optimizers.schedules.CosineDecay(recipe.learning_rate, steps, end)
    return keras.optimizers.schedules.CosineDecay(
        0.0, steps - rising, end, warmup_target=recipe.learning_rate, warmup_steps=rising
    )
