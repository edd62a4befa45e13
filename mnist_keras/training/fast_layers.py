"""Batch norm and convolution layers that train faster than those of Keras and compute the same.

They have the class names of Keras, so that a model's summary shows the usual ones. docs/speed.md has the measurements.
"""

import keras
import tensorflow as tf


class BatchNormalization(keras.layers.BatchNormalization):
    """Batch norm over channels-last images. In training it runs the kernel `FusedBatchNormV3`, otherwise Keras' code.

    Keras 3 computes batch norm from a dozen operations, in float32 even with mixed precision.
    """

    def call(self, inputs, training=None, mask=None):
        # The kernel computes the statistics of one device and has no float64.
        if not training or self.synchronized or inputs.dtype == tf.float64:
            return super().call(inputs, training=training, mask=mask)
        dtype, channels = inputs.dtype, inputs.shape[-1]
        # With other numbers of channels, oneDNN's bfloat16 kernel is 10x slower than its float32 kernel.
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
        # The kernel returns the unbiased variance, Keras uses the biased one.
        count = tf.cast(tf.size(inputs) // channels, tf.float32)
        for moving, batch in ((self.moving_mean, mean), (self.moving_variance, variance * (count - 1) / count)):
            moving.assign(moving * self.momentum + batch * (1.0 - self.momentum))
        return tf.cast(outputs, dtype)


# Maximum height and width. For 14x14 images the two transpositions cost more than the convolution saves (measured).
_MAX_SIDE = 8


class Conv2D(keras.layers.Conv2D):
    """Convolution with a faster kernel gradient: padding `same`, stride 1, bfloat16, images of at most 8x8 pixels.

    oneDNN takes longer for the gradient of the kernel than for the convolution itself if images are small. The gradient
    is a convolution too: of the inputs with the output gradient, with examples in the place of channels.
    """

    def convolution_op(self, inputs, kernel):
        if not self._is_eligible(inputs):
            return super().convolution_op(inputs, kernel)
        return _convolve(inputs, tf.cast(kernel, inputs.dtype))

    def _is_eligible(self, inputs) -> bool:
        simple = self.padding == "same" and self.groups == 1 and self.data_format == "channels_last"
        single = set(self.strides) == set(self.dilation_rate) == {1}
        small = None not in inputs.shape[1:3] and max(inputs.shape[1:3]) <= _MAX_SIDE
        # A 1x1 convolution is a matrix product anyway.
        odd = all(size % 2 for size in self.kernel_size) and max(self.kernel_size) > 1
        return inputs.dtype == "bfloat16" and simple and single and small and odd and not _has_gpu()


def _has_gpu() -> bool:
    return bool(tf.config.list_logical_devices("GPU"))


@tf.custom_gradient
def _convolve(images, kernel):
    def gradient(outputs_gradient):
        images_gradient = tf.nn.conv2d_transpose(outputs_gradient, kernel, tf.shape(images), 1, "SAME")
        margins = [[size // 2] * 2 for size in kernel.shape[:2]]
        # (channels, height, width, examples) by (height, width, examples, filters).
        kernel_gradient = tf.nn.conv2d(
            tf.transpose(images, (3, 1, 2, 0)),
            tf.transpose(outputs_gradient, (1, 2, 0, 3)),
            1,
            [[0, 0], *margins, [0, 0]],
        )
        return images_gradient, tf.transpose(kernel_gradient, (1, 2, 0, 3))

    return tf.nn.conv2d(images, kernel, 1, "SAME"), gradient


# Layer class of Keras -> its replacement, for layers whose outputs are images.
_FAST_LAYERS: dict[type, type] = {
    keras.layers.BatchNormalization: BatchNormalization,
    keras.layers.Conv2D: Conv2D,
}


def with_fast_layers(model: keras.Model) -> keras.Model:
    """Returns a copy of a functional model with these layers and the same values of all variables."""

    def copy_layer(layer: keras.layers.Layer) -> keras.layers.Layer:
        kind = type(layer)
        if len(layer.output.shape) == 4:
            kind = _FAST_LAYERS.get(kind, kind)
        return kind.from_config(layer.get_config())

    copy = keras.models.clone_model(model, clone_function=copy_layer)
    for variable, original in zip(copy.variables, model.variables, strict=True):
        variable.assign(original)
    return copy
