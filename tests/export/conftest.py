"""An export in every format, which the tests of several files share."""

import gc
import json

import pytest

from mnist_keras.export.formats import FORMATS


@pytest.fixture(scope="session")
def folder(trained_run, tiny, shared_folder):
    """An export in every format but the SavedModel, whose check would start TensorFlow in another process."""

    def create(folder):
        from mnist_keras.export.export import export_run

        # tf2onnx copies millions of objects; without garbage collection it is a third faster.
        gc.disable()
        try:
            export_run(trained_run, folder, tiny, formats=[name for name in FORMATS if name != "saved_model"])
        finally:
            gc.enable()

    return shared_folder("shared_formats/linear", create)


@pytest.fixture(scope="session")
def card(folder):
    return json.loads((folder / "card.json").read_text())
