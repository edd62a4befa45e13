"""Runs a module of this package in a fresh Python process. Must not import TensorFlow."""

import os
import pathlib
import subprocess
import sys

_ROOT = pathlib.Path(__file__).parents[2]


def run_module(module: str, *arguments: str | os.PathLike, timeout: float | None = None) -> subprocess.CompletedProcess:
    """Runs `python -m module` with this package on the path and returns its exit status and output.

    Args:
        module: dotted name of a module of this package.
        arguments: its command line.
        timeout: maximum seconds; None waits without limit.

    Raises:
        subprocess.TimeoutExpired: the process did not end in time. It is killed.
    """
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(_ROOT), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-m", module, *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=timeout, check=False)
