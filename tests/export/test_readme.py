import json

import pytest

from mnist_keras.export.readme import describe_export
from mnist_keras.files import project_folder

EXPORTED = project_folder("exported")
SHIPPED = ("accurate", "cnn_augmented", "cnn_robust", "compact_10k", "compact_1k", "compact_6k", "ensemble")
CARD = json.loads((EXPORTED / "cnn_augmented" / "card.json").read_text())


@pytest.mark.parametrize("name", SHIPPED)
def test_the_page_of_a_shipped_export_is_rendered_from_its_card(name):
    card = json.loads((EXPORTED / name / "card.json").read_text())
    assert describe_export(card) == (EXPORTED / name / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("files", "shown"),
    [
        (["mnist_float16.tflite", "mnist.tflite"], "mnist_float16.tflite"),
        (["mnist_uint8_io.tflite", "mnist_picture.tflite", "mnist_int8.tflite"], "mnist_int8.tflite"),
        (["mnist_uint8_io.tflite"], None),
        (["saved_model"], None),
    ],
)
def test_the_litert_code_loads_an_exported_file(files, shown):
    page = describe_export({**CARD, "files": {name: CARD["files"][name] for name in files}})
    assert ("val interpreter" in page) == (shown is not None)
    assert (f'Interpreter("{shown}")' in page) == (shown is not None)
    assert ("mnist.tflite" in page) == ("mnist.tflite" in files)
