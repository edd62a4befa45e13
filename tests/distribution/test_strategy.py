import pathlib
import subprocess
import sys
import textwrap

import pytest
import tensorflow as tf

from mnist_keras.distribution.strategy import get_strategy, has_bfloat16, set_up_device
from mnist_keras.errors import InputError

TESTS = pathlib.Path(__file__).parents[1]


def test_one_device_unless_there_are_multi_gpu():
    assert get_strategy("auto").num_replicas_in_sync == 1
    assert get_strategy("one_device") is tf.distribute.get_strategy()
    assert isinstance(get_strategy("mirrored"), tf.distribute.MirroredStrategy)


def test_a_missing_gpu_raises(monkeypatch):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    with pytest.raises(InputError, match="TensorFlow sees no GPU"):
        set_up_device("gpu")


@pytest.mark.parametrize(
    ("flags", "can"),
    [("avx2 amx_bf16 fma", True), ("fp asimd bf16 i8mm", True), ("avx2 fma f16c", False), (None, False)],
)
def test_bfloat16_is_used_if_the_processor_has_it(tmp_path, monkeypatch, flags, can):
    info = tmp_path / "cpuinfo"
    if flags:
        info.write_text(f"processor : 0\nflags : {flags}\n")
    monkeypatch.setattr("mnist_keras.distribution.strategy._CPU_INFO", info)
    assert has_bfloat16() is can


def test_threads_after_the_first_use_of_tensorflow_raise():
    tf.constant(1) + 1
    with pytest.raises(InputError, match="must be chosen before TensorFlow is used"):
        set_up_device(threads=3)


# In a process of its own: logical devices must be made before TensorFlow is used.
COMPARE = """
    import sys
    import numpy as np
    from tiny_digits import make_digits
    from mnist_keras.training import compile
    from mnist_keras.recipes import get_recipe
    from mnist_keras.distribution.strategy import set_up_device
    from mnist_keras.training.settings import TrainingOptions
    from mnist_keras.training.train import train

    name, devices, options, dtype = sys.argv[1], int(sys.argv[2]), eval(sys.argv[3]), sys.argv[4]
    class_weight = sys.argv[5] if len(sys.argv) > 5 else None
    build = compile.build_model
    compile.build_model = lambda recipe, _, classes: build(recipe, dtype, classes)
    set_up_device(threads=1, logical_devices=devices)
    recipe = get_recipe(name, batch_size=20, epochs=2, augmentation=None, **options)
    # A test set that leaves one image over.
    digits = make_digits(test=41)
    if class_weight:
        # Half of the classes have fewer images.
        digits.train_labels[: len(digits.train_labels) // 2] //= 2
    runs = [
        train(
            recipe,
            digits,
            options=TrainingOptions(
                strategy=strategy, test_batch_size=20, class_weight=class_weight, verbose=False
            ),
        )
        for strategy in ("one_device", "mirrored")
    ]
    assert [run.settings["training"]["replicas"] for run in runs] == [1, devices]
    for loss in ("loss", "test_loss"):
        one, many = ([row[loss] for row in run.history] for run in runs)
        print(f"largest relative difference of a {loss}: {max(np.abs(np.divide(many, one) - 1)):.1e}")
        np.testing.assert_allclose(many, one, rtol=1e-5)
    for one, many in zip(*(run.model.get_weights() for run in runs)):
        np.testing.assert_allclose(one, many, atol=1e-5)
    """


def compare(*arguments):
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(COMPARE), *map(str, arguments)],
        cwd=TESTS,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("devices", [2, pytest.param(4, marks=[pytest.mark.slow, pytest.mark.long])])
def test_several_devices_train_like_one(devices):
    # Steps that one device runs several at a time, which several replicas cannot.
    result = compare("stack_1", devices, {"steps_per_execution": 3}, "float32")
    assert result.returncode == 0, result.stderr[-3000:]


@pytest.mark.slow
def test_class_weights_are_of_the_whole_training_set():
    result = compare("stack_1", 2, {"label_smoothing": 0.1}, "float32", "balanced")
    assert result.returncode == 0, result.stderr[-3000:]


@pytest.mark.slow
@pytest.mark.parametrize("devices", [2, pytest.param(4, marks=pytest.mark.long)])
def test_batch_norm_counts_the_whole_batch(devices):
    # In float32, rounding grows from step to step; so it does between one thread and two.
    result = compare("cnn_augmented", devices, {"network_options": {"dropout": 0.0}}, "float64")
    print(result.stdout)
    assert result.returncode == 0, result.stderr[-3000:]


# Prints the dropout seeds of both replicas after training begins, and after a checkpoint is restored.
SEEDS = """
    import sys
    from tiny_digits import make_digits
    import tensorflow as tf
    from mnist_keras.distribution.strategy import get_strategy, set_up_device
    from mnist_keras.recipes import get_recipe
    from mnist_keras.training.checkpoints.state import TrainingState, make_variables
    from mnist_keras.training.compile import compile_model

    set_up_device(threads=1, logical_devices=2)
    strategy = get_strategy("mirrored")
    model = compile_model(get_recipe("lenet_dropout", batch_size=20), 6, strategy)
    images = make_digits()
    model.fit(images.train_images[:40], images.train_labels[:40], batch_size=20, verbose=0)
    make_variables(model)

    def seeds():
        return [
            [int(part[0]) for part in strategy.experimental_local_results(layer.seed_generator.state.value)]
            for layer in model.layers
            if hasattr(layer, "seed_generator")
        ]

    state = TrainingState(model, [], strategy)
    captured, before = state.capture(), seeds()
    model.fit(images.train_images[:40], images.train_labels[:40], batch_size=20, verbose=0)
    state.restore(*captured)
    print(before)
    assert before and all(one != other for one, other in before), before
    assert seeds() == before
    """


def test_replicas_have_different_dropout_seeds_and_a_checkpoint_restores_them():
    command = [sys.executable, "-c", textwrap.dedent(SEEDS)]
    result = subprocess.run(command, cwd=TESTS, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr[-3000:]
