"""The Slurm script of several workers, with stand-ins for Slurm's commands and for the training."""

import os
import pathlib
import subprocess

import pytest

from mnist_keras.distribution.workers import Worker, current_worker

SCRIPT = pathlib.Path(__file__).parents[2] / "examples" / "cluster" / "workers.sbatch"
# Two tasks, as Slurm starts them; the status is that of the last one.
SRUN = """#!/bin/bash
shift
SLURM_PROCID=0 "$@"
SLURM_PROCID=1 "$@"
"""
SCONTROL = """#!/bin/bash
if [ "$1" = show ]; then printf '%s\\n' first.host second.host; else echo "$@" > requeued; fi
"""
PYTHON = """#!/bin/bash
echo "$TF_CONFIG" >> configs
exit $STATUS
"""


@pytest.fixture
def run_job(tmp_path):
    """Returns a function that runs the script with a training of a given status, and returns the job's status."""
    for name, text in (("srun", SRUN), ("scontrol", SCONTROL), ("python", PYTHON)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)

    def run(status, restarts="0"):
        variables = {"SLURM_JOB_NODELIST": "nodes", "SLURM_JOB_ID": "7", "SLURM_RESTART_COUNT": restarts}
        environment = {**os.environ, **variables, "STATUS": str(status), "PATH": f"{tmp_path}:{os.environ['PATH']}"}
        return subprocess.run(["bash", SCRIPT], cwd=tmp_path, env=environment, check=False).returncode

    return run


def test_each_task_is_a_worker(run_job, tmp_path, monkeypatch):
    assert run_job(0) == 0
    for index, config in enumerate((tmp_path / "configs").read_text().splitlines()):
        assert '["first.host:2222","second.host:2222"]' in config
        monkeypatch.setenv("TF_CONFIG", config)
        assert current_worker("auto") == Worker(index, 2)
    assert index == 1


@pytest.mark.parametrize(
    ("status", "restarts", "requeued"),
    [(0, "0", False), (1, "0", False), (2, "0", False), (75, "0", True), (137, "9", True), (75, "10", False)],
)
def test_only_a_training_that_can_resume_is_started_again(run_job, tmp_path, status, restarts, requeued):
    assert run_job(status, restarts) == status
    assert (tmp_path / "requeued").exists() == requeued
