"""What the first layer with weights looks for, and what it finds in a digit."""

import keras
import numpy as np
from matplotlib.figure import Figure

from mnist_keras.figures.canvas import new_figure

# Filters that are shown at most.
_MOST = 16


def first_layer_figure(model: keras.Model, image: np.ndarray) -> Figure | None:
    """A column a filter: its weights above (red adds, blue takes away), what it answers to the digit below.

    Of a dense layer, the weights of each unit are a picture, and its answer is one number. None where the model has no
    such layer of its own, as an ensemble.

    Args:
        image: uint8 (28, 28).
    """
    layer = next((layer for layer in model.layers if hasattr(layer, "kernel")), None)
    if layer is None:
        return None
    kernel = layer.get_weights()[0]
    is_dense = kernel.ndim == 2
    kernel = kernel.reshape(28, 28, -1) if is_dense else kernel[:, :, 0]
    pixels = image[np.newaxis, ..., np.newaxis].astype(np.float32)
    answers = keras.ops.convert_to_numpy(keras.Model(model.input, layer.output)(pixels, training=False))[0]
    count = min(_MOST, kernel.shape[-1])
    figure = new_figure(max(5, 0.75 * count + 1), 2.6, f"The first layer, {layer.name}: weights and answers")
    cells = figure.subplots(2, count + 1, squeeze=False)
    for cell in cells.ravel():
        cell.set_axis_off()
    cells[1, 0].imshow(image, cmap="gray", vmin=0, vmax=255, interpolation="none")
    strongest = np.abs(kernel).max() or 1.0
    for number in range(count):
        weights = kernel[..., number]
        cells[0, number + 1].imshow(weights, cmap="bwr", vmin=-strongest, vmax=strongest, interpolation="none")
        below = cells[1, number + 1]
        if is_dense:
            below.text(0.5, 0.5, f"{answers[number]:.1f}", ha="center", va="center", fontsize=9)
        else:
            below.imshow(answers[..., number], cmap="gray", interpolation="none")
    return figure
