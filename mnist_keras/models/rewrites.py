"""Rewrites the weights of a trained model: folds a temperature into the logits, equalizes depthwise filters."""

import keras
import numpy as np


def fold_temperature(model: keras.Model, temperature: float) -> None:
    """Folds temperature scaling into the last layer: divides its weights, and so the logits, by `temperature`.

    Args:
        model: from `build_model`, but not an ensemble. Changed in place.
        temperature: greater than 0. 1 changes nothing.
    """
    last = next(layer for layer in reversed(model.layers) if layer.weights)
    last.set_weights([weight / temperature for weight in last.get_weights()])


def equalize_depthwise(model: keras.Model) -> keras.Model:
    """Returns a copy whose depthwise filters have a maximum absolute weight of 1, for int8 quantization.

    Cross-layer equalization (Nagel et al. 2019) without an activation between the layers: the next layer's weights of a
    channel are multiplied by the number that the channel's filter is divided by. The copy computes the same. One int8
    scale then suits all filters, and their outputs have similar ranges.

    A depthwise convolution stays as it is if it has a bias or an activation, or if its output does not go to exactly
    one convolution or dense layer. A filter of zeros stays zero.

    Args:
        model: functional. Not changed.
    """
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    for layer in copy.layers:
        if isinstance(layer, keras.layers.DepthwiseConv2D) and not layer.use_bias and _is_linear(layer):
            following = _next_weighted_layer(copy, layer)
            if following is not None:
                _move_scale(layer, following)
    return copy


def _is_linear(layer: keras.layers.Layer) -> bool:
    return layer.activation is keras.activations.linear


def _next_weighted_layer(model: keras.Model, layer: keras.layers.Layer) -> keras.layers.Layer | None:
    """Returns the only convolution or dense layer that consumes a layer's channels; None if there is no such layer."""
    consumers = consumers_of(model, layer)
    if len(consumers) != 1:
        return None
    (consumer,) = consumers
    keeps_channels = isinstance(consumer, keras.layers.Flatten) and layer.output.shape[1:3] == (1, 1)
    if keeps_channels or isinstance(consumer, keras.layers.Dropout):
        return _next_weighted_layer(model, consumer)
    return consumer if type(consumer) in (keras.layers.Conv2D, keras.layers.Dense) else None


def _move_scale(depthwise: keras.layers.Layer, following: keras.layers.Layer) -> None:
    kernel = np.asarray(depthwise.kernel)
    scales = np.abs(kernel).max(axis=(0, 1, 3), keepdims=True)
    scales[scales == 0] = 1
    depthwise.kernel.assign(kernel / scales)
    weights = np.asarray(following.kernel)
    following.kernel.assign(weights * scales.reshape(-1, 1))


def consumers_of(model: keras.Model, layer: keras.layers.Layer) -> list[keras.layers.Layer]:
    """Returns the layers of a functional model that consume a layer's output.

    The model itself is the last of them if that output is one of its outputs.
    """
    consumers = [other for other in model.layers if _contains(other.input, layer.output)]
    return [*consumers, model] if _contains(model.output, layer.output) else consumers


def _contains(structure, tensor: keras.KerasTensor) -> bool:
    return any(other is tensor for other in keras.tree.flatten(structure))
