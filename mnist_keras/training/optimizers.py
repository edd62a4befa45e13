"""Recipe -> Keras optimizer, with its learning rate over the run."""

from typing import Any

import keras
import tensorflow as tf

from mnist_keras.distribution.keras_compat import variable_index
from mnist_keras.recipes.recipe import Recipe

_NOT_DECAYED = ("bias", "gamma", "beta")


def make_optimizer(recipe: Recipe, steps_in_epoch: int) -> keras.optimizers.Optimizer:
    """The recipe's optimizer; `steps_in_epoch` is the unit of its schedule."""
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
    rising = round(steps * recipe.warmup_fraction)
    # What is left of the rate in the end.
    end = {"constant": 1.0, "cosine": 0.0}[recipe.schedule]
    if not rising:
        return keras.optimizers.schedules.CosineDecay(recipe.learning_rate, steps, end)
    return keras.optimizers.schedules.CosineDecay(
        0.0, steps - rising, end, warmup_target=recipe.learning_rate, warmup_steps=rising
    )


class FusedSGD(keras.optimizers.SGD):
    """Gradient descent with or without momentum, whose update of a variable is one TensorFlow kernel.

    Keras updates a variable in several operations. A whole training step of `stack_10` (batch size 12) takes
    13 % longer with them, those of other recipes less than 5 % (docs/speed.md). Adam and AdamW would gain less than 5 % in every
    recipe and are Keras' own.

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
