"""Builds the functional `keras.Model` of a recipe; ensembles; FLOPs of a training step. Works on any Keras backend."""

import dataclasses
import inspect
import math
from collections.abc import Callable, Sequence

import keras
from keras import layers, ops

from mnist_keras.data.digits import MAX_CLASSES
from mnist_keras.errors import InputError, check
from mnist_keras.models.batch_norm_cnn import batch_norm_cnn
from mnist_keras.models.cnn import cnn
from mnist_keras.models.deep_cnn import deep_cnn
from mnist_keras.models.dense import linear, mlp
from mnist_keras.recipes import get_recipe
from mnist_keras.recipes.recipe import Recipe

# Each takes scaled pixels (batch, 28, 28, 1), the number of classes and `network_options`, and returns float32 logits
# (batch, classes).
BUILDERS: dict[str, Callable[..., keras.KerasTensor]] = {
    "linear": linear,
    "mlp": mlp,
    "cnn": cnn,
    "batch_norm_cnn": batch_norm_cnn,
    "deep_cnn": deep_cnn,
}


def build_model(recipe: Recipe | str, dtype: str = "float32", classes: int = 10) -> keras.Model:
    """Builds the untrained network of a recipe.

    Args:
        recipe: a recipe or the name of a registered one.
        dtype: Keras dtype policy of the layers, such as "mixed_bfloat16". The logits are always float32.
        classes: number of classes, 2 to 1,000.

    Returns:
        A functional model. Its input is raw pixels of shape `(batch, 28, 28, 1)` or `(batch, 28, 28)` in 0..255, white
        ink on black. Its first layer scales them. Its output is float32 logits of shape `(batch, classes)`.
        With `ensemble_size` > 1 it is an `ensemble_model` of that many such networks.

    Raises:
        InputError: the recipe is unknown, its network does not accept its `network_options`, or the number of classes
            is out of range.
    """
    check(
        type(classes) is int and 2 <= classes <= MAX_CLASSES,
        f"a whole number from 2 to {MAX_CLASSES}",
        "classes",
        classes,
    )
    if isinstance(recipe, str):
        recipe = get_recipe(recipe)
    if recipe.ensemble_size > 1:
        members = [
            dataclasses.replace(recipe, name=f"member_{i}", ensemble_size=1) for i in range(recipe.ensemble_size)
        ]
        return ensemble_model([build_model(member, dtype, classes) for member in members], recipe.name)
    builder = BUILDERS[recipe.network]
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(dtype)
    try:
        inputs = keras.Input((28, 28, 1), name="pixels", dtype="float32")
        scaled = keras.layers.Rescaling(1 / (255 * recipe.std), offset=-recipe.mean / recipe.std)(inputs)
        logits = builder(scaled, classes, **recipe.network_options)
    except (TypeError, ValueError) as error:
        expected = list(inspect.signature(builder).parameters)[2:]
        raise InputError(
            f"The network {recipe.network!r} cannot be built with these options. Expected some of: "
            f"{', '.join(expected) or 'none'}. Received: network_options={dict(recipe.network_options)}. ({error})"
        ) from error
    finally:
        keras.config.set_dtype_policy(policy)
    return keras.Model(inputs, logits, name=recipe.name)


# Lower bound of the mean probability, so that int8 can represent the range of its logarithm.
_MIN_PROBABILITY = 1e-6


def ensemble_model(members: Sequence[keras.Model], name: str) -> keras.Model:
    """Returns a functional model that averages the probabilities of its members.

    Args:
        members: from `build_model`.
        name: of the model.

    Returns:
        A model with the input and the output of its members. Its logits are the logarithms of the mean probabilities,
        at least log(1e-6).
    """
    pixels = keras.Input((28, 28, 1), name="pixels", dtype="float32")
    probabilities = [layers.Softmax(dtype="float32")(member(pixels)) for member in members]
    mean = layers.Average(dtype="float32")(probabilities)
    # Softmax of the logarithms gives back the mean probabilities.
    logits = layers.Activation("linear", dtype="float32", name="logits")(ops.log(ops.maximum(mean, _MIN_PROBABILITY)))
    return keras.Model(pixels, logits, name=name)


_CONVOLUTIONS = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D)


def training_flops(model: keras.Model) -> int:
    """Returns the FLOPs of one training step per image, in convolutions and dense layers.

    A multiplication and an addition count as two. The backward pass costs twice the forward pass: the gradient of the
    kernel and the gradient of the input. The first layer needs no gradient of its input.

    Args:
        model: functional, with at least one such layer. Layers of nested models do not count.
    """
    forward = [
        2
        * math.prod(layer.output.shape[1:3] if isinstance(layer, _CONVOLUTIONS) else ())
        * math.prod(layer.kernel.shape)
        for layer in model.layers
        if isinstance(layer, (*_CONVOLUTIONS, keras.layers.Dense))
    ]
    return 3 * sum(forward) - forward[0]
