"""Fixtures that run scripts as users do: in a new process."""

import pathlib
import subprocess
import sys

import pytest

_SCRIPTS = pathlib.Path(__file__).parents[2] / "scripts"


@pytest.fixture
def command():
    """Returns a function that builds the command line of a script."""
    return lambda name, *arguments: [sys.executable, _SCRIPTS / f"{name}.py", *map(str, arguments)]


@pytest.fixture
def script(command, tmp_path):
    """Returns a function that runs a script in an empty folder and returns its CompletedProcess."""

    def run(name, *arguments, **options):
        line = command(name, *arguments)
        return subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False, **options)

    return run


@pytest.fixture(scope="session")
def digits_folder(tiny, tmp_path_factory):
    """The tiny digits as IDX files."""
    from mnist_keras.data.archives import write_idx

    folder = tmp_path_factory.mktemp("data") / "tiny"
    folder.mkdir()
    for part, name in (("train", "train"), ("test", "t10k")):
        write_idx(folder / f"{name}-images-idx3-ubyte", getattr(tiny, f"{part}_images"))
        write_idx(folder / f"{name}-labels-idx1-ubyte.gz", getattr(tiny, f"{part}_labels"))
    return folder


@pytest.fixture
def data_flags(digits_folder):
    return ["--dataset=folder", f"--data_dir={digits_folder}"]
