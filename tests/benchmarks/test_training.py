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
    """Trains without each fast part and returns the parts whose method is then Keras' own."""
    import keras

    from mnist_keras.training import fast_layers, optimizers

    methods = {
        training.FUSED_BATCH_NORM: (fast_layers.BatchNormalization, keras.layers.BatchNormalization, "call"),
        training.CONVOLUTION_GRADIENT: (fast_layers.Conv2D, keras.layers.Conv2D, "convolution_op"),
        training.FUSED_SGD: (optimizers.FusedSGD, keras.optimizers.SGD, "update_step"),
    }
    replaced = []
    for part, (fast, own, name) in methods.items():
        before = getattr(fast, name)
        training.keras_steps("stack_1", 1, mixed_precision=False, threads=0, without=part)()
        if before is not getattr(fast, name) is getattr(own, name):
            replaced.append(part)
    return replaced


def test_a_contender_trains_with_the_part_of_keras():
    parts = [training.FUSED_BATCH_NORM, training.CONVOLUTION_GRADIENT, training.FUSED_SGD]
    assert run_in_subprocess(train_without_each_part) == parts
