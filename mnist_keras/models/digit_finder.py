"""The network that finds digits as a trainable keras.Model, and its weights as constants."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from mnist_keras.inference.preprocessing.digit_finder import build_maps


def build_digit_finder() -> tuple[keras.Model, "TrainableLayers"]:
    """Builds the network for canvases of any size.

    Returns:
        The model, whose outputs are the logits and votes of `Maps` by name, and its layers for `constant_weights`.
    """
    cells = keras.Input((None, None, 2), name="cells")
    trainable = TrainableLayers()
    maps = build_maps(cells, trainable)
    return keras.Model(cells, maps._asdict(), name="digit_finder"), trainable


class TrainableLayers:
    """Keras layers, each convolution with the batch norm after it."""

    def __init__(self) -> None:
        self._pairs: list[tuple[keras.Layer, keras.layers.BatchNormalization | None]] = []

    def convolution(self, inputs: Any, filters: int, size: int, stride: int, relu: bool) -> Any:
        layer = layers.Conv2D(filters, size, stride, "same", use_bias=not relu)
        if not relu:
            self._pairs.append((layer, None))
            return layer(inputs)
        return layers.ReLU()(self._normalized(layer, inputs))

    def depthwise(self, inputs: Any, stride: int) -> Any:
        return self._normalized(layers.DepthwiseConv2D(3, stride, "same", use_bias=False), inputs)

    def subpixel(self, inputs: Any, filters: int, factor: int) -> Any:
        outputs = self.convolution(inputs, filters * factor**2, 1, 1, relu=False)
        return _DepthToSpace(factor)(outputs)

    def enlarge(self, inputs: Any) -> Any:
        return layers.UpSampling2D(interpolation="nearest")(inputs)

    def _normalized(self, layer: keras.Layer, inputs: Any) -> Any:
        norm = layers.BatchNormalization(momentum=0.98)
        self._pairs.append((layer, norm))
        return norm(layer(inputs))

    def freeze_batch_norm(self) -> None:
        """Makes batch norm use its moving averages in training too. Compile the model afterwards."""
        for _, norm in self._pairs:
            if norm is not None:
                norm.trainable = False

    def constant_weights(self) -> list[np.ndarray]:
        """Returns kernels and biases for `ConstantLayers`, with batch norm folded into them."""
        arrays = []
        for layer, norm in self._pairs:
            kernel = np.asarray(layer.kernel)
            if norm is None:
                arrays += [kernel, np.asarray(layer.bias)]
                continue
            factor = np.asarray(norm.gamma) / np.sqrt(np.asarray(norm.moving_variance) + norm.epsilon)
            is_depthwise = isinstance(layer, layers.DepthwiseConv2D)
            arrays += [
                kernel * (factor[:, np.newaxis] if is_depthwise else factor),
                np.asarray(norm.beta) - np.asarray(norm.moving_mean) * factor,
            ]
        return arrays


class _DepthToSpace(layers.Layer):
    def __init__(self, factor: int) -> None:
        super().__init__()
        self._factor = factor

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return tf.nn.depth_to_space(inputs, self._factor)
