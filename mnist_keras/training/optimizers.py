"""Optimizer of a recipe and its learning-rate schedule: constant or cosine decay, with linear warm-up."""

from typing import Any

import keras
import tensorflow as tf

from mnist_keras.distribution.keras_compat import variable_index
from mnist_keras.recipes.recipe import Recipe

_NOT_DECAYED = ("bias", "gamma", "beta")


def make_optimizer(recipe: Recipe, steps_in_epoch: int) -> keras.optimizers.Optimizer:
    """Returns the recipe's optimizer with its learning-rate schedule.

    Args:
        recipe: optimizer, learning rate, momentum, weight decay, schedule, warm-up and epochs.
        steps_in_epoch: training steps per epoch; the schedule spans all epochs.
    """
    rate = _make_rate(recipe, steps_in_epoch)
    if recipe.optimizer == "sgd":
        return FusedSGD(rate, momentum=recipe.momentum)
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


class FusedSGD(keras.optimizers.SGD):
    """Gradient descent with or without momentum, whose update of a variable is one TensorFlow kernel.

    Keras updates a variable in several operations. A whole training step of `stack_10` (batch size 12) takes 13 %
    longer with these, one of other recipes less than 5 % (docs/speed.md). Adam and AdamW would gain less than 5 %
    everywhere.

    Raises:
        ValueError: an option that the kernel does not implement.
    """

    def __init__(self, *args, nesterov: bool = False, **options):
        if nesterov:
            raise ValueError(
                "FusedSGD has no kernel for Nesterov momentum. Expected: nesterov=False. Received: nesterov=True. "
                "Use keras.optimizers.SGD."
            )
        super().__init__(*args, **options)

    def update_step(self, gradient, variable, learning_rate):
        """Updates one variable; several replicas and other dtypes than float32 use the update of Keras."""
        if tf.distribute.has_strategy() or variable.dtype != "float32":
            super().update_step(gradient, variable, learning_rate)
            return
        handle, gradient = _handle(variable), tf.cast(gradient, tf.float32)
        rate = tf.cast(learning_rate, tf.float32)
        if self.momentum:
            slot = _handle(self.momentums[variable_index(self, variable)])
            tf.raw_ops.ResourceApplyKerasMomentum(
                var=handle, accum=slot, lr=rate, grad=gradient, momentum=self.momentum
            )
        else:
            tf.raw_ops.ResourceApplyGradientDescent(var=handle, alpha=rate, delta=gradient)


def _handle(variable: Any) -> tf.Tensor:
    # A Keras variable wraps the variable of TensorFlow.
    return (variable.value if isinstance(variable, keras.Variable) else variable).handle
