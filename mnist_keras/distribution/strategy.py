"""Devices and `tf.distribute` strategies: batch sizes for replicas, a logical OR over workers, lost workers."""

import contextlib
import os
import pathlib
import re
from collections.abc import Callable, Iterator, Sequence

import tensorflow as tf

from mnist_keras.distribution.workers import MAX_DEVICES, MAX_THREADS, STRATEGIES, current_worker
from mnist_keras.errors import InputError, WorkerLost, check

_CPU_INFO = pathlib.Path("/proc/cpuinfo")


def set_up_device(device: str = "auto", threads: int = 0, logical_devices: int = 1) -> None:
    """Selects the kind of device and the number of threads. Must be called before TensorFlow is used.

    Args:
        device: "cpu" hides the GPUs, "gpu" requires one, "auto" uses GPUs if there are any.
        threads: number of threads within and between operations; 0 is TensorFlow's default.
        logical_devices: number of devices that the CPU is divided into, to try a strategy without GPUs.

    Raises:
        InputError: "gpu" without a GPU, or TensorFlow is already in use.
    """
    check(0 <= threads <= MAX_THREADS, f"from 0 to {MAX_THREADS}", "threads", threads)
    check(1 <= logical_devices <= MAX_DEVICES, f"from 1 to {MAX_DEVICES}", "logical_devices", logical_devices)
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
    """Returns the number of threads within an operation, on which the order of summation depends."""
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return tf.config.threading.get_intra_op_parallelism_threads() or cpus or 1


def has_bfloat16() -> bool:
    """Returns whether the first GPU, or the CPU without GPUs, has instructions for bfloat16."""
    gpus = tf.config.get_visible_devices("GPU")
    if gpus:
        # NVIDIA GPUs have them since Ampere.
        return tf.config.experimental.get_device_details(gpus[0]).get("compute_capability", (0, 0)) >= (8, 0)
    try:
        instructions = _CPU_INFO.read_text()
    except OSError:
        return False
    # The flags of x86 CPUs and of Arm CPUs.
    return bool(re.search(r"\b(amx_bf16|avx512_bf16|bf16)\b", instructions))


def get_strategy(name: str = "auto") -> tf.distribute.Strategy:
    """Returns a `tf.distribute` strategy by name.

    - auto: multi_worker if TF_CONFIG names several workers, mirrored if several GPUs are visible, or one_device.
    - one_device: the first GPU, or the CPU. This is the default strategy of TensorFlow: OneDeviceStrategy halves the
      speed of small steps.
    - mirrored: all visible GPUs, or all logical CPU devices.
    - multi_worker: the workers that TF_CONFIG names, each with all its GPUs, or its CPU.

    Raises:
        InputError: an unknown strategy, or TF_CONFIG names no workers.
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


# The errors that TensorFlow raises if a worker no longer answers.
_LOST_WORKER_ERRORS = (
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.UnavailableError,
)


def check_global_batch_size(strategy: tf.distribute.Strategy, batch_size: int) -> None:
    """Raises InputError if the global batch size is not divisible by the number of replicas."""
    replicas = strategy.num_replicas_in_sync
    if batch_size % replicas:
        raise InputError(
            f"The batch is divided among {replicas} replicas: batch_size must be a multiple of {replicas}. "
            f"Received: batch_size={batch_size}."
        )


def shareable_test_batch_size(strategy: tf.distribute.Strategy, batch_size: int, examples: int) -> int:
    """Returns the maximum test batch size up to `batch_size` that the replicas can share.

    Keras needs a first batch that divides evenly. The last batch contains the remainder of the test set: all replicas
    but the last get the same number of images, rounded up, and the last one must get at least one.

    Raises:
        InputError: the test set or the batch size is too small.
    """
    replicas = strategy.num_replicas_in_sync
    if examples % replicas:
        batch_size = min(batch_size, examples // 2)
    batch_size -= batch_size % replicas
    if batch_size < replicas * (replicas - 1) or not batch_size:
        raise InputError(
            f"Test batches are divided among {replicas} replicas: they need at least "
            f"{replicas * max(1, replicas - 1)} images, and a test set that does not divide evenly needs two such "
            f"batches. Received: {examples} test images. Raise --test_batch_size, or use fewer devices."
        )
    return batch_size


def as_graph_function(strategy: tf.distribute.Strategy, function: Callable) -> Callable:
    """Returns `function` as a `tf.function` if the strategy is slow in eager mode."""
    slow = isinstance(strategy, tf.distribute.MirroredStrategy) or is_multi_worker(strategy)
    return tf.function(function, autograph=False) if slow else function


def make_any_across_workers(strategy: tf.distribute.Strategy) -> Callable[[Sequence[bool]], list[bool]]:
    """Returns a function that computes the logical OR of flags over all workers. All workers must call it together."""
    if not is_multi_worker(strategy):
        return list

    @tf.function
    def count(flags):
        return strategy.reduce("SUM", strategy.run(tf.identity, (flags,)), axis=None)

    return lambda flags: [bool(number) for number in count(tf.constant(flags, tf.int32)).numpy()]


@contextlib.contextmanager
def translate_worker_errors(strategy: tf.distribute.Strategy) -> Iterator[None]:
    """Translates TensorFlow's errors about a lost worker into WorkerLost."""
    try:
        yield
    except _LOST_WORKER_ERRORS as error:
        if not is_multi_worker(strategy):
            raise
        raise WorkerLost(
            "Another worker has ended, and the others cannot continue without it. Start all workers again with the "
            f"same command: they resume from the latest checkpoint. ({type(error).__name__})"
        ) from error


def is_multi_worker(strategy: tf.distribute.Strategy) -> bool:
    """Returns whether a strategy trains with several processes."""
    return isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)
