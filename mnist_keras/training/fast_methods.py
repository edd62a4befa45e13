"""Faster methods for Keras' batch norm, convolution and SGD objects, which compute the same.

The objects keep the classes of Keras: what a callback saves during training loads in plain Keras. docs/speed.md has the
measurements.
"""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from mnist_keras.distribution.keras_compat import variable_index


def use_fused_batch_norm(layer: keras.layers.BatchNormalization) -> None:
    """Makes batch norm over channels-last images run the kernel `FusedBatchNormV3` in training.

    Keras 3 computes batch norm from a dozen operations, in float32 even with mixed precision.
    """
    keras_call = layer.call

    def call(inputs, training=None, mask=None):
        # The kernel computes the statistics of one device and has no float64. A frozen layer uses its moving ones.
        if not training or not layer.trainable or layer.synchronized or inputs.dtype == tf.float64:
            return keras_call(inputs, training=training, mask=mask)
        dtype, channels = inputs.dtype, inputs.shape[-1]
        # With other numbers of channels, oneDNN's bfloat16 kernel is 10x slower than its float32 kernel.
        if dtype == tf.bfloat16 and channels % 16:
            inputs = tf.cast(inputs, tf.float32)
        ones, zeros = tf.ones_like(layer.moving_mean), tf.zeros_like(layer.moving_mean)
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=tf.convert_to_tensor(layer.gamma) if layer.scale else ones,
            offset=tf.convert_to_tensor(layer.beta) if layer.center else zeros,
            mean=zeros,
            variance=ones,
            epsilon=layer.epsilon,
            is_training=True,
        )
        # The kernel returns the unbiased variance, Keras uses the biased one.
        count = tf.cast(tf.size(inputs) // channels, tf.float32)
        for moving, batch in ((layer.moving_mean, mean), (layer.moving_variance, variance * (count - 1) / count)):
            moving.assign(moving * layer.momentum + batch * (1.0 - layer.momentum))
        return tf.cast(outputs, dtype)

    layer.call = call


# Maximum height and width. For 14x14 images the two transpositions cost more than the convolution saves (measured).
_MAX_SIDE = 8


def use_fast_gradient(layer: keras.layers.Conv2D) -> None:
    """Makes the kernel gradient of a convolution faster: padding `same`, stride 1, bfloat16, at most 8x8 pixels.

    oneDNN takes longer for the gradient of the kernel than for the convolution itself if images are small. The gradient
    is a convolution too: of the inputs with the output gradient, with examples in the place of channels.
    """
    keras_convolution = layer.convolution_op

    def convolution_op(inputs, kernel):
        if not _is_eligible(layer, inputs):
            return keras_convolution(inputs, kernel)
        return _convolve(inputs, tf.cast(kernel, inputs.dtype))

    layer.convolution_op = convolution_op


def _is_eligible(layer: keras.layers.Conv2D, inputs: tf.Tensor) -> bool:
    simple = layer.padding == "same" and layer.groups == 1 and layer.data_format == "channels_last"
    single = set(layer.strides) == set(layer.dilation_rate) == {1}
    small = None not in inputs.shape[1:3] and max(inputs.shape[1:3]) <= _MAX_SIDE
    # A 1x1 convolution is a matrix product anyway.
    odd = all(size % 2 for size in layer.kernel_size) and max(layer.kernel_size) > 1
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


def use_fused_update(optimizer: keras.optimizers.SGD) -> None:
    """Makes gradient descent, with or without momentum, update a variable by one TensorFlow kernel.

    Keras updates a variable in several operations. A whole training step of `stack_10` (batch size 12) takes 13 %
    longer with these, one of other recipes less than 5 % (docs/speed.md). Adam and AdamW would gain less than 5 %
    everywhere.

    Raises:
        ValueError: the optimizer has an option that the kernel does not implement.
    """
    if optimizer.nesterov:
        raise ValueError(
            "The kernel has no Nesterov momentum. Expected: nesterov=False. Received: nesterov=True. Leave the "
            "optimizer as it is."
        )
    keras_update = optimizer.update_step

    def update_step(gradient, variable, learning_rate):
        # Several replicas and other dtypes than float32 use the update of Keras.
        if tf.distribute.has_strategy() or variable.dtype != "float32":
            keras_update(gradient, variable, learning_rate)
            return
        handle, gradient = _handle(variable), tf.cast(gradient, tf.float32)
        rate = tf.cast(learning_rate, tf.float32)
        if optimizer.momentum:
            slot = _handle(optimizer.momentums[variable_index(optimizer, variable)])
            tf.raw_ops.ResourceApplyKerasMomentum(
                var=handle, accum=slot, lr=rate, grad=gradient, momentum=optimizer.momentum
            )
        else:
            tf.raw_ops.ResourceApplyGradientDescent(var=handle, alpha=rate, delta=gradient)

    optimizer.update_step = update_step


def _handle(variable: Any) -> tf.Tensor:
    # A Keras variable wraps the variable of TensorFlow.
    return (variable.value if isinstance(variable, keras.Variable) else variable).handle


# What makes objects of each class faster.
FAST_METHODS: dict[type, Callable[[Any], None]] = {
    keras.layers.BatchNormalization: use_fused_batch_norm,
    keras.layers.Conv2D: use_fast_gradient,
    keras.optimizers.SGD: use_fused_update,
}


def make_faster(part: keras.layers.Layer | keras.optimizers.Optimizer) -> None:
    """Gives a layer whose outputs are images, or an optimizer, its faster methods, if there are any."""
    if type(part) in FAST_METHODS:
        FAST_METHODS[type(part)](part)


def with_fast_layers(model: keras.Model) -> keras.Model:
    """Returns a copy of a functional model with faster layers and the same values of all variables."""

    def copy_layer(layer: keras.layers.Layer) -> keras.layers.Layer:
        copied = type(layer).from_config(layer.get_config())
        if len(layer.output.shape) == 4:
            make_faster(copied)
        return copied

    copy = keras.models.clone_model(model, clone_function=copy_layer)
    for variable, original in zip(copy.variables, model.variables, strict=True):
        variable.assign(original)
    return copy
