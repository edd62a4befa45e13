"""Every cell of the notebook runs without an error."""

import pathlib

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = pathlib.Path(__file__).parent.parent / "examples" / "digits.ipynb"


@pytest.mark.slow
def test_every_cell_runs(tmp_path):
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": tmp_path}}).execute()
    printed = "".join(output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", []))
    assert "epoch 4/4" in printed
    assert "no warnings" in printed
    assert (tmp_path / "exported" / "notebook" / "mnist.tflite").is_file()
