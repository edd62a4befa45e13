import logging

import tensorflow as tf

from mnist_keras.cli import silence_native_logs


class Kept(logging.Handler):
    def __init__(self):
        super().__init__()
        self.messages = []

    def emit(self, record):
        self.messages.append(record.getMessage())


def test_several_trainings_are_no_retracing():
    kept = Kept()
    logger = logging.getLogger("tensorflow")
    logger.addHandler(kept)
    try:
        with silence_native_logs():
            pass
        for _ in range(20):
            # As each training makes one.
            tf.function(lambda x: x + 1)(tf.constant(1))
        logger.warning("something else")
    finally:
        logger.removeHandler(kept)
    assert kept.messages == ["something else"]
