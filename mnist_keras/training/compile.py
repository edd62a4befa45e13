"""Builds and compiles the model of a recipe in the scope of a `tf.distribute` strategy."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from mnist_keras.distribution.strategy import as_graph_function
from mnist_keras.models import build_model
from mnist_keras.models.builder import training_flops
from mnist_keras.recipes.recipe import Recipe
from mnist_keras.training.fast_methods import with_fast_layers
from mnist_keras.training.optimizers import make_optimizer

# FLOPs per compiled call at which Python overhead becomes negligible.
_FLOPS_PER_CALL = {"CPU": 3e9, "GPU": 3e11}
# Between two calls, training reacts to Ctrl-C and writes checkpoints.
_MAX_STEPS_PER_CALL = 500


def compile_model(
    recipe: Recipe,
    steps_in_epoch: int,
    strategy: tf.distribute.Strategy,
    mixed_precision: bool = False,
    sync_batch_norm: bool = True,
    classes: int = 10,
    prepare: Callable[[keras.Model], None] | None = None,
) -> keras.Model:
    """Returns a compiled model that is ready for `fit`.

    Args:
        recipe: network, optimizer, learning-rate schedule and label smoothing.
        steps_in_epoch: training steps per epoch.
        strategy: the strategy whose replicas hold the variables. Each replica samples its own dropout.
        mixed_precision: compute in bfloat16 and keep the weights in float32.
        sync_batch_norm: batch norm uses the statistics of the global batch and not of each replica's part.
        classes: number of classes.
        prepare: called with the untrained model, in the scope of the strategy, see `Start.apply`.
    """
    with strategy.scope():
        dtype = "mixed_bfloat16" if mixed_precision else "float32"
        network = build_model(recipe, dtype, classes)
        if prepare:
            prepare(network)
        model = with_fast_layers(network)
        steps_per_execution = recipe.steps_per_execution or _default_steps_per_execution(model, recipe)
        # Keras fails with several steps per execution on several replicas.
        if strategy.num_replicas_in_sync > 1:
            steps_per_execution = 1
        model.compile(
            optimizer=make_optimizer(recipe, steps_in_epoch),
            loss=_make_loss(recipe.label_smoothing),
            metrics=[_make_accuracy(recipe.label_smoothing)],
            steps_per_execution=_largest_divisor(steps_in_epoch, steps_per_execution),
        )
    if strategy.num_replicas_in_sync > 1:
        _synchronize_batch_norm(model, sync_batch_norm)
        _decorrelate_replica_seeds(model, strategy)
    return model


def _make_loss(label_smoothing: float) -> keras.losses.Loss:
    # Keras' sparse loss has no label smoothing. See `targets_for`.
    if label_smoothing:
        return keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=label_smoothing)
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def _make_accuracy(label_smoothing: float) -> keras.metrics.Metric:
    one_hot = keras.metrics.CategoricalAccuracy
    return (one_hot if label_smoothing else keras.metrics.SparseCategoricalAccuracy)(name="accuracy")


def targets_for(
    recipe: Recipe, batches: tf.data.Dataset, classes: int, class_weights: np.ndarray | None = None
) -> tf.data.Dataset:
    """Returns batches of images and labels with the targets that the recipe's loss takes: one-hot or labels.

    Args:
        recipe: with label smoothing, its targets are one-hot.
        batches: images, and int64 labels (batch,).
        classes: number of classes.
        class_weights: float32 (classes,); the batches then have the weight of each example as their third element.
    """
    if not recipe.label_smoothing and class_weights is None:
        return batches

    def convert(images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, ...]:
        targets = tf.one_hot(labels, classes) if recipe.label_smoothing else labels
        return (images, targets) if class_weights is None else (images, targets, tf.gather(class_weights, labels))

    return batches.map(convert)


def _synchronize_batch_norm(model: keras.Model, synchronized: bool) -> None:
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.synchronized = synchronized


def _decorrelate_replica_seeds(model: keras.Model, strategy: tf.distribute.Strategy) -> None:
    """Gives the dropout layers of each replica another seed. Otherwise all replicas drop the same units."""
    # Dropout with a rate of 0 has no seed generator.
    seeds = [layer.seed_generator.state for layer in model.layers if hasattr(layer, "seed_generator")]

    def shift_seeds():
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        for seed in seeds:
            seed.assign(seed.value + tf.cast(tf.stack([replica, 0]), seed.dtype))

    as_graph_function(strategy, strategy.run)(shift_seeds)


def _default_steps_per_execution(network: keras.Model, recipe: Recipe) -> int:
    # A log per step reads the metrics after every step.
    if recipe.log_every_steps or not recipe.batch_size:
        return 1
    device = "GPU" if tf.config.list_logical_devices("GPU") else "CPU"
    steps = _FLOPS_PER_CALL[device] / (recipe.batch_size * training_flops(network))
    return min(max(1, int(steps)), _MAX_STEPS_PER_CALL)


def _largest_divisor(steps: int, limit: int) -> int:
    # Otherwise the last execution of an epoch would run steps of the next one.
    return next(count for count in range(min(limit, steps), 0, -1) if steps % count == 0)
