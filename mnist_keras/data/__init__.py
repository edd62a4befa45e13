"""Datasets of digits and the input pipeline. This module must not import TensorFlow."""

from mnist_keras.data.digits import Digits, base_dataset, split_validation
from mnist_keras.data.sources import DATA_DIR_VARIABLE, DATASETS, load_digits

__all__ = ["DATASETS", "DATA_DIR_VARIABLE", "Digits", "base_dataset", "load_digits", "split_validation"]
