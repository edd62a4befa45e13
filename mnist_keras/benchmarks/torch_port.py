"""The network of a recipe in PyTorch, layer by layer and with the same weights."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import torch
from torch import nn

from mnist_keras.models import build_model
from mnist_keras.recipes.recipe import Recipe


class _Rescale(nn.Module):
    def __init__(self, scale: float, offset: float):
        super().__init__()
        self.scale, self.offset = scale, offset

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return pixels * self.scale + self.offset


class _Mean(nn.Module):
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.mean((2, 3))


def torch_network(recipe: Recipe) -> nn.Sequential:
    """Float32 (batch, 1, 28, 28) in 0..255 -> logits (batch, 10), as `build_model` of the recipe gives them.

    Raises:
        NotImplementedError: a layer that no recipe has, or a graph that is no chain.
    """
    modules: list[nn.Module] = []
    flattened = None
    for layer in build_model(recipe).layers[1:]:
        modules += _modules_of(layer, flattened)
        if isinstance(layer, keras.layers.Flatten):
            flattened = layer.input.shape[1:]
        elif not isinstance(layer, keras.layers.Dropout):
            flattened = None
    return nn.Sequential(*modules)


def torch_optimizer(recipe: Recipe, network: nn.Module) -> torch.optim.Optimizer:
    """The recipe's optimizer in PyTorch's quickest variant, at a constant rate."""
    options = dict(lr=recipe.learning_rate, fused=True)
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(network.parameters(), momentum=recipe.momentum, **options)
    if recipe.optimizer == "adam":
        return torch.optim.Adam(network.parameters(), eps=1e-7, **options)
    return torch.optim.AdamW(network.parameters(), eps=1e-7, weight_decay=recipe.weight_decay, **options)


def _modules_of(layer: keras.Layer, flattened: tuple[int, ...] | None) -> list[nn.Module]:
    if type(layer) not in _CONVERTERS:
        raise NotImplementedError(f"There is no PyTorch layer for {type(layer).__name__} here.")
    modules = _CONVERTERS[type(layer)](layer, flattened)
    activation = getattr(layer, "activation", keras.activations.linear)
    if activation is keras.activations.relu:
        modules.append(nn.ReLU(inplace=True))
    elif activation is not keras.activations.linear:
        raise NotImplementedError(f"There is no PyTorch layer for the activation {activation} here.")
    return modules


def _convolution(layer: keras.Layer, _: Any) -> list[nn.Module]:
    # (height, width, in, out), or (height, width, in, 1) of a depthwise one.
    kernel, *bias = layer.get_weights()
    depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
    kernel = np.transpose(kernel, (2, 3, 0, 1) if depthwise else (3, 2, 0, 1))
    channels, is_same = layer.input.shape[-1], layer.padding == "same"
    module = nn.Conv2d(
        channels,
        len(kernel),
        kernel.shape[2:],
        layer.strides,
        padding="same" if is_same and layer.strides == (1, 1) else 0,
        groups=channels if depthwise else 1,
        bias=bool(bias),
    )
    padding = [_padding(layer)] if is_same and layer.strides != (1, 1) else []
    return [*padding, _with_weights(module, kernel, *bias)]


def _padding(layer: keras.Layer) -> nn.Module:
    # Of a strided `same` convolution, which PyTorch has none of; one side gets more than the other.
    sides: list[int] = []
    for axis in (1, 0):
        covered = (layer.output.shape[1 + axis] - 1) * layer.strides[axis] + layer.kernel_size[axis]
        missing = max(0, covered - layer.input.shape[1 + axis])
        sides += [missing // 2, missing - missing // 2]
    return nn.ZeroPad2d(tuple(sides))


def _dense(layer: keras.layers.Dense, shape: tuple[int, ...] | None) -> list[nn.Module]:
    kernel, bias = layer.get_weights()
    # An image flattened by Keras has its channels last. `shape` is that of the image.
    if shape is not None:
        kernel = kernel.reshape(*shape, -1).transpose(2, 0, 1, 3).reshape(len(kernel), -1)
    return [_with_weights(nn.Linear(*kernel.shape), kernel.T, bias)]


def _batch_norm(layer: keras.layers.BatchNormalization, _: Any) -> list[nn.Module]:
    module = nn.BatchNorm2d(layer.input.shape[-1], eps=layer.epsilon, momentum=1 - layer.momentum)
    gamma = layer.gamma.numpy() if layer.scale else np.ones(layer.input.shape[-1], np.float32)
    module.weight.requires_grad = layer.scale
    module.running_mean.copy_(torch.from_numpy(layer.moving_mean.numpy()))
    module.running_var.copy_(torch.from_numpy(layer.moving_variance.numpy()))
    return [_with_weights(module, gamma, layer.beta.numpy())]


def _with_weights(module: nn.Module, weight: np.ndarray, bias: np.ndarray | None = None) -> nn.Module:
    with torch.no_grad():
        module.weight.copy_(torch.from_numpy(np.ascontiguousarray(weight)))
        if bias is not None:
            module.bias.copy_(torch.from_numpy(bias))
    return module


_CONVERTERS: dict[type, Callable[[keras.Layer, Any], list[nn.Module]]] = {
    keras.layers.Rescaling: lambda layer, _: [_Rescale(layer.scale, layer.offset)],
    keras.layers.Conv2D: _convolution,
    keras.layers.DepthwiseConv2D: _convolution,
    keras.layers.Dense: _dense,
    keras.layers.BatchNormalization: _batch_norm,
    keras.layers.Activation: lambda layer, _: [],
    keras.layers.MaxPooling2D: lambda layer, _: [nn.MaxPool2d(layer.pool_size, layer.strides)],
    keras.layers.GlobalAveragePooling2D: lambda layer, _: [_Mean()],
    keras.layers.Flatten: lambda layer, _: [nn.Flatten()],
    keras.layers.Dropout: lambda layer, _: [nn.Dropout(layer.rate)],
}
