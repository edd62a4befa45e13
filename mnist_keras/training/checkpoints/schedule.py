"""How often a run writes a checkpoint."""

import re
import time

from mnist_keras.errors import InputError


class CheckpointSchedule:
    """Says when the next checkpoint is due.

    Args:
        every: "100" (steps), "5min" or "30s"; "0" is never, but for a run that is stopped.

    Raises:
        InputError: it is written otherwise.
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
        """A checkpoint of that step is there."""
        self._last_step, self._last_time = step, time.monotonic()

    def is_due(self, step: int, is_last: bool = False) -> bool:
        """Whether one is due after that step; after the last one it always is."""
        if is_last:
            return bool(self._steps or self._seconds)
        if self._steps:
            return step - self._last_step >= self._steps
        return bool(self._seconds) and time.monotonic() - self._last_time >= self._seconds
