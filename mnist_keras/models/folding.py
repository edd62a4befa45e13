"""Batch norm within the convolutions before it, for networks that are trained no more."""

import keras
import numpy as np

from mnist_keras.models.readers import readers_of


class _Passed(keras.layers.Layer):
    """Takes a batch norm's place, and the arguments that it is called with."""

    def call(self, inputs, training=None, mask=None):
        return inputs


def fold_batch_norm(model: keras.Model) -> keras.Model:
    """A copy that computes the same with fewer operations, and is not to be trained.

    A convolution whose batch norm follows at once has its factors in the kernel and its offsets as a bias (Jacob et al.
    2018). Other batch norm stays as it is.

    Args:
        model: functional; models within it are treated alike.
    """
    folded = {}
    for layer in model.layers:
        if type(layer) is keras.layers.Conv2D and layer.activation is keras.activations.linear:
            readers = readers_of(model, layer)
            if len(readers) == 1 and isinstance(readers[0], keras.layers.BatchNormalization):
                folded[layer.name] = readers[0]
    superfluous = {layer.name for layer in folded.values()}

    def copy_layer(layer: keras.layers.Layer) -> keras.layers.Layer:
        if isinstance(layer, keras.Model):
            return fold_batch_norm(layer)
        if layer.name in superfluous:
            return _Passed(name=layer.name, dtype=layer.dtype_policy)
        config = layer.get_config()
        return type(layer).from_config({**config, "use_bias": True} if layer.name in folded else config)

    copy = keras.models.clone_model(model, clone_function=copy_layer)
    for layer, layer_copy in zip(model.layers, copy.layers, strict=True):
        if layer.name in folded:
            layer_copy.set_weights(_folded_weights(layer, folded[layer.name]))
        elif layer.name not in superfluous and not isinstance(layer, keras.Model):
            layer_copy.set_weights(layer.get_weights())
    return copy


def _folded_weights(
    convolution: keras.layers.Conv2D, norm: keras.layers.BatchNormalization
) -> tuple[np.ndarray, np.ndarray]:
    kernel, *bias = convolution.get_weights()
    factor = 1 / np.sqrt(np.asarray(norm.moving_variance) + norm.epsilon)
    if norm.scale:
        factor = factor * np.asarray(norm.gamma)
    offset = -np.asarray(norm.moving_mean) * factor
    if norm.center:
        offset = offset + np.asarray(norm.beta)
    return kernel * factor, offset + (bias[0] * factor if bias else 0)
