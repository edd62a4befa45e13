"""One `fit` that goes on where another was killed: callbacks see a single training.

The steps of the broken epoch that were done before are passed over: neither the
model nor a callback hears of them. All else Keras does as ever.
"""

from collections.abc import Sequence

import keras


class ResumingCallbackList(keras.callbacks.CallbackList):
    """Callbacks that do not hear of the first `done` steps of the first epoch."""

    def __init__(self, callbacks: Sequence[keras.callbacks.Callback], done: int, **params):
        super().__init__(callbacks, add_history=True, **params)
        self._done = done

    def on_train_batch_begin(self, batch, logs=None):
        if batch >= self._done:
            super().on_train_batch_begin(batch, logs)

    def on_train_batch_end(self, batch, logs=None):
        if batch >= self._done:
            super().on_train_batch_end(batch, logs)

    def on_epoch_end(self, epoch, logs=None):
        self._done = 0
        super().on_epoch_end(epoch, logs)
