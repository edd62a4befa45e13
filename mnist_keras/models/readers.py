"""Who reads what a layer makes."""

import keras


def readers_of(model: keras.Model, layer: keras.layers.Layer) -> list[keras.layers.Layer]:
    """The layers of a functional model that read this layer's output; the model itself where it is one of its own."""
    readers = [other for other in model.layers if _is_among(layer.output, other.input)]
    return [*readers, model] if _is_among(layer.output, model.output) else readers


def _is_among(tensor: keras.KerasTensor, structure) -> bool:
    return any(other is tensor for other in keras.tree.flatten(structure))
