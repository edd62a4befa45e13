"""Output that is closed, cannot show a character, or is full; images that would end a batch."""

import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from mnist_keras.files import project_folder

SEVEN = pathlib.Path(__file__).parents[2] / "docs" / "seven.png"


@pytest.fixture
def shell(command, tmp_path):
    """Returns a function that runs a script with redirections of bash, in an empty folder."""

    def run(redirections, name, *arguments, **environment):
        line = " ".join(f"'{part}'" for part in command(name, *arguments))
        return subprocess.run(
            ["bash", "-o", "pipefail", "-c", f"{line} {redirections}"],
            cwd=tmp_path,
            env=os.environ | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.mark.parametrize(
    ("redirections", "image", "status"),
    [("2>&-", SEVEN, 0), ("2>&-", "none.png", 1), (">&-", SEVEN, 0), ("<&-", SEVEN, 0), (">&- 2>&-", "none.png", 1)],
)
def test_closed_streams_do_not_change_the_result(shell, tmp_path, redirections, image, status):
    result = shell(redirections, "predict", "cnn_robust", image, "--save_inputs=inputs")
    assert result.returncode == status
    assert ("7       99." in result.stdout) == (status == 0 and redirections != ">&-")
    assert (tmp_path / "inputs" / "0001-seven.png").exists() == (status == 0)


def test_training_goes_on_with_closed_stderr(shell, data_flags, tmp_path):
    flags = ["--model=linear", "--epochs=1", "--export_dir=", "--run_name=closed"]
    result = shell("2>&-", "train", *flags, *data_flags)
    assert result.returncode == 0
    assert (tmp_path / "runs" / "closed" / "model.keras").exists()


@pytest.mark.parametrize(("name", "status"), [("zahl-é-七.png", 0), ("nö.png", 1)])
def test_a_file_name_that_the_encoding_lacks_is_escaped(script, tmp_path, name, status):
    if status == 0:
        shutil.copy(SEVEN, tmp_path / name)
    result = script("predict", "cnn_robust", name, env=os.environ | {"PYTHONIOENCODING": "ascii"})
    assert result.returncode == status
    assert "Traceback" not in result.stderr
    assert name.encode("ascii", "backslashreplace").decode() in (result.stderr if status else result.stdout)


def test_a_pipe_that_is_closed_early_prints_no_traceback(tmp_path):
    for program in ([sys.executable, "-m", "mnist_keras"], [sys.executable, project_folder("scripts") / "train.py"]):
        reader, writer = os.pipe()
        os.close(reader)
        result = subprocess.run([*program, "--help"], stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
        os.close(writer)
        assert (result.returncode, result.stderr) == (1, "")


def test_a_full_output_is_an_error(shell):
    result = shell("> /dev/full", "predict", "cnn_robust", SEVEN)
    assert (result.returncode, result.stderr) == (1, "predict.py: No space left on device\n")


def test_one_bad_image_does_not_hide_the_others(script, tmp_path):
    for name, shape in (("wide.png", (1, 50_000_000)), ("long.png", (30_000, 2))):
        Image.fromarray(np.full(shape, 255, np.uint8)).save(tmp_path / name)
    os.mkfifo(tmp_path / "pipe.png")
    names = ["wide.png", "long.png", "pipe.png", "/dev/zero"]
    result = script("predict", "cnn_robust", *names, SEVEN, timeout=60)
    assert result.returncode == 1
    assert "7       99." in result.stdout
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 4
    assert "wide.png has 50000000x1 pixels. Expected: at most 50,000,000, and at most 20,000 a side" in lines[0]
    assert "long.png has 2x30000 pixels" in lines[1]
    assert all("is a pipe, a device or a socket. Expected: a regular file" in line for line in lines[2:])
