"""Where digits come from. Nothing here imports TensorFlow before it is needed."""

from mnist_keras.digits.arrays import Digits
from mnist_keras.digits.hold_out import hold_out, source_of
from mnist_keras.digits.sources import DATA_DIR_VARIABLE, DATASETS, load_digits

__all__ = ["DATASETS", "DATA_DIR_VARIABLE", "Digits", "hold_out", "load_digits", "source_of"]
