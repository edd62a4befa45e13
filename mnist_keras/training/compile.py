"""A recipe's network, built and compiled in a strategy's scope, with all its variables."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from mnist_keras.distribution.strategy import compiled
from mnist_keras.errors import InputError
from mnist_keras.models import build_model
from mnist_keras.models.builder import training_operations
from mnist_keras.models.rewrites import fold_batch_norm
from mnist_keras.recipes import get_recipe
from mnist_keras.recipes.recipe import Recipe
from mnist_keras.training.fast_layers import with_training_layers
from mnist_keras.training.optimizers import make_optimizer

# Arithmetic of one call of the compiled loop, beside which what Python does around it counts little.
_ENOUGH = {"CPU": 3e9, "GPU": 3e11}
# So that Ctrl-C is heard and a checkpoint can be written.
_MOST_STEPS = 500


def compile_model(
    recipe: Recipe,
    steps_in_epoch: int,
    strategy: tf.distribute.Strategy,
    mixed_precision: bool = False,
    sync_batch_norm: bool = True,
    teacher: keras.Model | None = None,
    teacher_mixed_precision: bool = False,
) -> keras.Model:
    """A model ready for `fit`.

    Args:
        recipe: network, optimizer, schedule.
        steps_in_epoch: length of the schedule's unit.
        strategy: whose replicas hold the variables; each has dropout of its own.
        mixed_precision: compute in bfloat16, keep the weights in float32.
        sync_batch_norm: normalise by the whole batch and not by each replica's part.
        teacher: a trained network of `recipe.teacher`.
        teacher_mixed_precision: compute in bfloat16 what it says.
    """
    with strategy.scope():
        network = with_training_layers(build_model(recipe, _dtype(mixed_precision)))
        model = network
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        if recipe.label_smoothing or teacher is not None:
            frozen = teacher and _copy(teacher, get_recipe(recipe.teacher), _dtype(teacher_mixed_precision))
            model = SoftTargets(network, recipe.label_smoothing, frozen, recipe.teacher_temperature)
            loss = keras.losses.CategoricalCrossentropy(from_logits=True)
        several = recipe.steps_per_execution or _steps_at_once(network, recipe)
        # Keras cannot run several steps at once on several replicas.
        several = 1 if strategy.num_replicas_in_sync > 1 else several
        model.compile(
            optimizer=make_optimizer(recipe, steps_in_epoch),
            loss=loss,
            metrics=["accuracy"],
            steps_per_execution=_largest_divisor(steps_in_epoch, several),
        )
    if strategy.num_replicas_in_sync > 1:
        _tell_replicas_apart(model, strategy, sync_batch_norm)
    return model


def make_variables(model: keras.Model) -> None:
    """Makes the variables of the optimizer and the metrics, where `fit` does not do so before the first step.

    Args:
        model: compiled. One made under several replicas has them when training begins.
    """
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
        model.compute_metrics(None, np.zeros(1, np.int64), np.zeros((1, *model.output_shape[1:]), np.float32))
        model.reset_metrics()


def _dtype(mixed_precision: bool) -> str:
    return "mixed_bfloat16" if mixed_precision else "float32"


def _copy(teacher: keras.Model, recipe: Recipe, dtype: str) -> keras.Model:
    """A teacher that computes in `dtype`, sooner."""
    copy = build_model(recipe, dtype)
    try:
        copy.set_weights(teacher.get_weights())
    except ValueError as error:
        raise InputError(f"The teacher is no network of the recipe {recipe.name}. ({error})") from error
    return fold_batch_norm(copy)


def _tell_replicas_apart(model: keras.Model, strategy: tf.distribute.Strategy, sync_batch_norm: bool) -> None:
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

    compiled(strategy, strategy.run)(shift_seeds)


def _steps_at_once(network: keras.Model, recipe: Recipe) -> int:
    # What is printed of each step is read after it.
    if recipe.log_every or not recipe.batch_size:
        return 1
    device = "GPU" if tf.config.list_logical_devices("GPU") else "CPU"
    steps = _ENOUGH[device] / (recipe.batch_size * training_operations(network))
    return min(max(1, int(steps)), _MOST_STEPS)


def _largest_divisor(steps: int, limit: int) -> int:
    # Several steps at once would otherwise run on into the next epoch.
    return next(count for count in range(min(limit, steps), 0, -1) if steps % count == 0)


class SoftTargets(keras.Model):
    """A functional model that is trained towards probabilities, and evaluated on labels.

    Args:
        model: pixels to logits (batch, 10); its variables are shared.
        smoothing: share of each target that is spread evenly over the digits (Szegedy et al. 2016).
        teacher: pixels to logits too; its probabilities for the images as the model sees them replace the labels
            (Hinton et al. 2015, with the temperature on the teacher's side alone). It is not trained, and its
            variables are not this model's.
        temperature: divides the teacher's logits.
    """

    def __init__(
        self,
        model: keras.Model,
        smoothing: float = 0.0,
        teacher: keras.Model | None = None,
        temperature: float = 1.0,
    ):
        super().__init__(model.inputs, model.outputs, name=model.name)
        self._smoothing = smoothing
        # A function, since Keras would take a layer for a part of this model.
        self._teach = teacher and (lambda x: ops.softmax(teacher(x, training=False) / temperature))

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        classes = y_pred.shape[-1]
        targets = ops.one_hot(y, classes)
        if training:
            if self._teach:
                targets = ops.stop_gradient(self._teach(x))
            targets = (1 - self._smoothing) * targets + self._smoothing / classes
        return super().compute_loss(x, targets, y_pred, sample_weight, training)
