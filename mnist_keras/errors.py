"""The one exception that means: the input is at fault, and the user can mend it."""


class InputError(ValueError):
    """Bad input of any kind: a flag, a file, an image, a model.

    The message says what happened, what was expected, what was received, and
    what to do. Scripts print it alone, without a traceback, and exit with
    status 1.
    """
