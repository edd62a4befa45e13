"""The command `mnist-keras`, in a clone and installed from a wheel."""

import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
SEVEN = ROOT / "docs" / "seven.png"


def run(*arguments, **options):
    line = [sys.executable, "-m", "mnist_keras", *map(str, arguments)]
    return subprocess.run(line, capture_output=True, text=True, check=False, **options)


def test_without_arguments_it_lists_every_script(tmp_path):
    result = run(cwd=tmp_path)
    assert result.returncode == 0
    scripts = {path.stem for path in (ROOT / "scripts").glob("*.py") if not path.stem.endswith("_flags")}
    assert {line.split()[0] for line in result.stdout.splitlines() if line.startswith("  ")} == scripts


def test_an_unknown_command_exits_with_2(tmp_path):
    result = run("trian", cwd=tmp_path)
    assert result.returncode == 2
    assert "there is no command 'trian'" in result.stderr
    assert "Traceback" not in result.stderr


def test_help_and_errors_show_the_command_as_typed(tmp_path):
    result = run("predict", "--help", cwd=tmp_path)
    assert "usage: mnist-keras predict [--flag=value ...] MODEL IMAGE..." in result.stdout
    assert "    mnist-keras predict cnn_robust photo.jpg images/" in result.stdout
    assert "--plot" in result.stdout
    result = run("train", "--epochs=many", cwd=tmp_path)
    assert result.returncode == 2
    assert "mnist-keras train: flag --epochs=many" in result.stderr


def test_a_shipped_model_is_found_by_name(tmp_path):
    result = run("predict", "cnn_robust", SEVEN, cwd=tmp_path)
    assert result.stdout.splitlines()[1].split()[1] == "7"
    result = run("predict", "cnn_rowboat", SEVEN, cwd=tmp_path)
    assert result.returncode == 1
    assert "no such file or folder: cnn_rowboat. Models known by their name, in " in result.stderr
    assert "cnn_augmented, cnn_robust" in result.stderr


@pytest.mark.slow
def test_a_wheel_contains_scripts_models_and_the_phone_page(tmp_path):
    pip = [sys.executable, "-m", "pip", "-q"]
    subprocess.run([*pip, "wheel", "--no-deps", "-w", tmp_path, ROOT], check=True)
    [wheel] = tmp_path.glob("*.whl")
    installed = tmp_path / "installed"
    subprocess.run([*pip, "install", "--no-deps", "--target", installed, wheel], check=True)
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    result = run("predict", "cnn_robust", SEVEN, cwd=tmp_path, env=environment)
    assert result.stdout.splitlines()[1].split()[1] == "7"
    flags = ("--model=linear", "--epochs=2", "--dataset=sample")
    result = run("train", *flags, cwd=tmp_path, env=environment)
    assert result.returncode == 0, result.stderr
    assert list(tmp_path.glob("runs/*/report.html"))
    result = run("demo", cwd=tmp_path, env=environment)
    assert result.returncode == 1
    assert "libraries are not installed" in result.stderr
    assert str(installed) in result.stderr
