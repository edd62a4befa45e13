"""Which devices and machines a model trains on."""

import contextlib
import os
import pathlib
import re
from collections.abc import Callable, Iterator, Sequence

import tensorflow as tf

from mnist_keras.distribution.workers import STRATEGIES, current_worker
from mnist_keras.errors import InputError, WorkerLost

_CPU_INFO = pathlib.Path("/proc/cpuinfo")


def set_up_device(device: str = "auto", threads: int = 0, logical_devices: int = 1) -> None:
    """Chooses the kind of device and the number of threads, before TensorFlow is used.

    Args:
        device: "cpu" hides the GPUs, "gpu" demands one, "auto" takes what there is.
        threads: within and between operations; 0 leaves the choice to TensorFlow.
        logical_devices: the CPU stands for so many devices, to try a strategy without GPUs.

    Raises:
        InputError: there is no GPU, or TensorFlow is in use already.
    """
    gpus = tf.config.list_physical_devices("GPU")
    if device == "gpu" and not gpus:
        raise InputError("TensorFlow sees no GPU. Received: device='gpu'. Leave --device out to train on the CPU.")
    try:
        if device == "cpu" and gpus:
            tf.config.set_visible_devices([], "GPU")
        if threads:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(threads)
        if logical_devices > 1:
            [cpu] = tf.config.list_physical_devices("CPU")
            parts = [tf.config.LogicalDeviceConfiguration()] * logical_devices
            tf.config.set_logical_device_configuration(cpu, parts)
    except RuntimeError as error:
        raise InputError(f"Device and threads must be chosen before TensorFlow is used: {error}") from error


def intra_op_threads() -> int:
    """Threads within an operation; sums are taken in an order that depends on their number."""
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return tf.config.threading.get_intra_op_parallelism_threads() or cpus or 1


def has_bfloat16() -> bool:
    """Whether the first GPU, else the processor, has instructions for bfloat16."""
    gpus = tf.config.get_visible_devices("GPU")
    if gpus:
        # NVIDIA's have them from Ampere on.
        return tf.config.experimental.get_device_details(gpus[0]).get("compute_capability", (0, 0)) >= (8, 0)
    try:
        instructions = _CPU_INFO.read_text()
    except OSError:
        return False
    # Of x86 processors, and of Arm's.
    return bool(re.search(r"\b(amx_bf16|avx512_bf16|bf16)\b", instructions))


def get_strategy(name: str = "auto") -> tf.distribute.Strategy:
    """The `tf.distribute` strategy of that name.

    auto: multi_worker where TF_CONFIG names several workers, mirrored when several
    GPUs are visible, else one device. one_device: the first GPU, else the CPU; this
    is TensorFlow's default strategy, which costs nothing (OneDeviceStrategy halves
    the speed of small steps). mirrored: all visible GPUs, else all logical CPU
    devices. multi_worker: the workers that TF_CONFIG names, each with all its GPUs,
    else its CPU.

    Raises:
        InputError: no such strategy, or TF_CONFIG names no workers.
    """
    if name not in STRATEGIES:
        raise InputError(f"strategy must be one of {', '.join(STRATEGIES)}. Received: strategy={name!r}")
    if current_worker(name):
        try:
            return tf.distribute.MultiWorkerMirroredStrategy()
        except RuntimeError as error:
            raise InputError(f"Workers must find each other before TensorFlow is used: {error}") from error
    gpus = tf.config.list_logical_devices("GPU")
    if name == "mirrored" or (name == "auto" and len(gpus) > 1):
        devices = gpus or tf.config.list_logical_devices("CPU")
        return tf.distribute.MirroredStrategy([device.name for device in devices])
    return tf.distribute.get_strategy()


# How TensorFlow says that a worker no longer answers.
_GONE = (
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.UnavailableError,
)


def check_global_batch_size(strategy: tf.distribute.Strategy, batch_size: int) -> None:
    """Raises InputError where the global batch does not divide evenly among the replicas."""
    replicas = strategy.num_replicas_in_sync
    if batch_size % replicas:
        raise InputError(
            f"The batch is shared out among {replicas} replicas: batch_size must be a multiple of {replicas}. "
            f"Received: batch_size={batch_size}."
        )


def shareable_test_batch_size(strategy: tf.distribute.Strategy, batch_size: int, examples: int) -> int:
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


def as_graph_function(strategy: tf.distribute.Strategy, function: Callable) -> Callable:
    """`function`, as a graph where the strategy is slow without."""
    slow = isinstance(strategy, tf.distribute.MirroredStrategy) or is_multi_worker(strategy)
    return tf.function(function, autograph=False) if slow else function


def make_any_across_workers(strategy: tf.distribute.Strategy) -> Callable[[Sequence[bool]], list[bool]]:
    """A function that tells which of some wishes any worker has; all workers must call it at once."""
    if not is_multi_worker(strategy):
        return list

    @tf.function
    def count(wishes):
        return strategy.reduce("SUM", strategy.run(tf.identity, (wishes,)), axis=None)

    return lambda wishes: [bool(votes) for votes in count(tf.constant(wishes, tf.int32)).numpy()]


@contextlib.contextmanager
def translate_worker_errors(strategy: tf.distribute.Strategy) -> Iterator[None]:
    """Turns TensorFlow's errors about a worker that has gone into WorkerLost."""
    try:
        yield
    except _GONE as error:
        if not is_multi_worker(strategy):
            raise
        raise WorkerLost(
            "Another worker has gone, and the others cannot go on without it. Start all workers again with the "
            f"same command: they go on from the last checkpoint. ({type(error).__name__})"
        ) from error


def is_multi_worker(strategy: tf.distribute.Strategy) -> bool:
    """Whether it spreads over several processes."""
    return isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)
