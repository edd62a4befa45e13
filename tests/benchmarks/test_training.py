import pytest

from mnist_keras.benchmarks import training
from mnist_keras.benchmarks.harness import run_in_subprocess


@pytest.mark.parametrize(
    ("recipe", "mixed_precision", "parts"),
    [
        ("linear", False, ["fused SGD"]),
        ("mlp", True, []),
        ("cnn_augmented", False, ["fused batch norm", "fused SGD"]),
        ("compact_1k", False, ["fused batch norm"]),
        ("fast_990", True, ["fused batch norm", "convolution gradient"]),
    ],
)
def test_a_contender_lacks_each_fast_part_that_the_recipe_uses(recipe, mixed_precision, parts):
    first, *others = training.fused_contenders(recipe, 2, mixed_precision, threads=1)
    assert "without" not in first.options
    assert [contender.options["without"] for contender in others] == parts


def train_without_each_part():
    """Trains without each fast part, one after another, and returns the classes that are faster after each."""
    from mnist_keras.training import fast_methods

    parts = training.FUSED_BATCH_NORM, training.CONVOLUTION_GRADIENT, training.FUSED_SGD
    left = []
    for part in parts:
        training.keras_steps("stack_1", 1, mixed_precision=False, threads=0, without=part)()
        left.append([kind.__name__ for kind in fast_methods.FAST_METHODS])
    return left


def test_a_contender_trains_with_the_part_of_keras():
    assert run_in_subprocess(train_without_each_part) == [["Conv2D", "SGD"], ["SGD"], []]


def test_peers_that_cannot_run_are_left_out(monkeypatch):
    def names():
        return [contender.name for contender in training.training_contenders("linear", 2, False, threads=1)]

    always = ["mnist_keras", "PyTorch", "PyTorch, channels last"]
    monkeypatch.setenv("CXX", "no-such-compiler")
    monkeypatch.setattr(training.importlib.util, "find_spec", lambda name: None if name == "jax" else "there")
    assert names() == always
    assert training.missing_peers() == {
        "PyTorch, torch.compile": "a C++ compiler",
        "JAX": "jax (pip install -e '.[benchmark]')",
    }
    monkeypatch.setenv("CXX", "python3")
    monkeypatch.setattr(training.importlib.util, "find_spec", lambda name: "there")
    assert names() == [*always, "PyTorch, torch.compile", "JAX"]
