"""Other people's networks with the input and the output of this package's models."""

import keras
from keras import layers, ops

from mnist_keras.inference.input_form import OWN_SHAPE, InputForm
from mnist_keras.inference.keras_model import call_network, last_layer
from mnist_keras.inference.output_kind import OutputKind

# Name of the layer of a model whose logits are the logarithms of its probabilities.
PROBABILITIES = "probabilities"
# Lower bound of a probability in front of its logarithm: 1,000 classes change the others by less than 1e-5.
_MIN_PROBABILITY = 1e-8


def adapt_network(network: keras.Model, form: InputForm, white: int, kind: OutputKind, name: str) -> keras.Model:
    """Returns a model that maps pixels in 0..255, (batch, 28, 28, 1), to logits, (batch, classes), float32.

    Their softmax is what the network predicts. The logits are those in front of its softmax, where its last layer is
    one. Otherwise they are the logarithms of its probabilities, at least log(1e-8). Where it predicts probabilities, a
    layer `PROBABILITIES` returns them.

    Args:
        network: with one input and one output. Its name and the activation of its last layer are changed.
        form: of its input.
        white: the pixel value of white ink that it expects.
        kind: of its outputs.
        name: of the returned model.
    """
    if kind is OutputKind.PROBABILITIES:
        network, kind = _without_softmax(network)
    # A layer of this name, such as "logits", may be taken.
    network.name = "network"
    pixels = keras.Input(OWN_SHAPE, name="pixels", dtype="float32")
    # Also where nothing changes: a layer that scales tells other programs that the model takes 0 to 255.
    scaled = layers.Rescaling(white / 255)(pixels)
    outputs = layers.Activation("linear", dtype="float32")(call_network(network, _to_form(scaled, form)))
    if kind is OutputKind.PROBABILITIES:
        outputs = layers.Identity(dtype="float32", name=PROBABILITIES)(outputs)
    if kind is OutputKind.SIGMOIDS:
        # Outputs that are all 0 become equal probabilities. 8-bit quotients do not add up to 1: no `PROBABILITIES`.
        outputs = outputs + 1e-12
        outputs = outputs / ops.sum(outputs, axis=1, keepdims=True)
    if kind is not OutputKind.LOGITS:
        outputs = ops.log(ops.maximum(outputs, _MIN_PROBABILITY))
    return keras.Model(pixels, layers.Activation("linear", dtype="float32", name="logits")(outputs), name=name)


def _without_softmax(network: keras.Model) -> tuple[keras.Model, OutputKind]:
    """Returns the network up to its softmax, if that is its last layer or the activation of it."""
    last = last_layer(network)
    is_activated = isinstance(last, (layers.Dense, layers.Activation))
    if is_activated and last.activation is keras.activations.softmax:
        last.activation = keras.activations.linear
        return network, OutputKind.LOGITS
    if isinstance(last, layers.Softmax) and last in network.layers:
        return keras.Model(network.inputs, last.input), OutputKind.LOGITS
    return network, OutputKind.PROBABILITIES


def _to_form(pixels: keras.KerasTensor, form: InputForm) -> keras.KerasTensor:
    gray = tuple(1 if size == 3 else size for size in form.shape)
    pixels = pixels if gray == OWN_SHAPE else layers.Reshape(gray)(pixels)
    if gray != form.shape:
        pixels = layers.Concatenate(axis=1 + form.shape.index(3))([pixels] * 3)
    if form.takes_bytes:
        # Formats with inputs from 0 to 1 multiply by 255, which is not exact.
        pixels = ops.round(pixels)
    return pixels if form.dtype == "float32" else ops.cast(pixels, form.dtype)
