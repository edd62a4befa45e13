"""What the replicas of a strategy share out, agree on, and lose."""

import contextlib
from collections.abc import Callable, Iterator, Sequence

import tensorflow as tf

from mnist_keras.errors import InputError, WorkerLost

# How TensorFlow says that a worker no longer answers.
_GONE = (
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.UnavailableError,
)


def check_batch(strategy: tf.distribute.Strategy, batch_size: int) -> None:
    """Raises InputError where the global batch does not divide evenly among the replicas."""
    replicas = strategy.num_replicas_in_sync
    if batch_size % replicas:
        raise InputError(
            f"The batch is shared out among {replicas} replicas: batch_size must be a multiple of {replicas}. "
            f"Received: batch_size={batch_size}."
        )


def fit_test_batch(strategy: tf.distribute.Strategy, batch_size: int, examples: int) -> int:
    """The largest size up to `batch_size` of test batches that can be shared out among the replicas.

    Keras wants the first batch to divide evenly. Of the last one, which takes the remainder of the test set,
    every replica but the last gets the same number of images, rounded up, and the last one must get some too.

    Raises:
        InputError: the test set or the batch is too small.
    """
    replicas = strategy.num_replicas_in_sync
    if examples % replicas:
        batch_size = min(batch_size, examples // 2)
    batch_size -= batch_size % replicas
    if batch_size < replicas * (replicas - 1) or not batch_size:
        raise InputError(
            f"Test batches are shared out among {replicas} replicas: they must have "
            f"{replicas * max(1, replicas - 1)} images or more, and a test set that does not divide evenly two such "
            f"batches. Received: {examples} test images. Raise --test_batch_size, or take fewer devices."
        )
    return batch_size


def compiled(strategy: tf.distribute.Strategy, function: Callable) -> Callable:
    """`function`, as a graph where the strategy is slow without."""
    slow = isinstance(strategy, tf.distribute.MirroredStrategy) or has_workers(strategy)
    return tf.function(function, autograph=False) if slow else function


def make_agreement(strategy: tf.distribute.Strategy) -> Callable[[Sequence[bool]], list[bool]]:
    """A function that tells which of some wishes any worker has; all workers must call it at once."""
    if not has_workers(strategy):
        return list

    @tf.function
    def count(wishes):
        return strategy.reduce("SUM", strategy.run(tf.identity, (wishes,)), axis=None)

    return lambda wishes: [bool(votes) for votes in count(tf.constant(wishes, tf.int32)).numpy()]


@contextlib.contextmanager
def lost_workers_named(strategy: tf.distribute.Strategy) -> Iterator[None]:
    """Turns TensorFlow's errors about a worker that has gone into WorkerLost."""
    try:
        yield
    except _GONE as error:
        if not has_workers(strategy):
            raise
        raise WorkerLost(
            "Another worker has gone, and the others cannot go on without it. Start all workers again with the "
            f"same command: they go on from the last checkpoint. ({type(error).__name__})"
        ) from error


def has_workers(strategy: tf.distribute.Strategy) -> bool:
    """Whether it spreads over several processes."""
    return isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)
