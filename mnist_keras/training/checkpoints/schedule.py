"""Decides when a run writes its next checkpoint, by steps or by time."""

import re
import time

from mnist_keras.errors import InputError


class CheckpointSchedule:
    """Tells when the next checkpoint is due.

    Args:
        every: "100" (steps), "5min" or "30s". With "0" only a run that is stopped writes a checkpoint.

    Raises:
        InputError: `every` has another form.
    """

    def __init__(self, every: str = "1min"):
        match = re.fullmatch(r"(\d+)|(\d*\.?\d+) ?(min|s)", every.strip())
        if not match:
            raise InputError(
                f"checkpoint_every must be a number of steps as in 100, or a time as in 5min or 30s; 0 saves "
                f"only a run that is stopped. "
                f"Received: checkpoint_every={every!r}"
            )
        steps, duration, unit = match.groups()
        self._steps = int(steps) if steps else None
        self._seconds = float(duration) * (60 if unit == "min" else 1) if duration else 0.0
        self.restart(0)

    def restart(self, step: int) -> None:
        """Starts to count again, after a checkpoint of `step`."""
        self._last_step, self._last_time = step, time.monotonic()

    def is_due(self, step: int, is_last: bool = False) -> bool:
        """Returns whether a checkpoint is due after `step`. After the last step it is due unless `every` is "0"."""
        if is_last:
            return bool(self._steps or self._seconds)
        if self._steps:
            return step - self._last_step >= self._steps
        return bool(self._seconds) and time.monotonic() - self._last_time >= self._seconds
