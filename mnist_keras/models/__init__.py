"""Recipe -> functional `keras.Model`, in backend-neutral Keras."""

import dataclasses
import inspect
from collections.abc import Callable

import keras

from mnist_keras.errors import InputError
from mnist_keras.models.average import average
from mnist_keras.models.batch_norm_cnn import batch_norm_cnn
from mnist_keras.models.cnn import cnn
from mnist_keras.models.deep_cnn import deep_cnn
from mnist_keras.models.linear import linear
from mnist_keras.models.mlp import mlp
from mnist_keras.recipe import Recipe
from mnist_keras.recipes import get_recipe

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
    if recipe.members > 1:
        members = [dataclasses.replace(recipe, name=f"member_{i}", members=1) for i in range(recipe.members)]
        return average([build_model(member, dtype) for member in members], recipe.name)
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
