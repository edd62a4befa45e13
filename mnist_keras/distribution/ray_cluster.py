"""Connects to a Ray cluster, or starts Ray on this machine alone. Must not import TensorFlow."""

import contextlib
import importlib.util
import os
import signal
import threading
from collections.abc import Iterator
from typing import Any

from mnist_keras.errors import InputError

# Lists, counts and results pass through Ray's object store, and the dataset of a search. Ray keeps the rest on disk.
_OBJECT_STORE_BYTES = 300_000_000


def check_ray_installed(*libraries: str) -> None:
    """Raises InputError, with the command that installs them, if Ray or other libraries of its extra are missing."""
    if not all(map(importlib.util.find_spec, ("ray", "pyarrow", "fsspec"))):
        raise InputError("This needs Ray, which is not installed. Run: pip install -e '.[ray]'")
    for library in libraries:
        if not importlib.util.find_spec(library):
            raise InputError(f"This needs {library}, which is not installed. Run: pip install -e '.[ray]'")


@contextlib.contextmanager
def connected_ray(cluster: str, cores: int | None = None) -> Iterator[Any]:
    """Yields the module `ray`, connected to a cluster. Disconnects at the end, unless Ray was connected before.

    Args:
        cluster: "local" starts Ray on this machine alone; "auto" and addresses connect to a cluster.
        cores: number of cores that "local" offers to tasks; None: all.

    Raises:
        InputError: there is no such cluster.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    on_termination = signal.getsignal(signal.SIGTERM)
    import ray

    options: dict[str, Any] = {"address": cluster, "log_to_driver": False}
    if cluster == "local":
        options |= {"num_cpus": cores or os.cpu_count(), "include_dashboard": False}
        options |= {"object_store_memory": _OBJECT_STORE_BYTES}
    started = not ray.is_initialized()
    try:
        if started:
            ray.init(**options)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise InputError(
            f"There is no connection to the Ray cluster {cluster}: {error}. Expected: local, auto or the address of "
            "a cluster that runs, such as 10.0.0.1:6379."
        ) from error
    # Ray replaces the handler, with one that exits without a message.
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, on_termination)
    try:
        yield ray
    finally:
        if started:
            ray.shutdown()
