"""A recipe's network and optimizer in PyTorch: the same layers with the same weights."""

from collections.abc import Callable

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


class _GlobalAveragePool(nn.Module):
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.mean((2, 3))


def torch_network(recipe: Recipe) -> nn.Sequential:
    """Returns a recipe's network in PyTorch, with the weights that `build_model` gives it.

    The network maps float32 pixels (batch, 1, 28, 28) in 0..255 to logits (batch, 10).

    Raises:
        NotImplementedError: the network has a layer or an activation without a converter in this module.
    """
    modules: list[nn.Module] = []
    flattened = None
    for layer in build_model(recipe).layers[1:]:
        modules += _modules_of(layer, flattened)
        # Dropout between Flatten and Dense keeps the order of the units.
        if isinstance(layer, keras.layers.Flatten):
            flattened = layer.input.shape[1:]
        elif not isinstance(layer, keras.layers.Dropout):
            flattened = None
    return nn.Sequential(*modules)


def torch_optimizer(recipe: Recipe, network: nn.Module) -> torch.optim.Optimizer:
    """Returns the recipe's optimizer in PyTorch's fused variant, with a constant learning rate."""
    options = dict(lr=recipe.learning_rate, fused=True)
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(network.parameters(), momentum=recipe.momentum, **options)
    # The epsilon of Keras.
    if recipe.optimizer == "adam":
        return torch.optim.Adam(network.parameters(), eps=1e-7, **options)
    return torch.optim.AdamW(network.parameters(), eps=1e-7, weight_decay=recipe.weight_decay, **options)


# The shape of the image that a layer's inputs were flattened from: height, width, channels; None for other inputs.
_Flattened = tuple[int, ...] | None


def _modules_of(layer: keras.Layer, flattened: _Flattened) -> list[nn.Module]:
    if type(layer) not in _CONVERTERS:
        known = ", ".join(kind.__name__ for kind in _CONVERTERS)
        raise NotImplementedError(
            f"A layer has no converter to PyTorch. Expected: one of {known}. "
            f"Received: layer={type(layer).__name__}. Add a converter to _CONVERTERS."
        )
    modules = _CONVERTERS[type(layer)](layer, flattened)
    activation = getattr(layer, "activation", keras.activations.linear)
    if activation is keras.activations.relu:
        modules.append(nn.ReLU(inplace=True))
    elif activation is not keras.activations.linear:
        raise NotImplementedError(
            f"An activation has no converter to PyTorch. Expected: relu or linear. Received: activation={activation}. "
            "Add it to _modules_of."
        )
    return modules


def _convolution(layer: keras.Layer, _: _Flattened) -> list[nn.Module]:
    # (height, width, inputs, filters); a depthwise kernel is (height, width, channels, 1).
    kernel, *bias = layer.get_weights()
    is_depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
    kernel = np.transpose(kernel, (2, 3, 0, 1) if is_depthwise else (3, 2, 0, 1))
    channels, is_same = layer.input.shape[-1], layer.padding == "same"
    module = nn.Conv2d(
        channels,
        len(kernel),
        kernel.shape[2:],
        layer.strides,
        padding="same" if is_same and layer.strides == (1, 1) else 0,
        groups=channels if is_depthwise else 1,
        bias=bool(bias),
    )
    padding = [_same_padding(layer)] if is_same and layer.strides != (1, 1) else []
    return [*padding, _with_weights(module, kernel, *bias)]


def _same_padding(layer: keras.Layer) -> nn.Module:
    """Returns the padding of a strided `same` convolution, which PyTorch lacks; the end may get one pixel more."""
    sides: list[int] = []
    for axis in (1, 0):
        covered = (layer.output.shape[1 + axis] - 1) * layer.strides[axis] + layer.kernel_size[axis]
        missing = max(0, covered - layer.input.shape[1 + axis])
        sides += [missing // 2, missing - missing // 2]
    return nn.ZeroPad2d(tuple(sides))


def _dense(layer: keras.layers.Dense, flattened: _Flattened) -> list[nn.Module]:
    kernel, bias = layer.get_weights()
    # Keras flattens (height, width, channels), PyTorch (channels, height, width).
    if flattened is not None:
        kernel = kernel.reshape(*flattened, -1).transpose(2, 0, 1, 3).reshape(len(kernel), -1)
    return [_with_weights(nn.Linear(*kernel.shape), kernel.T, bias)]


def _batch_norm(layer: keras.layers.BatchNormalization, _: _Flattened) -> list[nn.Module]:
    channels = layer.input.shape[-1]
    module = nn.BatchNorm2d(channels, eps=layer.epsilon, momentum=1 - layer.momentum)
    gamma = layer.gamma.numpy() if layer.scale else np.ones(channels, np.float32)
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


_CONVERTERS: dict[type, Callable[[keras.Layer, _Flattened], list[nn.Module]]] = {
    keras.layers.Rescaling: lambda layer, _: [_Rescale(layer.scale, layer.offset)],
    keras.layers.Conv2D: _convolution,
    keras.layers.DepthwiseConv2D: _convolution,
    keras.layers.Dense: _dense,
    keras.layers.BatchNormalization: _batch_norm,
    keras.layers.Activation: lambda layer, _: [],
    keras.layers.MaxPooling2D: lambda layer, _: [nn.MaxPool2d(layer.pool_size, layer.strides)],
    keras.layers.GlobalAveragePooling2D: lambda layer, _: [_GlobalAveragePool()],
    keras.layers.Flatten: lambda layer, _: [nn.Flatten()],
    keras.layers.Dropout: lambda layer, _: [nn.Dropout(layer.rate)],
}
