"""Callback list for a `fit` that resumes inside an epoch: callbacks see one uninterrupted training.

`keras_compat.skip_executions` skips the steps that are done; this list hides them from the callbacks.
"""

from collections.abc import Sequence

import keras


class ResumingCallbackList(keras.callbacks.CallbackList):
    """Calls the callbacks for every step except the first `done` steps of the first epoch."""

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
