import subprocess

import pytest

from mnist_keras.distribution.subprocesses import run_module


def test_a_module_of_the_package_runs_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run_module("mnist_keras", "--help")
    assert result.returncode == 0
    assert "mnist-keras COMMAND" in result.stdout


def test_a_failure_is_in_the_result():
    result = run_module("mnist_keras", "nonsense")
    assert result.returncode == 2
    assert "nonsense" in result.stderr


def test_a_process_that_takes_too_long_is_killed():
    with pytest.raises(subprocess.TimeoutExpired):
        run_module("mnist_keras", "--help", timeout=0.001)
