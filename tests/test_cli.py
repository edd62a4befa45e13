import logging

import tensorflow as tf

from mnist_keras.cli import silence_native_logs


class RecordingHandler(logging.Handler):
    def __init__(self):
        super().__init__()
        self.messages = []

    def emit(self, record):
        self.messages.append(record.getMessage())


def test_repeated_trainings_print_no_retracing_warning():
    handler = RecordingHandler()
    logger = logging.getLogger("tensorflow")
    logger.addHandler(handler)
    try:
        with silence_native_logs():
            pass
        for _ in range(20):
            # Each training creates a new tf.function.
            tf.function(lambda x: x + 1)(tf.constant(1))
        logger.warning("something else")
    finally:
        logger.removeHandler(handler)
    assert handler.messages == ["something else"]
