"""A recipe's network, built and compiled in a strategy's scope, with all its variables."""

from collections.abc import Callable

import keras
import tensorflow as tf

from mnist_keras.distribution.strategy import as_graph_function
from mnist_keras.models import build_model
from mnist_keras.models.builder import training_flops
from mnist_keras.recipes.recipe import Recipe
from mnist_keras.training.fast_layers import with_fast_layers
from mnist_keras.training.optimizers import make_optimizer

# Arithmetic of one call of the compiled loop, beside which what Python does around it counts little.
_FLOPS_PER_CALL = {"CPU": 3e9, "GPU": 3e11}
# So that Ctrl-C is heard and a checkpoint can be written.
_MAX_STEPS_PER_CALL = 500


def compile_model(
    recipe: Recipe,
    steps_in_epoch: int,
    strategy: tf.distribute.Strategy,
    mixed_precision: bool = False,
    sync_batch_norm: bool = True,
) -> keras.Model:
    """A model ready for `fit`.

    Args:
        recipe: network, optimizer, schedule.
        steps_in_epoch: length of the schedule's unit.
        strategy: whose replicas hold the variables; each has dropout of its own.
        mixed_precision: compute in bfloat16, keep the weights in float32.
        sync_batch_norm: normalise by the whole batch and not by each replica's part.
    """
    with strategy.scope():
        model = with_fast_layers(build_model(recipe, "mixed_bfloat16" if mixed_precision else "float32"))
        several = recipe.steps_per_execution or _default_steps_per_execution(model, recipe)
        # Keras cannot run several steps at once on several replicas.
        several = 1 if strategy.num_replicas_in_sync > 1 else several
        model.compile(
            optimizer=make_optimizer(recipe, steps_in_epoch),
            loss=_make_loss(recipe.label_smoothing),
            metrics=["accuracy"],
            steps_per_execution=_largest_divisor(steps_in_epoch, several),
        )
    if strategy.num_replicas_in_sync > 1:
        _decorrelate_replica_seeds(model, strategy, sync_batch_norm)
    return model


def _make_loss(label_smoothing: float) -> Callable:
    if not label_smoothing:
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    # Keras' sparse loss has no label smoothing.
    def smoothed_cross_entropy(labels, logits):
        targets = keras.ops.one_hot(labels, logits.shape[-1])
        return keras.losses.categorical_crossentropy(targets, logits, from_logits=True, label_smoothing=label_smoothing)

    return smoothed_cross_entropy


def _decorrelate_replica_seeds(model: keras.Model, strategy: tf.distribute.Strategy, sync_batch_norm: bool) -> None:
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.synchronized = sync_batch_norm
    # A dropout of nothing has none.
    seeds = [layer.seed_generator.state for layer in model.layers if hasattr(layer, "seed_generator")]

    # Else all replicas would drop the same units.
    def shift_seeds():
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        for seed in seeds:
            seed.assign(seed.value + tf.cast(tf.stack([replica, 0]), seed.dtype))

    as_graph_function(strategy, strategy.run)(shift_seeds)


def _default_steps_per_execution(network: keras.Model, recipe: Recipe) -> int:
    # What is printed of each step is read after it.
    if recipe.log_every_steps or not recipe.batch_size:
        return 1
    device = "GPU" if tf.config.list_logical_devices("GPU") else "CPU"
    steps = _FLOPS_PER_CALL[device] / (recipe.batch_size * training_flops(network))
    return min(max(1, int(steps)), _MAX_STEPS_PER_CALL)


def _largest_divisor(steps: int, limit: int) -> int:
    # Several steps at once would otherwise run on into the next epoch.
    return next(count for count in range(min(limit, steps), 0, -1) if steps % count == 0)
