"""Exceptions that end in a message for the user."""

import math
from typing import Any

# Exit status of what can go on by the same command (EX_TEMPFAIL of sysexits.h).
EXIT_TRY_AGAIN = 75


class InputError(ValueError):
    """Bad input of any kind: a flag, a file, an image, a model. The user can mend it.

    The message says what happened, what was expected, what was received, and
    what to do. Scripts print it alone, without a traceback, and exit with
    status 1.
    """


class WorkerLost(RuntimeError):
    """Another worker has gone; the same command goes on from the last checkpoint.

    Scripts print the message alone and exit with status `EXIT_TRY_AGAIN`.
    """


class TrainingStopped(KeyboardInterrupt):
    """Work was stopped by a signal, after it was saved; the message says where."""


def check(ok: bool, expected: str, name: str, value: Any) -> None:
    """Raises InputError, unless `ok`: `name` must be `expected`, and `value` was received."""
    if not ok:
        raise InputError(f"{name} must be {expected}. Received: {name}={value!r}")


def is_number(value: Any) -> bool:
    """Whether it is finite, and no boolean."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
