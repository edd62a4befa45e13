"""Layers that compute in training what Keras' own do, sooner. They have the same names, as a summary shows them."""

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


# Over images of 14x14 the two changes of layout cost more than they save.
_LARGEST = 8


class Conv2D(keras.layers.Conv2D):
    """Keras' layer. `same`, of stride 1, in bfloat16 and over images of at most 8x8 it has its own gradient."""

    def convolution_op(self, inputs, kernel):
        if not self._is_eligible(inputs):
            return super().convolution_op(inputs, kernel)
        return _convolve(inputs, tf.cast(kernel, inputs.dtype))

    def _is_eligible(self, inputs) -> bool:
        simple = self.padding == "same" and self.groups == 1 and self.data_format == "channels_last"
        single = set(self.strides) == set(self.dilation_rate) == {1}
        small = None not in inputs.shape[1:3] and max(inputs.shape[1:3]) <= _LARGEST
        # A 1x1 is a product of matrices as it is.
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


# Instead of which layer of Keras, over images.
_FAST_LAYERS: dict[type, type] = {
    keras.layers.BatchNormalization: BatchNormalization,
    keras.layers.Conv2D: Conv2D,
}


def with_fast_layers(model: keras.Model) -> keras.Model:
    """A functional model's copy, variable by variable, made of these layers."""

    def copy_layer(layer: keras.layers.Layer) -> keras.layers.Layer:
        kind = type(layer)
        if len(layer.output.shape) == 4:
            kind = _FAST_LAYERS.get(kind, kind)
        return kind.from_config(layer.get_config())

    copy = keras.models.clone_model(model, clone_function=copy_layer)
    for variable, original in zip(copy.variables, model.variables, strict=True):
        variable.assign(original)
    return copy
