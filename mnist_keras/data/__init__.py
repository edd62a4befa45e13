"""Where digits come from. Nothing here imports TensorFlow before it is needed."""

from mnist_keras.data.digits import Digits, hold_out, source_of
from mnist_keras.data.sources import DATA_DIR_VARIABLE, DATASETS, load_digits

__all__ = ["DATASETS", "DATA_DIR_VARIABLE", "Digits", "hold_out", "load_digits", "source_of"]
