"""Layers that compute in training what Keras' own do, sooner. They have the same names, as a summary shows them."""

import keras

from mnist_keras.training_layers import batch_norm, convolution

# Instead of which layer of Keras, over images.
_SOONER: dict[type, type] = {
    keras.layers.BatchNormalization: batch_norm.BatchNormalization,
    keras.layers.Conv2D: convolution.Conv2D,
}


def with_training_layers(model: keras.Model) -> keras.Model:
    """A functional model's copy, variable by variable, made of these layers."""

    def copy_layer(layer: keras.layers.Layer) -> keras.layers.Layer:
        kind = type(layer)
        if len(layer.output.shape) == 4:
            kind = _SOONER.get(kind, kind)
        return kind.from_config(layer.get_config())

    copy = keras.models.clone_model(model, clone_function=copy_layer)
    for variable, original in zip(copy.variables, model.variables, strict=True):
        variable.assign(original)
    return copy
