"""Runs that are stopped and resumed, as users do it."""

import re
import shlex
import signal
import subprocess

import pytest

FLAGS = ["--model=stack_1", "--epochs=60", "--batch_size=12", "--deterministic", "--export_dir=", "--threads=1"]


def digest(result):
    assert result.returncode == 0, result.stderr
    return re.search(r"digest +([0-9a-f]{64})", result.stdout).group(1)


def stop(command, folder, *flags):
    """Starts a training and sends it SIGTERM after an epoch. Returns its exit status and its messages."""
    process = subprocess.Popen(
        command("train", *flags), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while not process.stdout.readline().startswith("epoch"):
        assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    assert "Traceback" not in errors
    return process.returncode, errors


def test_a_stopped_run_is_resumed(command, script, data_flags, tmp_path):
    flags = [*FLAGS, *data_flags]
    whole = digest(script("train", "--run_name=whole", *flags))

    # The name of the run is generated; the message contains it.
    status, errors = stop(command, tmp_path, *flags)
    assert status == 75
    [said, again] = errors.strip().splitlines()
    assert re.fullmatch(r"train.py: stopped after step \d+, saved in runs/stack_1-.*unfinished. Resume with:", said)
    name = re.search(r"--run_name=(\S+)$", again).group(1)
    assert f"runs/{name}.unfinished" in said
    _, *arguments = shlex.split(again)[1:]
    assert arguments == [*flags, f"--run_name={name}"]

    # The number of threads is restored.
    flags.remove("--threads=1")
    result = script("train", "--resume", *flags)
    assert f"run runs/{name}" in result.stdout
    assert digest(result) == whole
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == [name, "whole"]

    result = script("train", f"--run_name={name}", *flags)
    assert f"runs/{name} is complete and is not trained again" in result.stdout
    assert digest(result) == whole
    result = script("train", "--resume", *flags)
    assert result.returncode == 1
    assert "No unfinished run of stack_1 is in runs. Leave --resume out to start one." in result.stderr
    result = script("train", "--resume", "--run_name=nowhere", *flags)
    assert "There is no run runs/nowhere to resume" in result.stderr


def test_stopping_before_the_first_step_leaves_nothing(command, data_flags, tmp_path):
    process = subprocess.Popen(
        command("train", *FLAGS, *data_flags), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout.readline().startswith("tiny: 120 training")
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert errors.strip().endswith("train.py: stopped. No incomplete files were left.")
    assert list((tmp_path / "runs").iterdir()) == []


@pytest.mark.parametrize("flag", ["--checkpoint_every=often", "--checkpoint_every=-1"])
def test_a_wrong_flag_exits_with_2(script, flag):
    result = script("train", flag)
    assert result.returncode == 2
    assert "flag --checkpoint_every: checkpoint_every must be a number of steps as in 100" in result.stderr
