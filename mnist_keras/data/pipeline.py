"""Arrays -> tf.data batches, as a pure function of the seed and the step.

The order of an epoch is a permutation computed index by index, and augmentation
is seeded by the step, so a position in training is one number.
"""

import mmap
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from mnist_keras.data.augmentation.config import Augmentation
from mnist_keras.data.augmentation.transforms import augment
from mnist_keras.errors import InputError

# tf.data's autotuner holds up the end of every iterator until its next wake-up, which comes ever more
# seldom: fixed numbers instead.
_PARALLEL_CALLS = 2
_PREFETCH = 8
# Of the cipher behind the permutation. The 4 of `tf.random.experimental.index_shuffle` leave an order that is
# far from random: neighbours correlate by .09, and images of a batch meet again up to 1.6 times as often as by chance.
_ROUNDS = 12
# Tell the random numbers of order and augmentation apart.
_ORDER, _AUGMENT = 0, 1


def steps_in_epoch(examples: int, batch_size: int) -> int:
    """Whole batches in an epoch; the remainder is dropped. A `batch_size` of 0 is the whole set.

    Raises:
        InputError: the batch is larger than the data.
    """
    if batch_size > examples:
        raise InputError(
            f"A batch cannot be larger than the training set. Received: batch_size={batch_size} for "
            f"{examples} training images. Lower --batch_size; 0 stands for all of them."
        )
    return examples // (batch_size or examples)


def training_batches(
    images: np.ndarray,
    labels: np.ndarray,
    batch_size: int,
    epochs: int,
    seed: int,
    augmentation: Augmentation | None = None,
    first_step: int = 0,
) -> tf.data.Dataset:
    """All steps of a training run, from `first_step` on.

    Args:
        images: uint8 (examples, 28, 28); of an `np.memmap`, what a step needs is read from disk in that step.
        labels: integers (examples,).
        batch_size: images a step; 0 stands for all.
        epochs: passes over the data, each in an order of its own.
        seed: decides order and augmentation.
        augmentation: None leaves the images as they are.
        first_step: where to begin, counted from the start of the run.

    Returns:
        A dataset of known cardinality, of uint8 (batch, 28, 28, 1) and int64 (batch,).
    """
    examples = len(images)
    steps = steps_in_epoch(examples, batch_size)
    batch_size = batch_size or examples
    images_at, labels_at = _gather_function(images[..., np.newaxis]), _gather_function(labels)

    def batch_at(step):
        epoch, step_in_epoch = step // steps, step % steps
        positions = step_in_epoch * batch_size + tf.range(batch_size, dtype=tf.int64)
        order_seed = tf.stack([tf.constant(seed, tf.int64), epoch, tf.constant(_ORDER, tf.int64)])
        indices = tf.raw_ops.RandomIndexShuffle(
            index=positions, seed=order_seed, max_index=tf.constant(examples - 1, tf.int64), rounds=_ROUNDS
        )
        batch, batch_labels = images_at(indices), tf.cast(labels_at(indices), tf.int64)
        if augmentation is not None:
            step_seed = tf.random.fold_in(tf.constant([seed, _AUGMENT], tf.int64), step, alg="philox")
            batch = augment(batch, augmentation, step_seed)
        return batch, batch_labels

    return _map_steps(tf.data.Dataset.range(first_step, epochs * steps), batch_at)


def evaluation_batches(images: np.ndarray, labels: np.ndarray, batch_size: int = 1000) -> tf.data.Dataset:
    """The images in their order, every one of them; the last batch takes the remainder too.

    A small one of its own would leave some of several replicas without an image, which not all layers survive.
    """
    with tf.device("/CPU:0"):
        all_images = tf.constant(images[..., np.newaxis])
        all_labels = tf.constant(labels, tf.int64)
    examples = len(images)
    batches = max(1, examples // batch_size)

    def batch_at(step):
        start = step * batch_size
        end = tf.where(step == batches - 1, tf.cast(examples, tf.int64), start + batch_size)
        return all_images[start:end], all_labels[start:end]

    return _map_steps(tf.data.Dataset.range(batches), batch_at)


def _gather_function(array: np.ndarray) -> Callable[[tf.Tensor], tf.Tensor]:
    """Indices (batch,) -> these rows of an array."""
    if isinstance(array, np.memmap):

        def at(indices):
            rows = tf.numpy_function(lambda chosen: _read(array, chosen), [indices], array.dtype)
            return tf.ensure_shape(rows, (indices.shape[0], *array.shape[1:]))

        return at
    # On a GPU machine eager constants would land on the GPU; tf.data runs on the CPU.
    with tf.device("/CPU:0"):
        constant = tf.constant(array)
    return lambda indices: tf.gather(constant, indices)


def _read(array: np.memmap, indices: np.ndarray) -> np.ndarray:
    rows = np.asarray(array[indices])
    # Else every page that was ever read would count as this process's memory. Not on Windows.
    if hasattr(mmap, "MADV_DONTNEED"):
        array._mmap.madvise(mmap.MADV_DONTNEED)  # type: ignore[attr-defined]
    return rows


def _map_steps(steps: tf.data.Dataset, batch_at) -> tf.data.Dataset:
    options = tf.data.Options()
    options.autotune.enabled = False
    batches = steps.map(batch_at, num_parallel_calls=_PARALLEL_CALLS, deterministic=True)
    return batches.prefetch(_PREFETCH).with_options(options)
