"""Recipe -> functional `keras.Model`, in backend-neutral Keras."""

import dataclasses
import inspect
import math
from collections.abc import Callable, Sequence

import keras
from keras import layers, ops

from mnist_keras.errors import InputError
from mnist_keras.models.batch_norm_cnn import batch_norm_cnn
from mnist_keras.models.cnn import cnn
from mnist_keras.models.deep_cnn import deep_cnn
from mnist_keras.models.dense import linear, mlp
from mnist_keras.recipes import get_recipe
from mnist_keras.recipes.recipe import Recipe

# Each takes scaled pixels (batch, 28, 28, 1) and its own options, and returns float32 logits (batch, 10).
BUILDERS: dict[str, Callable[..., keras.KerasTensor]] = {
    "linear": linear,
    "mlp": mlp,
    "cnn": cnn,
    "batch_norm_cnn": batch_norm_cnn,
    "deep_cnn": deep_cnn,
}


def build_model(recipe: Recipe | str, dtype: str = "float32") -> keras.Model:
    """Builds the recipe's network, untrained.

    Args:
        recipe: a recipe or the name of one.
        dtype: Keras dtype policy of the layers, such as "mixed_bfloat16"; the logits are always float32.

    Returns:
        A functional model from raw pixels, (batch, 28, 28, 1) or (batch, 28, 28) in 0..255, white ink on
        black, to logits, float32 (batch, 10). Scaling is its first layer. Where the recipe has several members,
        each is such a model, and the logits are the logarithms of their mean probabilities.

    Raises:
        InputError: no such recipe, or options that its network does not take.
    """
    if isinstance(recipe, str):
        recipe = get_recipe(recipe)
    if recipe.ensemble_size > 1:
        members = [
            dataclasses.replace(recipe, name=f"member_{i}", ensemble_size=1) for i in range(recipe.ensemble_size)
        ]
        return ensemble_model([build_model(member, dtype) for member in members], recipe.name)
    builder = BUILDERS[recipe.network]
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(dtype)
    try:
        inputs = keras.Input((28, 28, 1), name="pixels", dtype="float32")
        scaled = keras.layers.Rescaling(1 / (255 * recipe.std), offset=-recipe.mean / recipe.std)(inputs)
        logits = builder(scaled, **recipe.network_options)
    except (TypeError, ValueError) as error:
        expected = list(inspect.signature(builder).parameters)[1:]
        raise InputError(
            f"The network {recipe.network!r} cannot be built with these options. It takes: "
            f"{', '.join(expected) or 'none'}. Received: network_options={dict(recipe.network_options)}. ({error})"
        ) from error
    finally:
        keras.config.set_dtype_policy(policy)
    return keras.Model(inputs, logits, name=recipe.name)


# Of a digit that all members rule out; its logarithm stays within reach of 8 bits.
_LEAST = 1e-6


def ensemble_model(members: Sequence[keras.Model], name: str) -> keras.Model:
    """A functional model of several from raw pixels to logits, with the same ends."""
    pixels = keras.Input((28, 28, 1), name="pixels", dtype="float32")
    probabilities = [layers.Softmax(dtype="float32")(member(pixels)) for member in members]
    mean = layers.Average(dtype="float32")(probabilities)
    # Softmax undoes the logarithm.
    logits = layers.Activation("linear", dtype="float32", name="logits")(ops.log(ops.maximum(mean, _LEAST)))
    return keras.Model(pixels, logits, name=name)


_CONVOLUTIONS = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D)


def training_flops(model: keras.Model) -> int:
    """Multiplications and additions of one training step an image, in convolutions and dense layers.

    Forward, and twice as much again backward, for the kernel and for the input, but that the first layer's input is
    no weight's.
    """
    counts = [
        2
        * math.prod(layer.output.shape[1:3] if isinstance(layer, _CONVOLUTIONS) else ())
        * math.prod(layer.kernel.shape)
        for layer in model.layers
        if isinstance(layer, (*_CONVOLUTIONS, keras.layers.Dense))
    ]
    return 3 * sum(counts) - counts[0]
