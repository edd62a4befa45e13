"""Which devices a model trains on."""

import tensorflow as tf

from mnist_keras.errors import InputError

STRATEGIES = ("auto", "one_device", "mirrored")


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
