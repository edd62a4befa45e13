"""Exceptions that end in a message for the user."""

# Exit status of what can go on by the same command (EX_TEMPFAIL of sysexits.h).
TRY_AGAIN = 75


class InputError(ValueError):
    """Bad input of any kind: a flag, a file, an image, a model. The user can mend it.

    The message says what happened, what was expected, what was received, and
    what to do. Scripts print it alone, without a traceback, and exit with
    status 1.
    """


class WorkerLost(RuntimeError):
    """Another worker has gone; the same command goes on from the last checkpoint.

    Scripts print the message alone and exit with status `TRY_AGAIN`.
    """
