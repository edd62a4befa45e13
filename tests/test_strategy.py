import pathlib
import subprocess
import sys
import textwrap

import pytest
import tensorflow as tf

from mnist_keras.errors import InputError
from mnist_keras.strategy import get_strategy, set_up_device

TESTS = pathlib.Path(__file__).parent


def test_one_device_unless_there_are_several_gpus():
    assert get_strategy("auto").num_replicas_in_sync == 1
    assert get_strategy("one_device") is tf.distribute.get_strategy()
    assert isinstance(get_strategy("mirrored"), tf.distribute.MirroredStrategy)


def test_a_gpu_that_is_not_there(monkeypatch):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    with pytest.raises(InputError, match="TensorFlow sees no GPU"):
        set_up_device("gpu")


def test_threads_come_too_late():
    tf.constant(1) + 1
    with pytest.raises(InputError, match="must be chosen before TensorFlow is used"):
        set_up_device(threads=3)


def test_two_replicas_train_like_one_device():
    # In a process of its own: logical devices must be made before TensorFlow is used.
    code = """
        import numpy as np, tensorflow as tf
        from tiny_digits import make_digits
        from mnist_keras.recipes import get_recipe
        from mnist_keras.strategy import set_up_device
        from mnist_keras.training import train

        set_up_device(threads=1)
        tf.config.set_logical_device_configuration(
            tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
        )
        # Steps that one device runs several at a time, which several replicas cannot.
        recipe = get_recipe("stack_1", batch_size=20, epochs=2)
        runs = [train(recipe, make_digits(), strategy=name, verbose=False) for name in ("one_device", "mirrored")]
        assert len(runs[1].history) == 2
        for one, two in zip(*(run.history for run in runs)):
            np.testing.assert_allclose([one["loss"], one["test_loss"]], [two["loss"], two["test_loss"]], rtol=1e-5)
        for one, two in zip(*(run.model.get_weights() for run in runs)):
            np.testing.assert_allclose(one, two, atol=1e-5)
        assert tf.config.threading.get_intra_op_parallelism_threads() == 1
        """
    result = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=TESTS, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr[-3000:]
