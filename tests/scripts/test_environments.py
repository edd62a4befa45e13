"""Environments and names that a training meets: refused before the first step by one message, or no problem."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

SEVEN = pathlib.Path(__file__).parents[2] / "docs" / "seven.png"
FLAGS = ["--model=linear", "--epochs=1", "--export_dir="]


def failed(result, message):
    assert result.returncode == 1, result.stderr
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("name", ["train", "study", "export"])
def test_another_backend_of_keras_is_refused(script, name):
    arguments = ["run"] if name == "export" else []
    message = "Keras is configured for another backend. Expected: tensorflow. Received: 'jax', from KERAS_BACKEND"
    failed(script(name, *arguments, env=os.environ | {"KERAS_BACKEND": "jax"}), message)


def test_channels_first_is_refused(script, tmp_path):
    (tmp_path / "keras.json").write_text(json.dumps({"image_data_format": "channels_first"}))
    result = script("train", *FLAGS, env=os.environ | {"KERAS_HOME": str(tmp_path)})
    failed(result, "Expected: image_data_format channels_last. Received: 'channels_first', from")


def test_predicting_by_litert_needs_no_keras(script, tmp_path):
    result = script("predict", "cnn_robust", "none.png", env=os.environ | {"KERAS_BACKEND": "jax"})
    failed(result, "There is no such file: none.png.")


def test_the_package_refuses_another_backend_too():
    code = "import mnist_keras; mnist_keras.build_model"
    command = [sys.executable, "-c", code]
    environment = os.environ | {"KERAS_BACKEND": "torch"}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert result.stderr.strip().splitlines()[-1].startswith("mnist_keras.errors.InputError: Keras is configured for")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--dataset=folder", "--data_dir=~nosuchuser/x"], "There is no such folder: ~nosuchuser/x"),
        (["--tensorboard=/proc/nothing"], "/proc/nothing: No such file or directory"),
        (["--run_name=" + "a" * 240], "is too long. Expected: at most 230 bytes. Received: 240"),
        ([b"--run_name=\xff"], "A folder's name must be text in UTF-8."),
    ],
)
def test_what_saving_will_need_is_checked_first(command, data_flags, tmp_path, arguments, message):
    line = [*map(os.fsencode, command("train", *FLAGS, *data_flags)), *map(os.fsencode, arguments)]
    failed(subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False), message)


def test_an_unknown_user_without_a_home_trains(command, data_flags, tmp_path):
    code = (
        "import pwd, runpy, sys\n"
        "def unknown(user):\n    raise KeyError(user)\n"
        "pwd.getpwuid = unknown\n"
        "sys.argv = sys.argv[1:]\n"
        "sys.path.insert(0, sys.argv[0].rpartition('/')[0])\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')\n"
    )
    _, *line = command("train", *FLAGS, "--run_name=a**b [$x$] $\\frac{$", *data_flags)
    environment = {name: value for name, value in os.environ.items() if name not in ("HOME", "TFDS_DATA_DIR")}
    result = subprocess.run(
        [sys.executable, "-c", code, *line], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "runs" / "a**b [$x$] $\\frac{$" / "report.html").exists()


def test_a_dollar_in_names_is_no_formula(script, digits_folder, tmp_path):
    shutil.copytree(digits_folder, tmp_path / "$\\frac{$")
    shutil.copy(SEVEN, tmp_path / "$\\frac{$.png")
    flags = ["--dataset=folder", "--data_dir=$\\frac{$", "--robustness", "--plot=robustness.png"]
    for name, *arguments in (
        ("evaluate", "compact_1k", *flags),
        ("predict", "cnn_robust", "$\\frac{$.png", "--plot=predictions.png"),
    ):
        result = script(name, *arguments)
        assert result.returncode == 0, result.stderr
    assert (tmp_path / "robustness.png").exists()
    assert (tmp_path / "predictions.png").exists()
