import os
import pathlib
import subprocess
import sys

import pytest

from mnist_keras.distribution.subprocesses import run_module
from mnist_keras.files import project_folder

ROOT = pathlib.Path(__file__).parents[2]


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


def test_no_module_is_taken_from_the_current_folder_or_beside_the_running_script(tmp_path):
    script, data = tmp_path / "script", tmp_path / "data"
    for folder in (script, data):
        folder.mkdir()
        (folder / "numpy.py").write_text(f"print('ran {folder.name}/numpy.py', flush=True)\nraise SystemExit(9)\n")
    (script / "own.py").write_text(
        "import sys\n"
        "kept, sys.path[0] = sys.path[0], sys.argv[1]\n"
        "from mnist_keras.distribution.subprocesses import run_module\n"
        "sys.path[0] = kept\n"
        "result = run_module('mnist_keras.inference.loading', sys.argv[2])\n"
        "print(result.returncode, result.stdout)\n"
    )
    # An empty entry of PYTHONPATH is the current folder.
    environment = os.environ | {"PYTHONPATH": os.pathsep}
    model = project_folder("exported") / "compact_1k" / "mnist.tflite"
    command = [sys.executable, script / "own.py", ROOT, model]
    result = subprocess.run(command, cwd=data, env=environment, capture_output=True, text=True, check=False)
    assert result.stdout.strip() == "0", result.stderr
