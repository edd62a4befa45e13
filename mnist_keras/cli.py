"""Command line of every script: parses flags, prints --help, reports errors by message and exit status."""

import contextlib
import io
import logging
import os
import pathlib
import re
import shlex
import signal
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import NoReturn

from absl import flags

from mnist_keras.errors import EXIT_TRY_AGAIN, InputError, InputWarning, TrainingStopped, WorkerLost
from mnist_keras.flag_help import describe_flags

# The command that started the script, as in "mnist-keras train". None: the script was started by its file.
INVOKED_AS: str | None = None


def run(main: Callable[[list[str]], None], arguments: str = "", common: Sequence[str] = ()) -> None:
    """Parses the command line and calls `main` with the positional arguments.

    Invalid input ends in one message on stderr. The exit status is 2 for a wrong flag and 1 for any other invalid
    input. It is `EXIT_TRY_AGAIN` if the training was stopped or lost a worker, and the same command resumes it.

    Args:
        main: called with the positional arguments.
        arguments: names of the positional arguments for the usage line, as in "MODEL IMAGE...". Names in
            [brackets] are optional.
        common: names of the flags that --help describes; it lists the others by name, and --helpfull describes all.
            Without names, --help describes all flags.
    """
    prepare_output()
    program = INVOKED_AS or pathlib.Path(sys.argv[0]).name
    start = INVOKED_AS or f"python scripts/{program}"
    _show_warnings(program)
    usage = f"usage: {start} [--flag=value ...] {arguments}".rstrip()
    # SIGTERM ends the script like Ctrl-C: incomplete folders are removed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        # absl's --help exits with status 1.
        if {"--help", "-help", "-h", "--helpfull"} & set(sys.argv[1:]):
            about = _replace_commands((sys.modules["__main__"].__doc__ or "").strip())
            print(f"{about}\n\n{usage}\n\n{describe_flags(common, '--helpfull' in sys.argv)}")
            if common and "--helpfull" not in sys.argv:
                print(f"\nAll flags are described by: {start} --helpfull")
        elif "--version" in sys.argv[1:]:
            print_version()
        else:
            given = flags.FLAGS(sys.argv)[1:]
            _check_arguments(given, arguments)
            main(given)
        sys.stdout.flush()
    except flags.Error as error:
        print(f"{program}: {error}{_suggestion(error)}\n{usage}\nFlags: {start} --help", file=sys.stderr)
        sys.exit(2)
    except TrainingStopped as stop:
        print(f"\n{program}: {stop}", file=sys.stderr)
        sys.exit(EXIT_TRY_AGAIN)
    except KeyboardInterrupt:
        print(f"\n{program}: stopped. No incomplete files were left.", file=sys.stderr)
        sys.exit(1)
    except WorkerLost as error:
        print(f"{program}: {error}", file=sys.stderr, flush=True)
        # sys.exit would wait for the lost worker.
        os._exit(EXIT_TRY_AGAIN)
    except InputError as error:
        _fail(f"{program}: {error}")
    except BrokenPipeError:
        exit_on_broken_pipe()
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _fail(f"{program}: {where}{error.strerror or error}")


# Names that flags have in other programs, and their names here.
_OTHER_NAMES = {
    **{"lr": "learning_rate", "rate": "learning_rate", "bs": "batch_size", "batch": "batch_size", "wd": "weight_decay"},
    **{"dropout": "network_options", "rotation": "augmentation", "shift": "augmentation", "augment": "augmentation"},
    **{"data": "data_dir", "name": "run_name", "gpus": "strategy", "output_dir": "output", "out": "output"},
    **{
        "arch": "model",
        "network_name": "model",
        "pretrained": "init_from",
        "weights": "init_from",
        "wandb": "tracking",
    },
}


def _suggestion(error: flags.Error) -> str:
    """Returns a question about the flag that is meant, where absl suggests none."""
    name = _OTHER_NAMES.get(getattr(error, "flagname", ""))
    return f". Did you mean: {name} ?" if name in flags.FLAGS and "Did you mean" not in str(error) else ""


def print_version() -> None:
    """Prints the version of the package."""
    from mnist_keras import __version__

    print(f"mnist_keras {__version__}")


def prepare_output() -> None:
    """Makes stdout and stderr accept all text: characters that the encoding lacks become escapes.

    Closed streams are opened on the null device. Otherwise the next opened file would take their place.
    """
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            null = os.open(os.devnull, os.O_RDWR)
            if null != descriptor:
                os.dup2(null, descriptor)
                os.close(null)
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(descriptor, "w", closefd=False))
        stream = getattr(sys, name)
        # Tests and notebooks replace the streams.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def exit_on_broken_pipe() -> NoReturn:
    """Exits with status 1 because the reader of the output has exited, like `head`."""
    # Otherwise Python reports the closed pipe again at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.exit(1)


# File descriptor of messages: that of stderr, also while `silence_native_logs` discards what is written there.
_message_fd = 2


def _show_warnings(program: str) -> None:
    """Prints an `InputWarning` as one line, at once and wherever it is raised."""
    show_other = warnings.showwarning

    def show(message, category, *details):
        if issubclass(category, InputWarning):
            os.write(_message_fd, f"{program}: {message}\n".encode())
        else:
            show_other(message, category, *details)

    warnings.showwarning = show
    warnings.simplefilter("always", InputWarning)


def _fail(message: str) -> NoReturn:
    print(message, file=sys.stderr)
    # A zip file that could not be written raises again when it is garbage-collected.
    sys.unraisablehook = lambda _: None
    sys.exit(1)


def command_for(*arguments: str) -> str:
    """Returns the shell command that starts this script with these arguments."""
    return shlex.join([*(INVOKED_AS.split() if INVOKED_AS else ["python", sys.argv[0]]), *arguments])


@contextlib.contextmanager
def silence_native_logs() -> Iterator[None]:
    """Discards the messages that native libraries print to stderr inside the block.

    Also sets TF_CPP_MIN_LOG_LEVEL and hides TensorFlow's retracing warning for the rest of the process.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("tensorflow").addFilter(_is_not_retracing)
    global _message_fd
    sys.stderr.flush()
    _message_fd = kept = os.dup(2)
    try:
        with open(os.devnull, "wb") as sink:
            os.dup2(sink.fileno(), 2)
        yield
    finally:
        sys.stderr.flush()
        os.dup2(kept, 2)
        _message_fd = 2
        os.close(kept)


def _is_not_retracing(record: logging.LogRecord) -> bool:
    # Each training creates new tf.functions. TensorFlow takes these for one function that is traced repeatedly.
    return "retracing" not in record.getMessage()


def _replace_commands(text: str) -> str:
    """Replaces "python scripts/NAME.py" in the examples of --help by "mnist-keras NAME" if that is the command."""
    return re.sub(r"python scripts/(\w+)\.py", r"mnist-keras \1", text) if INVOKED_AS else text


def _check_arguments(given: list[str], arguments: str) -> None:
    names = arguments.split()
    required = [name for name in names if not name.startswith("[")]
    repeats = "..." in arguments
    if len(given) < len(required) or (len(given) > len(names) and not repeats):
        raise flags.Error(f"expected {arguments or 'no arguments'}, received: {' '.join(given) or 'none'}")
