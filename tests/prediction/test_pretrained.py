import json
import pathlib

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from mnist_keras.digits import load_digits
from mnist_keras.errors import InputError
from mnist_keras.prediction import load_predictor
from mnist_keras.prediction.pretrained import load_pretrained

SHIPPED = pathlib.Path(__file__).parents[2] / "exported" / "cnn_augmented"
CARD = json.loads((SHIPPED / "card.json").read_text())


def test_it_reads_its_golden_digits_without_training():
    golden = json.loads((SHIPPED / "golden.json").read_text())["vectors"]
    images = np.round(np.array([vector["pixels"] for vector in golden]).reshape(-1, 28, 28) * 255).astype(np.uint8)
    probabilities = load_pretrained("cnn_augmented").predict(images)
    np.testing.assert_allclose(probabilities, [vector["probabilities"] for vector in golden], atol=1e-5)
    assert probabilities.argmax(axis=1).tolist() == [vector["label"] for vector in golden] == list(range(10))


def test_what_is_not_shipped():
    with pytest.raises(InputError, match="No model of that name is in .*: 'resnet'. Expected: .*cnn_augmented"):
        load_pretrained("resnet")


def test_it_is_small():
    files = [path for path in SHIPPED.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 800_000


@pytest.mark.parametrize("name", CARD["files"])
def test_every_shipped_file_scores_as_its_card_says(mnist_folder, name):
    digits = load_digits("mnist", mnist_folder)
    right = load_predictor(SHIPPED / name).predict(digits.test_images).argmax(axis=1) == digits.test_labels
    # Other processors round otherwise.
    assert abs(int(right.sum()) - CARD["files"][name]["parity"]["correct"]) <= 2


@pytest.mark.parametrize("file", sorted(path.name for path in SHIPPED.glob("*.tflite") if "picture" not in path.name))
def test_the_network_runs_as_one_piece_of_xnnpack(file):
    interpreter = Interpreter(str(SHIPPED / file), num_threads=1)
    interpreter.allocate_tensors()
    operators = interpreter._get_ops_details()
    first, *others = [operator for operator in operators if operator["op_name"] == "DELEGATE"]
    softmax = next(operator for operator in operators if operator["op_name"] == "SOFTMAX")
    if "int8" in file:
        # XNNPACK has no softmax of 8 bits; what may follow turns ten numbers into floats.
        assert list(first["outputs"]) == [softmax["inputs"][0]]
        assert all(list(other["inputs"]) == list(softmax["outputs"]) for other in others)
    else:
        assert list(first["outputs"]) == [interpreter.get_output_details()[0]["index"]]
        assert not others
