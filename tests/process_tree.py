"""Finds the processes that a process started."""

import os
import subprocess


def descendants(text: str, root: int | None = None) -> list[int]:
    """Returns the ids of the processes below `root`, by default this one, whose command line contains a text."""
    lines = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout
    processes = [line.split(maxsplit=2) for line in lines.splitlines()[1:]]
    parents = {int(pid): int(parent) for pid, parent, *_ in processes}

    def is_below(pid: int) -> bool:
        while pid in parents:
            pid = parents[pid]
            if pid == (root or os.getpid()):
                return True
        return False

    return [int(pid) for pid, _, *command in processes if text in "".join(command) and is_below(int(pid))]
