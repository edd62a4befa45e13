"""A recipe's network, loss and optimizer in JAX: the same layers with the same weights."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import optax

from mnist_keras.models import build_model
from mnist_keras.recipes.recipe import Recipe

Arrays = dict[str, jax.Array]
# Weights, moving statistics, inputs, a random key or None for inference, to outputs and new moving statistics.
_Layer = Callable[[Arrays, Arrays, jax.Array, jax.Array | None], tuple[jax.Array, Arrays]]


def jax_network(recipe: Recipe, dtype: Any = jnp.float32) -> tuple[Callable, list[Arrays], list[Arrays]]:
    """Returns a recipe's network in JAX, its weights and its moving statistics, as `build_model` initializes them.

    Args:
        recipe: of one network.
        dtype: of the computations of layers with weights; the weights are float32.

    Returns:
        A function from weights, statistics, float32 pixels (batch, 28, 28, 1) in 0..255, and a random key (None for
        inference) to logits, float32 (batch, 10), and new statistics. Then weights and statistics, one dict per layer.

    Raises:
        NotImplementedError: the network has a layer without a converter in this module.
    """
    layers, weights, statistics = [], [], []
    for layer in build_model(recipe).layers[1:]:
        if type(layer) not in _CONVERTERS:
            known = ", ".join(kind.__name__ for kind in _CONVERTERS)
            raise NotImplementedError(
                f"A layer has no converter to JAX. Expected: one of {known}. "
                f"Received: layer={type(layer).__name__}. Add a converter to _CONVERTERS."
            )
        function, own_weights, own_statistics = _CONVERTERS[type(layer)](layer, dtype)
        layers.append(_with_activation(function, layer))
        weights.append({name: jnp.asarray(value) for name, value in own_weights.items()})
        statistics.append({name: jnp.asarray(value) for name, value in own_statistics.items()})

    def network(weights, statistics, pixels, key=None):
        outputs, updated = pixels, []
        for index, layer in enumerate(layers):
            own_key = None if key is None else jax.random.fold_in(key, index)
            outputs, new = layer(weights[index], statistics[index], outputs, own_key)
            updated.append(new)
        return outputs.astype(jnp.float32), updated

    return network, weights, statistics


def jax_optimizer(recipe: Recipe) -> optax.GradientTransformation:
    """Returns the recipe's optimizer in optax, with a constant learning rate."""
    if recipe.optimizer == "sgd":
        return optax.sgd(recipe.learning_rate, momentum=recipe.momentum or None)
    # The epsilon of Keras.
    if recipe.optimizer == "adam":
        return optax.adam(recipe.learning_rate, eps=1e-7)
    return optax.adamw(recipe.learning_rate, eps=1e-7, weight_decay=recipe.weight_decay)


def jax_train_step(network: Callable, optimizer: optax.GradientTransformation) -> Callable:
    """Returns a compiled training step that reuses the memory of its state.

    It maps (weights, statistics, optimizer's state, key), uint8 images (batch, 28, 28) and labels (batch,) to the new
    state and the loss.
    """

    def loss_of(weights, statistics, pixels, labels, key):
        logits, statistics = network(weights, statistics, pixels, key)
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean(), statistics

    def step(state, images, labels):
        weights, statistics, optimizer_state, key = state
        key, own_key = jax.random.split(key)
        pixels = images[..., None].astype(jnp.float32)
        gradient_of = jax.value_and_grad(loss_of, has_aux=True)
        (loss, statistics), gradients = gradient_of(weights, statistics, pixels, labels, own_key)
        updates, optimizer_state = optimizer.update(gradients, optimizer_state, weights)
        return (optax.apply_updates(weights, updates), statistics, optimizer_state, key), loss

    return jax.jit(step, donate_argnums=0)


def _with_activation(function: _Layer, layer: keras.Layer) -> _Layer:
    activation = getattr(layer, "activation", keras.activations.linear)
    if activation is keras.activations.linear:
        return function
    if activation is not keras.activations.relu:
        raise NotImplementedError(
            f"An activation has no converter to JAX. Expected: relu or linear. Received: activation={activation}. "
            "Add it to _with_activation."
        )

    def activated(weights, statistics, inputs, key):
        outputs, statistics = function(weights, statistics, inputs, key)
        return jax.nn.relu(outputs), statistics

    return activated


