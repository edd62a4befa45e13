"""Recipe -> Keras optimizer, with its learning rate over the run."""

from typing import Any

import keras
import tensorflow as tf

from mnist_keras.recipes.recipe import Recipe

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


class _Fused:
    """To be put in front of an optimizer of Keras; `_apply` is called where there is one device."""

    def update_step(self, gradient, variable, learning_rate):
        if tf.distribute.has_strategy() or variable.dtype != "float32":
            super().update_step(gradient, variable, learning_rate)  # type: ignore[misc]
        else:
            index = self._get_variable_index(variable)  # type: ignore[attr-defined]
            self._apply(_handle(variable), index, tf.cast(gradient, tf.float32), tf.cast(learning_rate, tf.float32))

    def _apply(self, handle: tf.Tensor, index: int, gradient: tf.Tensor, rate: tf.Tensor) -> None:
        raise NotImplementedError


class _FusedAdam(_Fused):
    def _apply(self, handle, index, gradient, rate):
        step = tf.cast(self.iterations + 1, tf.float32)
        tf.raw_ops.ResourceApplyAdam(
            var=handle,
            m=_handle(self._momentums[index]),
            v=_handle(self._velocities[index]),
            beta1_power=self.beta_1**step,
            beta2_power=self.beta_2**step,
            lr=rate,
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=gradient,
        )


class FusedAdam(_FusedAdam, keras.optimizers.Adam):
    """Kingma, Ba (2015)."""


class FusedAdamW(_FusedAdam, keras.optimizers.AdamW):
    """Loshchilov, Hutter (2019)."""


class FusedSGD(_Fused, keras.optimizers.SGD):
    """Gradient descent, with momentum or without."""

    def _apply(self, handle, index, gradient, rate):
        if self.momentum:
            tf.raw_ops.ResourceApplyKerasMomentum(
                var=handle, accum=_handle(self.momentums[index]), lr=rate, grad=gradient, momentum=self.momentum
            )
        else:
            tf.raw_ops.ResourceApplyGradientDescent(var=handle, alpha=rate, delta=gradient)


def _handle(variable: Any) -> tf.Tensor:
    # Of a Keras variable, or of the one of TensorFlow inside it.
    return (variable.value if isinstance(variable, keras.Variable) else variable).handle
