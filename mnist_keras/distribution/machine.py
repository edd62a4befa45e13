"""Describes the machine of a run: versions, hardware, git commit, peak memory. Must not import TensorFlow on import."""

import importlib.metadata
import os
import pathlib
import platform
import subprocess
from typing import Any

_PACKAGES = ("mnist_keras", "tensorflow", "keras", "numpy", "ai-edge-litert")


def describe_environment() -> dict[str, Any]:
    """Returns versions, git commit, platform and hardware as JSON types. Imports TensorFlow."""
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
    """Returns the maximum resident memory of this process in bytes; 0 on systems other than Linux."""
    # `getrusage` reports the maximum of the parent process if that was larger.
    try:
        status = pathlib.Path("/proc/self/status").read_text()
    except OSError:
        return 0
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])
