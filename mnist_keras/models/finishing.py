"""What is done to a network's weights when its training has ended."""

import itertools
from collections.abc import Iterable

import keras

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
