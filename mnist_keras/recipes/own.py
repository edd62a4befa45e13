"""Recipes of our own networks: for handwriting outside of MNIST, for few parameters, for accuracy, for short training.

All but `cnn_robust` were chosen by validation accuracy on 5,000 training images. Earlier versions of `compact_10k`,
`fast_990` and `fast_994` with other learning rates, batch sizes or widths had been evaluated on the test set before:
docs/accuracy.md and docs/speed.md compare the versions.
"""

import dataclasses

from mnist_keras.data.augmentation.config import Augmentation
from mnist_keras.recipes.recipe import Recipe

CNN_ROBUST = Recipe(
    name="cnn_robust",
    summary="six convolutions, trained for people's own images",
    network="deep_cnn",
    network_options=dict(stages=((16, 16), (32, 32), (64, 64)), dropout=0.2),
    learning_rate=2e-3,
    schedule="cosine",
    batch_size=128,
    epochs=24,
    augmentation=Augmentation(
        rotation=12,
        shift=0.06,
        scale=(0.85, 1.1),
        shear=20,
        aspect_ratio=0.25,
        elastic=1.2,
        stroke_width=(-1.2, 2.0),
        blur=0.8,
        sharpness=3.0,
        noise=0.12,
        cutout=0.2,
        brightness=0.1,
        contrast=0.2,
    ),
    synthetic_examples=12000,
    calibration_temperature=1.02,
)

_SEPARABLE = dict(separable=True, scale=False, weighted_average=True)

COMPACT_1K = Recipe(
    name="compact_1k",
    summary="five separable convolutions, fewer than 1,500 parameters",
    network="deep_cnn",
    network_options=dict(stages=((8,), (12, 12), (16, 14)), **_SEPARABLE),
    optimizer="adamw",
    learning_rate=0.06,
    weight_decay=0.01,
    schedule="cosine",
    warmup_fraction=0.05,
    batch_size=128,
    epochs=60,
    augmentation=Augmentation(rotation=6, shift=0.05, scale=(0.95, 1.05), shear=4, elastic=0.3),
)

COMPACT_6K = dataclasses.replace(
    COMPACT_1K,
    name="compact_6k",
    summary="six separable convolutions, fewer than 6,000 parameters",
    network_options=dict(stages=((16, 16), (24, 24), (24, 24)), **_SEPARABLE),
    learning_rate=0.03,
    epochs=40,
    augmentation=Augmentation(rotation=10, shift=0.08, scale=(0.9, 1.1), shear=8, elastic=0.5),
)

COMPACT_10K = dataclasses.replace(
    COMPACT_6K,
    name="compact_10k",
    summary="six separable convolutions, fewer than 10,000 parameters",
    network_options=dict(stages=((24, 24), (32, 32), (32, 32)), **_SEPARABLE),
    learning_rate=0.015,
)

ACCURATE = dataclasses.replace(
    COMPACT_1K,
    name="accurate",
    summary="six convolutions, the most accurate single network",
    network_options=dict(stages=((32, 32), (64, 64), (128, 128)), weighted_average=True, dropout=0.3),
    learning_rate=0.03,
    epochs=30,
    augmentation=Augmentation(rotation=12, shift=0.08, scale=(0.88, 1.12), shear=10, elastic=0.8),
)

_DOWN_SAMPLED = dict(first_kernel_size=5, first_strides=2)

FAST_990 = Recipe(
    name="fast_990",
    summary="four convolutions, 99.0 % in seconds",
    network="deep_cnn",
    network_options=dict(stages=((32,), (64, 64), (128,)), **_DOWN_SAMPLED),
    optimizer="adamw",
    learning_rate=0.03,
    weight_decay=0.01,
    schedule="cosine",
    warmup_fraction=0.2,
    batch_size=192,
    epochs=1,
    mixed_precision=True,
)

FAST_994 = dataclasses.replace(
    FAST_990,
    name="fast_994",
    summary="four convolutions, 99.4 % in less than a minute",
    network_options=dict(stages=((32,), (64, 64), (96,)), **_DOWN_SAMPLED),
    learning_rate=0.015,
    epochs=5,
    augmentation=Augmentation(rotation=8, shift=0.06, scale=(0.93, 1.07)),
)

ENSEMBLE = dataclasses.replace(
    ACCURATE, name="ensemble", summary="the mean of three accurate networks", ensemble_size=3
)
