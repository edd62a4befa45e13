"""Exceptions that end a script with one message for the user; checks of arguments."""

import math
from typing import Any

# Exit status when the same command resumes the work (EX_TEMPFAIL in sysexits.h).
EXIT_TRY_AGAIN = 75


class InputError(ValueError):
    """Invalid input: a flag, a file, an image, a model.

    The message says what happened, what was expected, what was received, and what to do. Scripts print it without
    a traceback and exit with status 1.
    """


class InputWarning(UserWarning):
    """Something that the user should know, which is no error. Scripts print the message alone."""


class WorkerLost(RuntimeError):
    """Another worker of a distributed training died. The same command resumes from the last checkpoint.

    Scripts print the message without a traceback and exit with status `EXIT_TRY_AGAIN`.
    """


class TrainingStopped(KeyboardInterrupt):
    """SIGINT or SIGTERM stopped a training. The message says where its state was saved.

    Scripts print the message without a traceback and exit with status `EXIT_TRY_AGAIN`.
    """


def check(ok: bool, expected: str, name: str, value: Any) -> None:
    """Raises InputError unless `ok`: "`name` must be `expected`. Received: name=value"."""
    if not ok:
        raise InputError(f"{name} must be {expected}. Received: {name}={value!r}")


def is_number(value: Any) -> bool:
    """Returns whether `value` is a finite int or float, and not a bool."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
