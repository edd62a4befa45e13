"""Every cell of the notebook runs without an error, and its first cell installs the package where it is missing."""

import json
import pathlib
import re
import subprocess
import sys

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = pathlib.Path(__file__).parent.parent
NOTEBOOK = ROOT / "examples" / "digits.ipynb"


def code_cells():
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def installed_source(folder, environment=""):
    """Runs the first cell in a folder, by a Python without packages; returns what it would install."""
    code = code_cells()[0].replace("%pip install --quiet {source}", "print(source)")
    code = f"import sys; sys.path[:0] = [{environment!r}, {str(folder)!r}]\n{code}"
    command = [sys.executable, "-I", "-S", "-c", code]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def repository():
    return re.search(r'^repository-code: "(.+)"$', (ROOT / "CITATION.cff").read_text(), re.MULTILINE)[1]


def test_the_first_cell_installs_the_package_from_the_repository(tmp_path):
    assert installed_source(tmp_path) == f"git+{repository()}"


@pytest.mark.parametrize("folder", ["", "mnist_keras/examples"])
def test_the_first_cell_installs_a_clone(tmp_path, folder):
    # In the clone's parent, Python finds the clone's folder as a package without code.
    clone = tmp_path / "mnist_keras"
    (clone / "mnist_keras").mkdir(parents=True)
    (clone / "mnist_keras" / "__init__.py").touch()
    (clone / "examples").mkdir()
    assert installed_source(tmp_path / folder) == str(clone)


def test_the_first_cell_leaves_an_installed_package_as_it_is(tmp_path):
    assert installed_source(tmp_path, str(ROOT)) == ""


def test_the_badge_opens_the_notebook_of_the_repository():
    badge = json.loads(NOTEBOOK.read_text())["cells"][0]["source"]
    path = f"{repository().removeprefix('https://github.com/')}/blob/main/examples/digits.ipynb"
    assert f"](https://colab.research.google.com/github/{path})" in "".join(badge)


def check_outputs(notebook):
    """Checks that outputs have the summary once, no warnings and no messages of libraries."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not any(output.get("name") == "stderr" or output.output_type == "error" for output in outputs)
    printed = "".join(output.get("text", "") for output in outputs)
    assert "epoch 4/4" in printed
    assert "warnings: none" in printed
    assert not re.search("WARNING|INFO|cudart", printed)
    assert sum('Model: "cnn"' in output.get("data", {}).get("text/html", "") for output in outputs) == 1
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 4


def test_the_saved_outputs_are_complete():
    check_outputs(nbformat.read(NOTEBOOK, as_version=4))


@pytest.mark.slow
def test_every_cell_runs(tmp_path):
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": tmp_path}}).execute()
    check_outputs(notebook)
    assert (tmp_path / "exported" / "notebook" / "mnist.tflite").is_file()
