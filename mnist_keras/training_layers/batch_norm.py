"""Batch norm in one kernel of TensorFlow, for training.

Keras 3 computes it from a dozen operations, in float32 even where all else is in bfloat16.
"""

import keras
import tensorflow as tf


class BatchNormalization(keras.layers.BatchNormalization):
    """Keras' layer for images, channels last. In training it runs `FusedBatchNormV3`, else what Keras runs."""

    def call(self, inputs, training=None, mask=None):
        # The kernel looks at one device alone, and knows no float64.
        if not training or self.synchronized or inputs.dtype == tf.float64:
            return super().call(inputs, training=training, mask=mask)
        dtype, channels = inputs.dtype, inputs.shape[-1]
        # Over other numbers of channels the kernel for bfloat16 is ten times as slow as that for float32.
        if dtype == tf.bfloat16 and channels % 16:
            inputs = tf.cast(inputs, tf.float32)
        ones, zeros = tf.ones_like(self.moving_mean), tf.zeros_like(self.moving_mean)
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=tf.convert_to_tensor(self.gamma) if self.scale else ones,
            offset=tf.convert_to_tensor(self.beta) if self.center else zeros,
            mean=zeros,
            variance=ones,
            epsilon=self.epsilon,
            is_training=True,
        )
        # The kernel divides by one less than the count, Keras by the count.
        count = tf.cast(tf.size(inputs) // channels, tf.float32)
        for moving, batch in ((self.moving_mean, mean), (self.moving_variance, variance * (count - 1) / count)):
            moving.assign(moving * self.momentum + batch * (1.0 - self.momentum))
        return tf.cast(outputs, dtype)
