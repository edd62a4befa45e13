"""Rewrites the weights of a trained model: folds a temperature into the logits, equalizes depthwise filters."""

import keras
import numpy as np


def fold_temperature(model: keras.Model, temperature: float) -> None:
    """Divides the logits of a model from `build_model` by `temperature`, in the weights that make them."""
    last = next(layer for layer in reversed(model.layers) if layer.weights)
    last.set_weights([weight / temperature for weight in last.get_weights()])


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
    readers = consumers_of(model, layer)
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


def consumers_of(model: keras.Model, layer: keras.layers.Layer) -> list[keras.layers.Layer]:
    """The layers of a functional model that read this layer's output; the model itself where it is one of its own."""
    readers = [other for other in model.layers if _is_among(layer.output, other.input)]
    return [*readers, model] if _is_among(layer.output, model.output) else readers


def _is_among(tensor: keras.KerasTensor, structure) -> bool:
    return any(other is tensor for other in keras.tree.flatten(structure))
