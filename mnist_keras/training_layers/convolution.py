"""Convolution in bfloat16 over small images, with a quicker gradient of its kernel.

oneDNN takes longer for that gradient than for the convolution itself where images are small. It is a convolution too,
of the inputs by the outputs' gradient, with examples in the place of channels.
"""

import keras
import tensorflow as tf

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
