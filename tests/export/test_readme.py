import json

import pytest

from mnist_keras.export.readme import describe_export
from mnist_keras.files import project_folder

CARD = json.loads((project_folder("exported") / "cnn_augmented" / "card.json").read_text())


@pytest.mark.parametrize(
    ("files", "shown"),
    [
        (["mnist_float16.tflite", "mnist.tflite"], "mnist_float16.tflite"),
        (["mnist_uint8_io.tflite", "mnist_picture.tflite", "mnist_int8.tflite"], "mnist_int8.tflite"),
        (["mnist_uint8_io.tflite"], None),
        (["saved_model"], None),
    ],
)
def test_litert_is_shown_with_a_file_that_is_there(files, shown):
    page = describe_export({**CARD, "files": {name: CARD["files"][name] for name in files}})
    assert ("val interpreter" in page) == (shown is not None)
    assert (f'Interpreter("{shown}")' in page) == (shown is not None)
    assert ("mnist.tflite" in page) == ("mnist.tflite" in files)
