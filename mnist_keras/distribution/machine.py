"""What a run ran on: versions, machine, threads, and the code's commit."""

import importlib.metadata
import os
import pathlib
import platform
import subprocess
from typing import Any

_PACKAGES = ("mnist_keras", "tensorflow", "keras", "numpy", "ai-edge-litert")


def describe_environment() -> dict[str, Any]:
    """Facts for a run's config, as JSON takes them. Needs TensorFlow."""
    import tensorflow as tf

    versions: dict[str, str | None] = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = None
    return {
        "versions": versions,
        "git_commit": _git_commit(),
        "platform": platform.platform(),
        "cpus": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "gpus": [device.name for device in tf.config.list_physical_devices("GPU")],
    }


def _git_commit() -> str | None:
    root = pathlib.Path(__file__).parents[2]
    if not (root / ".git").exists():
        return None
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=40", "--match="]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip() or None
    except (OSError, subprocess.SubprocessError):
        return None


def peak_memory() -> int:
    """The most memory that this process has held at once, bytes; 0 where the system is not Linux."""
    # What `getrusage` tells is the parent's where that held more.
    try:
        status = pathlib.Path("/proc/self/status").read_text()
    except OSError:
        return 0
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])
