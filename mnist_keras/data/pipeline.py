"""Input pipeline: arrays to tf.data batches, as a pure function of seed and step.

The order of an epoch is a permutation that is computed index by index, and the step seeds the augmentation. So a
training can start at any step without the steps before it.
"""

import mmap
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from mnist_keras.data.augmentation.config import Augmentation
from mnist_keras.data.augmentation.transforms import augment
from mnist_keras.errors import InputError

# Fixed numbers, because tf.data's autotuner delays the end of each iterator until its next wake-up.
_PARALLEL_CALLS = 2
_PREFETCH = 8
# Rounds of the cipher behind the permutation. With the 4 rounds of `tf.random.experimental.index_shuffle`, consecutive
# indices have a correlation of .09, and images of one batch share a later batch up to 1.6 times as often as by chance.
_ROUNDS = 12
# Separate the random numbers of order and augmentation.
_ORDER, _AUGMENT = 0, 1


def steps_in_epoch(examples: int, batch_size: int) -> int:
    """Returns the number of steps per epoch, without the remainder of an incomplete batch.

    Args:
        examples: number of training images.
        batch_size: images per step; 0 stands for all images.

    Raises:
        InputError: `batch_size` is larger than `examples`.
    """
    if batch_size > examples:
        raise InputError(
            f"The batch size must be at most the number of training images. Received: batch_size={batch_size} for "
            f"{examples} training images. Lower --batch_size; 0 stands for all images."
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
    """Returns the batches of a training run, one per step, shuffled and augmented.

    Args:
        images: uint8 (examples, 28, 28). Each step reads its images of an `np.memmap` from disk.
        labels: integers (examples,).
        batch_size: images per step; 0 stands for all images.
        epochs: number of passes over the images, each in an order of its own.
        seed: of order and augmentation.
        augmentation: None leaves the images unchanged.
        first_step: the step to start at, counted from 0 over all epochs.

    Returns:
        A dataset of uint8 (batch, 28, 28, 1) images and int64 (batch,) labels, with a known cardinality.

    Raises:
        InputError: `batch_size` is larger than the number of images.
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
    """Returns batches of all images in their order. The last batch is larger if the images do not divide evenly.

    A small last batch could leave a replica without images. Batch norm on several replicas then gave NaN.

    Args:
        images: uint8 (examples, 28, 28).
        labels: integers (examples,).
        batch_size: minimum number of images per batch, unless there are fewer images.

    Returns:
        A dataset of uint8 (batch, 28, 28, 1) images and int64 (batch,) labels, with a known cardinality.
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
    """Returns a function from indices, int64 (batch,), to these rows of an array."""
    if isinstance(array, np.memmap):

        def gather(indices):
            rows = tf.numpy_function(lambda positions: _read_rows(array, positions), [indices], array.dtype)
            return tf.ensure_shape(rows, (indices.shape[0], *array.shape[1:]))

        return gather
    # tf.data runs on the CPU. TensorFlow places eager constants on the GPU otherwise.
    with tf.device("/CPU:0"):
        constant = tf.constant(array)
    return lambda indices: tf.gather(constant, indices)


def _read_rows(array: np.memmap, indices: np.ndarray) -> np.ndarray:
    rows = np.asarray(array[indices])
    # Releases the pages that were read. Otherwise they count as this process's memory. Windows has no madvise.
    if hasattr(mmap, "MADV_DONTNEED"):
        array._mmap.madvise(mmap.MADV_DONTNEED)  # type: ignore[attr-defined]
    return rows


def _map_steps(steps: tf.data.Dataset, batch_at) -> tf.data.Dataset:
    options = tf.data.Options()
    options.autotune.enabled = False
    batches = steps.map(batch_at, num_parallel_calls=_PARALLEL_CALLS, deterministic=True)
    return batches.prefetch(_PREFETCH).with_options(options)
