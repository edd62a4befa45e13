"""Batch norm within the convolutions before it, for networks that are trained no more."""

import itertools
from collections.abc import Iterable

import keras
import numpy as np


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


def readers_of(model: keras.Model, layer: keras.layers.Layer) -> list[keras.layers.Layer]:
    """The layers of a functional model that read this layer's output; the model itself where it is one of its own."""
    readers = [other for other in model.layers if _is_among(layer.output, other.input)]
    return [*readers, model] if _is_among(layer.output, model.output) else readers


def _is_among(tensor: keras.KerasTensor, structure) -> bool:
    return any(other is tensor for other in keras.tree.flatten(structure))


# Steps whose batch statistics are averaged.
_STEPS = 100


def divide_logits(model: keras.Model, temperature: float) -> None:
    """Divides the logits of a model from `build_model` by `temperature`, in the weights that make them."""
    last = next(layer for layer in reversed(model.layers) if layer.weights)
    last.set_weights([weight / temperature for weight in last.get_weights()])


def restate_batch_norm(model: keras.Model, batches: Iterable) -> None:
    """Takes the statistics of batch norm anew, as the mean over 100 batches.

    Those that training leaves are of weights that it had, and not of their average (Izmailov et al. 2018).

    Args:
        model: not compiled; its dropout layers drop meanwhile.
        batches: of images and labels.
    """
    normalizations = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    momenta = [layer.momentum for layer in normalizations]
    for done, (images, _) in enumerate(itertools.islice(batches, _STEPS)):
        for layer in normalizations:
            layer.momentum = done / (done + 1)
        model(images, training=True)
    for layer, momentum in zip(normalizations, momenta, strict=True):
        layer.momentum = momentum


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