def _without_weights(function: Callable[[jax.Array], jax.Array]) -> tuple[_Layer, dict, dict]:
    return lambda weights, statistics, inputs, key: (function(inputs), statistics), {}, {}


def _convolution(layer: keras.Layer, dtype: Any) -> tuple[_Layer, dict, dict]:
    kernel, *bias = layer.get_weights()
    groups = layer.input.shape[-1] if isinstance(layer, keras.layers.DepthwiseConv2D) else 1
    # (height, width, channels, 1) to (height, width, 1, channels).
    kernel = kernel.transpose(0, 1, 3, 2) if groups > 1 else kernel

    def convolve(weights, statistics, inputs, key):
        outputs = jax.lax.conv_general_dilated(
            inputs.astype(dtype),
            weights["kernel"].astype(dtype),
            layer.strides,
            layer.padding.upper(),
            feature_group_count=groups,
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
        )
        return outputs + weights["bias"].astype(dtype) if bias else outputs, statistics

    return convolve, {"kernel": kernel, **({"bias": bias[0]} if bias else {})}, {}


def _dense(layer: keras.layers.Dense, dtype: Any) -> tuple[_Layer, dict, dict]:
    kernel, bias = layer.get_weights()

    def multiply(weights, statistics, inputs, key):
        return inputs.astype(dtype) @ weights["kernel"].astype(dtype) + weights["bias"].astype(dtype), statistics

    return multiply, {"kernel": kernel, "bias": bias}, {}


def _batch_norm(layer: keras.layers.BatchNormalization, dtype: Any) -> tuple[_Layer, dict, dict]:
    gamma = {"gamma": layer.gamma.numpy()} if layer.scale else {}

    def normalize(weights, statistics, inputs, key):
        mean, variance, inputs = statistics["mean"], statistics["variance"], inputs.astype(jnp.float32)
        if key is not None:
            mean, variance = inputs.mean((0, 1, 2)), inputs.var((0, 1, 2))
            moving = ((statistics["mean"], mean), (statistics["variance"], variance))
            old, new = layer.momentum, 1 - layer.momentum
            statistics = dict(zip(("mean", "variance"), (old * was + new * now for was, now in moving), strict=True))
        scale = weights.get("gamma", 1.0) * jax.lax.rsqrt(variance + layer.epsilon)
        return ((inputs - mean) * scale + weights["beta"]).astype(dtype), statistics

    moving = {"mean": layer.moving_mean.numpy(), "variance": layer.moving_variance.numpy()}
    return normalize, {**gamma, "beta": layer.beta.numpy()}, moving


def _max_pooling(layer: keras.layers.MaxPooling2D, _: Any) -> tuple[_Layer, dict, dict]:
    size, strides = (1, *layer.pool_size, 1), (1, *layer.strides, 1)
    # A Python number as the initial value, otherwise JAX does not find the gradient.
    return _without_weights(
        lambda inputs: jax.lax.reduce_window(inputs, -np.inf, jax.lax.max, size, strides, layer.padding.upper())
    )


def _dropout(layer: keras.layers.Dropout, _: Any) -> tuple[_Layer, dict, dict]:
    def drop(weights, statistics, inputs, key):
        if key is None or not layer.rate:
            return inputs, statistics
        kept = jax.random.bernoulli(key, 1 - layer.rate, inputs.shape)
        return jnp.where(kept, inputs / (1 - layer.rate), 0).astype(inputs.dtype), statistics

    return drop, {}, {}


_CONVERTERS: dict[type, Callable[[Any, Any], tuple[_Layer, dict, dict]]] = {
    keras.layers.Rescaling: lambda layer, _: _without_weights(lambda pixels: pixels * layer.scale + layer.offset),
    keras.layers.Conv2D: _convolution,
    keras.layers.DepthwiseConv2D: _convolution,
    keras.layers.Dense: _dense,
    keras.layers.BatchNormalization: _batch_norm,
    keras.layers.Activation: lambda layer, _: _without_weights(lambda inputs: inputs),
    keras.layers.MaxPooling2D: _max_pooling,
    keras.layers.GlobalAveragePooling2D: lambda layer, _: _without_weights(lambda images: images.mean((1, 2))),
    keras.layers.Flatten: lambda layer, _: _without_weights(lambda images: images.reshape(len(images), -1)),
    keras.layers.Dropout: _dropout,
}
