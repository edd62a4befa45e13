"""Recipes of published systems, each with its author's network, optimizer, batch size and number of epochs."""

from mnist_keras.data.augmentation.config import Augmentation
from mnist_keras.recipes.recipe import Recipe

LINEAR = Recipe(
    name="linear",
    summary="softmax regression, full-batch gradient descent",
    network="linear",
    optimizer="sgd",
    learning_rate=1.0,
    batch_size=0,
    epochs=200,
    published_accuracy=91.68,
)

MLP = Recipe(
    name="mlp",
    summary="one hidden layer of 128 ReLU units, full-batch Adam",
    network="mlp",
    network_options=dict(hidden_units=(128,), activation="relu"),
    learning_rate=1e-3,
    batch_size=0,
    epochs=200,
    published_accuracy=94.0,
)

CNN = Recipe(
    name="cnn",
    summary="two 5x5 convolutions, 1,024 dense units, dropout",
    network="cnn",
    network_options=dict(filters=(32, 64), kernel_size=5, dense_units=1024, dense_activation="relu", dropout=0.5),
    learning_rate=3e-4,
    batch_size=256,
    epochs=30,
    published_accuracy=99.23,
)

CNN_3X3 = Recipe(
    name="cnn_3x3",
    summary="two 3x3 convolutions, no hidden dense layer",
    network="cnn",
    network_options=dict(filters=(32, 64), kernel_size=3, activation="relu", kernel_initializer="lecun_normal"),
    learning_rate=1e-4,
    batch_size=512,
    epochs=30,
    published_accuracy=98.36,
)

CNN_AUGMENTED = Recipe(
    name="cnn_augmented",
    summary="seven small convolutions, batch norm, dropout, augmentation",
    network="batch_norm_cnn",
    mean=0.1307,
    std=0.3081,
    optimizer="sgd",
    learning_rate=0.01,
    momentum=0.9,
    batch_size=128,
    epochs=20,
    augmentation=Augmentation(rotation=20, shift=0.1, scale=(0.9, 1.1), brightness=0.2, contrast=0.2),
    published_accuracy=99.48,
)

LENET_DROPOUT = Recipe(
    name="lenet_dropout",
    summary="a small LeNet with dropout between its convolutions",
    network="cnn",
    network_options=dict(filters=(6, 16), kernel_size=5, activation="relu", first_pool_dropout=0.5, dense_units=30),
    mean=0.5,
    std=0.5,
    learning_rate=0.01,
    batch_size=64,
    epochs=3,
    log_every_steps=100,
)

_STACK_WIDTHS = ((), (5,), (6,), (7,), (8,), (9,), (10,), (100,), (100,) * 2, (100,) * 3, (100,) * 4)
_STACK_PUBLISHED = (92.50, 90.10, 91.21, 91.89, 92.37, 92.67, 92.51, 92.44, 92.40, 92.53, 92.32)

STACK = tuple(
    Recipe(
        name=f"stack_{number}",
        summary=f"dense layers without activations, hidden widths {widths or 'none'}",
        network="mlp",
        network_options=dict(hidden_units=widths, activation=None),
        mean=0.1307,
        std=0.3081,
        optimizer="sgd",
        learning_rate=0.001,
        momentum=0.01,
        batch_size=12,
        epochs=100,
        published_accuracy=published,
    )
    for number, (widths, published) in enumerate(zip(_STACK_WIDTHS, _STACK_PUBLISHED, strict=True))
)
