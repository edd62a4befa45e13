"""Datasets of 28x28 images and the input pipeline. This module must not import TensorFlow."""

from mnist_keras.data.digits import Digits, base_dataset
from mnist_keras.data.forms.image_preparation import IMAGE_PREPARATIONS
from mnist_keras.data.mixing import mix_datasets
from mnist_keras.data.sources import DATA_DIR_VARIABLE, DATASETS, is_dataset, load_digits
from mnist_keras.data.splits import split_validation

__all__ = [
    "DATASETS",
    "DATA_DIR_VARIABLE",
    "IMAGE_PREPARATIONS",
    "Digits",
    "base_dataset",
    "is_dataset",
    "load_digits",
    "mix_datasets",
    "split_validation",
]
