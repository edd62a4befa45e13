"""Keras' optimizers with each variable's update in one kernel of TensorFlow.

Keras computes it from ten operations, each of which goes over as many numbers as the variable has.
"""

from typing import Any

import keras
import tensorflow as tf


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
