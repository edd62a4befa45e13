"""Runs a module of this package in a fresh Python process. Must not import TensorFlow."""

import json
import os
import pathlib
import subprocess
import sys

_ROOT = pathlib.Path(__file__).parents[2]
# Isolated mode keeps the current folder and PYTHON* variables out. The parent passes the folders of its packages.
_RUN_MODULE = """
import json, runpy, sys
sys.path[:0] = json.loads(sys.argv.pop(1))
runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
"""


def run_module(module: str, *arguments: str | os.PathLike, timeout: float | None = None) -> subprocess.CompletedProcess:
    """Runs a module as `python -m module` would, and returns its exit status and output.

    The process takes no modules from the current folder or from the folder of the running script: a file called
    numpy.py beside a user's images is not run.

    Args:
        module: dotted name of a module of this package.
        arguments: its command line.
        timeout: maximum seconds; None waits without limit.

    Raises:
        subprocess.TimeoutExpired: the process did not end in time. It is killed.
    """
    command = [sys.executable, "-I", "-c", _RUN_MODULE, json.dumps(_package_folders()), module, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=timeout, check=False)


def _package_folders() -> list[str]:
    """Returns the folder of this package, and the absolute folders of `sys.path` that are neither of those above."""
    script = getattr(sys.modules["__main__"], "__file__", None)
    excluded = {os.path.realpath(os.curdir)} | ({os.path.dirname(os.path.realpath(script))} if script else set())
    others = (folder for folder in sys.path if os.path.isabs(folder) and os.path.realpath(folder) not in excluded)
    return [str(_ROOT), *others]
