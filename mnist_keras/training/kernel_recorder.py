"""Keras callback that records the kernels of a network's first layer after each epoch."""

from typing import Any

import keras
import numpy as np

from mnist_keras.errors import InputError


class KernelRecorder(keras.callbacks.Callback):
    """Records the first layer's kernels before training and after each epoch, for `kernels_figure`.

    Pass it in `TrainingOptions(callbacks=[...])`. Checkpoints contain what it has recorded, so that a run that resumes
    has the kernels of all epochs.

    Args:
        maximum: number of kernels that are recorded, from the first one.

    Attributes:
        kernels: one float32 array per recording. Of a convolution: (count, height, width); of a dense layer on pixels:
            (count, 28, 28).
        epochs: the number of epochs that were trained before each recording, first 0.

    Raises:
        InputError: when training begins, if no layer of the network has a kernel on one channel or on 784 pixels.
    """

    def __init__(self, maximum: int = 16):
        super().__init__()
        self.kernels: list[np.ndarray] = []
        self.epochs: list[int] = []
        self._maximum = maximum

    def on_train_begin(self, logs: Any = None) -> None:
        # A checkpoint brings the recordings of a training that resumes, and replaces this one.
        if not self.kernels:
            self._record(0)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._record(epoch + 1)

    def _record(self, epochs: int) -> None:
        first = next((layer.kernel for layer in self.model.layers if hasattr(layer, "kernel")), None)
        shape = () if first is None else tuple(first.shape)
        is_dense, is_convolution = shape[:1] == (784,) and len(shape) == 2, len(shape) == 4 and shape[2] == 1
        if not (is_dense or is_convolution):
            raise InputError(
                f"The kernels of {self.model.name} are no images. Expected: a first layer that is a convolution of one "
                f"channel or a dense layer of 784 pixels. Received: a kernel of shape {shape}. Train without it."
            )
        kernel = keras.ops.convert_to_numpy(first)
        kernel = kernel.reshape(28, 28, -1) if is_dense else kernel[:, :, 0]
        self.epochs.append(epochs)
        self.kernels.append(kernel[..., : self._maximum].transpose(2, 0, 1).astype(np.float32))
