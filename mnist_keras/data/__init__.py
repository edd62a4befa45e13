"""Where digits come from. Nothing here imports TensorFlow before it is needed."""

from mnist_keras.data.digits import Digits, base_dataset, split_validation
from mnist_keras.data.sources import DATA_DIR_VARIABLE, DATASETS, load_digits

__all__ = ["DATASETS", "DATA_DIR_VARIABLE", "Digits", "split_validation", "load_digits", "base_dataset"]
