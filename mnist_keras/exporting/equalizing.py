"""Weights that eight bits can hold better, of a network that computes the same."""

import keras
import numpy as np

from mnist_keras.models.readers import readers_of


def equalize_depthwise(model: keras.Model) -> keras.Model:
    """A copy whose depthwise filters all reach from -1 to 1 at most, where no activation follows them.

    What a filter is divided by, the next layer's weights of its channel are multiplied by. One scale then fits all
    filters, and the range of what they make is about the same in every channel (cross-layer equalization, Nagel et
    al. 2019, where there is no activation in between).
    """
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    for layer in copy.layers:
        if isinstance(layer, keras.layers.DepthwiseConv2D) and not layer.use_bias and _is_linear(layer):
            following = _following(copy, layer)
            if following is not None:
                _move_scale(layer, following)
    return copy


def _is_linear(layer: keras.layers.Layer) -> bool:
    return layer.activation is keras.activations.linear


def _following(model: keras.Model, layer: keras.layers.Layer) -> keras.layers.Layer | None:
    """The one layer that multiplies what a layer makes by weights of each channel."""
    readers = readers_of(model, layer)
    if len(readers) != 1:
        return None
    (reader,) = readers
    is_reshape = isinstance(reader, keras.layers.Flatten) and layer.output.shape[1:3] == (1, 1)
    if is_reshape or isinstance(reader, keras.layers.Dropout):
        return _following(model, reader)
    return reader if type(reader) in (keras.layers.Conv2D, keras.layers.Dense) else None


def _move_scale(depthwise: keras.layers.Layer, following: keras.layers.Layer) -> None:
    kernel = np.asarray(depthwise.kernel)
    largest = np.abs(kernel).max(axis=(0, 1, 3), keepdims=True)
    # A channel that is dead stays so.
    largest[largest == 0] = 1
    depthwise.kernel.assign(kernel / largest)
    weights = np.asarray(following.kernel)
    following.kernel.assign(weights * largest.reshape(-1, 1))
