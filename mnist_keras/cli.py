"""What every script does around its work: parse flags, answer --help, report errors."""

import contextlib
import logging
import os
import pathlib
import re
import shlex
import signal
import sys
from collections.abc import Callable, Iterator
from typing import NoReturn

from absl import flags

from mnist_keras.errors import EXIT_TRY_AGAIN, InputError, TrainingStopped, WorkerLost

# How the user started the script, where it was not by its file.
INVOKED_AS: str | None = None


def run(main: Callable[[list[str]], None], arguments: str = "") -> None:
    """Parses the command line and calls `main` with the positional arguments.

    Bad input ends in one message on stderr: exit status 2 for a wrong flag, 1 for all else. What goes on by
    the same command, a run that was stopped or lost a worker, ends with `EXIT_TRY_AGAIN`.

    Args:
        main: the script's work.
        arguments: names of the positional arguments, such as "MODEL PICTURE..."; those in [brackets] can be
            left out.
    """
    program = INVOKED_AS or pathlib.Path(sys.argv[0]).name
    start = INVOKED_AS or f"python scripts/{program}"
    usage = f"usage: {start} [--flag=value ...] {arguments}".rstrip()
    # Ends as Ctrl-C does: half-written folders are removed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        # absl's own --help exits with status 1.
        if {"--help", "-help", "-h"} & set(sys.argv[1:]):
            about = _as_invoked((sys.modules["__main__"].__doc__ or "").strip())
            print(f"{about}\n\n{usage}\n{flags.FLAGS.main_module_help()}", flush=True)
            return
        given = flags.FLAGS(sys.argv)[1:]
        _check_arguments(given, arguments)
        main(given)
    except flags.Error as error:
        print(f"{program}: {error}\n{usage}\nAll flags: {start} --help", file=sys.stderr)
        sys.exit(2)
    except TrainingStopped as stop:
        print(f"\n{program}: {stop}", file=sys.stderr)
        sys.exit(EXIT_TRY_AGAIN)
    except KeyboardInterrupt:
        print(f"\n{program}: stopped; nothing half written was left behind.", file=sys.stderr)
        sys.exit(1)
    except WorkerLost as error:
        print(f"{program}: {error}", file=sys.stderr, flush=True)
        # Python's own exit would wait for the lost one.
        os._exit(EXIT_TRY_AGAIN)
    except InputError as error:
        _fail(f"{program}: {error}")
    except BrokenPipeError:
        # Whoever read the output has stopped, as `head` does; Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _fail(f"{program}: {where}{error.strerror or error}")


def _fail(message: str) -> NoReturn:
    print(message, file=sys.stderr)
    # An archive that could not be written complains once more when it is dropped.
    sys.unraisablehook = lambda _: None
    sys.exit(1)


def command_for(*arguments: str) -> str:
    """The line by which the user starts this script with these arguments."""
    return shlex.join([*(INVOKED_AS.split() if INVOKED_AS else ["python", sys.argv[0]]), *arguments])


@contextlib.contextmanager
def silence_native_logs() -> Iterator[None]:
    """Silences what native libraries print on stderr while they are imported or set up."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("tensorflow").addFilter(_is_no_retracing)
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with open(os.devnull, "wb") as sink:
            os.dup2(sink.fileno(), 2)
        yield
    finally:
        sys.stderr.flush()
        os.dup2(kept, 2)
        os.close(kept)


def _is_no_retracing(record: logging.LogRecord) -> bool:
    # Each of several trainings has functions of its own, which TensorFlow takes for one that is traced anew each time.
    return "retracing" not in record.getMessage()


def _as_invoked(text: str) -> str:
    """Examples as they are typed where the scripts are one command."""
    return re.sub(r"python scripts/(\w+)\.py", r"mnist-keras \1", text) if INVOKED_AS else text


def _check_arguments(given: list[str], arguments: str) -> None:
    names = arguments.split()
    required = [name for name in names if not name.startswith("[")]
    several = "..." in arguments
    if len(given) < len(required) or (len(given) > len(names) and not several):
        raise flags.Error(f"expected {arguments or 'no arguments'}, received: {' '.join(given) or 'none'}")
