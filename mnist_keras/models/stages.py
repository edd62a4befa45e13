"""Parts of a network: its stages between two downsamplings and its head; the first difference of two networks."""

import itertools
import json
from collections.abc import Iterator
from typing import Any

import keras

from mnist_keras.errors import check
from mnist_keras.models.builder import build_model
from mnist_keras.recipes.recipe import Recipe


def head_layers(recipe: Recipe, model: keras.Model) -> list[keras.layers.Layer]:
    """Returns the layers that make the logits: those whose weights depend on the number of classes.

    That is the last layer with weights, and in `batch_norm_cnn` also the one before it.

    Args:
        recipe: of one network, not of an ensemble.
        model: of that recipe, from `build_model` or with the same layers.
    """
    classes = model.output_shape[-1]
    other = build_model(recipe, classes=2 if classes != 2 else 3)
    pairs = zip(_weighted(model), _weighted(other), strict=True)
    return [layer for layer, changed in pairs if _shapes(layer) != _shapes(changed)]


def freeze_stages(recipe: Recipe, model: keras.Model, count: int) -> None:
    """Makes the first stages of a network untrainable. Their batch norms then use their moving statistics.

    A stage ends before a pooling layer or a strided convolution. In a network of dense layers alone, each dense layer
    is a stage. The head belongs to no stage.

    Args:
        recipe: of one network.
        model: of that recipe. Changed in place.
        count: number of stages, from 0 to the number that the network has.

    Raises:
        InputError: the network has fewer stages.
    """
    stages = _stages(recipe, model)
    expected = f"a whole number from 0 to {len(stages)}, the number of stages of {recipe.name} before its head"
    check(type(count) is int and 0 <= count <= len(stages), expected, "frozen_stages", count)
    for layer in itertools.chain.from_iterable(stages[:count]):
        layer.trainable = False


def _stages(recipe: Recipe, model: keras.Model) -> list[list[keras.layers.Layer]]:
    """Returns the layers with weights of each stage."""
    head = head_layers(recipe, model)
    is_dense = not any(max(getattr(layer, "kernel_size", (0,))) for layer in model.layers)
    stages: list[list[keras.layers.Layer]] = [[]]
    for layer in model.layers:
        if max(getattr(layer, "strides", (1,))) > 1 or (is_dense and isinstance(layer, keras.layers.Dense)):
            stages.append([])
        if layer.weights and layer not in head:
            stages[-1].append(layer)
    return [stage for stage in stages if stage]


def first_network_difference(there: keras.Model, now: keras.Model) -> str | None:
    """Returns the first layer in which two networks differ, in words; None if they compute the same from weights.

    Dropout, names, dtypes, initializers and the momentum of batch norm change no prediction and are not compared.
    """
    pairs = itertools.zip_longest(_computing_layers(there), _computing_layers(now))
    for number, (one, other) in enumerate(pairs, start=1):
        if one is None or other is None or type(one) is not type(other):
            names = ["missing" if layer is None else type(layer).__name__ for layer in (one, other)]
            return f"layer {number} is {names[0]} there and {names[1]} now"
        configs = [_computing_config(layer) for layer in (one, other)]
        for name in configs[0]:
            values = [config.get(name) for config in configs]
            if values[0] != values[1]:
                kind = type(one).__name__
                return f"layer {number}, {kind}, has {name}={values[0]!r} there and {name}={values[1]!r} now"
        if _shapes(one) != _shapes(other):
            return f"layer {number}, {type(one).__name__}, has weights of other shapes"
    return None


_WITHOUT_EFFECT = ("name", "dtype", "trainable", "momentum", "synchronized", "seed")


def _computing_layers(model: keras.Model) -> Iterator[keras.layers.Layer]:
    ignored = (keras.layers.InputLayer, keras.layers.Dropout)
    return (layer for layer in model.layers if not isinstance(layer, ignored))


def _computing_config(layer: keras.layers.Layer) -> dict[str, Any]:
    """Returns those settings of a layer that change its outputs, as JSON types."""
    config = {
        name: value
        for name, value in layer.get_config().items()
        if name not in _WITHOUT_EFFECT and not name.endswith("_initializer")
    }
    return json.loads(json.dumps(config, default=str))


def _weighted(model: keras.Model) -> list[keras.layers.Layer]:
    return [layer for layer in model.layers if layer.weights]


def _shapes(layer: keras.layers.Layer) -> list[tuple[int, ...]]:
    return [tuple(weight.shape) for weight in layer.weights]
