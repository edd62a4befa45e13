"""Which devices and machines a model trains on."""

import os
import pathlib
import re

import tensorflow as tf

from mnist_keras.errors import InputError
from mnist_keras.workers import STRATEGIES, this_worker

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


def threads_in_use() -> int:
    """Threads within an operation; sums are taken in an order that depends on their number."""
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return tf.config.threading.get_intra_op_parallelism_threads() or cpus or 1


def computes_bfloat16() -> bool:
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
    if this_worker(name):
        try:
            return tf.distribute.MultiWorkerMirroredStrategy()
        except RuntimeError as error:
            raise InputError(f"Workers must find each other before TensorFlow is used: {error}") from error
    gpus = tf.config.list_logical_devices("GPU")
    if name == "mirrored" or (name == "auto" and len(gpus) > 1):
        devices = gpus or tf.config.list_logical_devices("CPU")
        return tf.distribute.MirroredStrategy([device.name for device in devices])
    return tf.distribute.get_strategy()
