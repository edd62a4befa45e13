"""Which devices a model trains on."""

import tensorflow as tf

from mnist_keras.errors import InputError

STRATEGIES = ("auto", "one_device", "mirrored")


def set_up_device(device: str = "auto", threads: int = 0) -> None:
    """Chooses the kind of device and the number of threads, before TensorFlow is used.

    Args:
        device: "cpu" hides the GPUs, "gpu" demands one, "auto" takes what there is.
        threads: within and between operations; 0 leaves the choice to TensorFlow.

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
    except RuntimeError as error:
        raise InputError(f"Device and threads must be chosen before TensorFlow is used: {error}") from error


def get_strategy(name: str = "auto") -> tf.distribute.Strategy:
    """The `tf.distribute` strategy of that name.

    auto: mirrored when several GPUs are visible, else one device. one_device:
    the first GPU, else the CPU; this is TensorFlow's default strategy, which
    costs nothing (OneDeviceStrategy halves the speed of small steps).
    mirrored: all visible GPUs, else all logical CPU devices.

    Raises:
        InputError: no such strategy.
    """
    if name not in STRATEGIES:
        raise InputError(f"strategy must be one of {', '.join(STRATEGIES)}. Received: strategy={name!r}")
    gpus = tf.config.list_logical_devices("GPU")
    if name == "mirrored" or (name == "auto" and len(gpus) > 1):
        devices = gpus or tf.config.list_logical_devices("CPU")
        return tf.distribute.MirroredStrategy([device.name for device in devices])
    return tf.distribute.get_strategy()
