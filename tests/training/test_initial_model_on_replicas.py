"""Training from trained weights on two replicas equals that on one, and resumes exactly."""

import pathlib
import subprocess
import sys
import textwrap

import pytest

TESTS = pathlib.Path(__file__).parents[1]
# In a process of its own: logical devices must be made before TensorFlow is used.
PROGRAM = """
    import pathlib
    import sys

    import keras
    import numpy as np
    from tiny_digits import make_digits

    from mnist_keras.distribution.strategy import set_up_device
    from mnist_keras.models import build_model
    from mnist_keras.recipes.recipe import Recipe
    from mnist_keras.training.checkpoints.storage import CheckpointManager
    from mnist_keras.training.settings import TrainingOptions
    from mnist_keras.training.train import train

    set_up_device(threads=1, logical_devices=2)
    keras.utils.set_random_seed(1)
    recipe = Recipe("deep", "", "deep_cnn", dict(stages=((4,), (6,))), "sgd", batch_size=20, epochs=2)
    initial = build_model(recipe)
    # Statistics that no batch has.
    for layer in initial.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.moving_mean.assign(layer.moving_mean + 0.5)
    digits, start = make_digits(test=40), dict(initial_model=initial, frozen_stages=1)

    class Killed(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if self.model.optimizer.iterations == 9:
                raise KeyboardInterrupt

    def run(strategy, checkpoints=None, **options):
        options = TrainingOptions(strategy, test_batch_size=20, verbose=False, **options)
        return train(recipe, digits, options=options, checkpoints=checkpoints, **start)

    one, two = run("one_device"), run("mirrored")
    assert [result.settings["training"]["replicas"] for result in (one, two)] == [1, 2]
    for before, single, several in zip(*(model.get_weights() for model in (initial, one.model, two.model))):
        np.testing.assert_allclose(several, single, atol=1e-5)
    frozen = [0, 1, 2, 3, 4]
    for index in frozen:
        np.testing.assert_array_equal(two.model.get_weights()[index], initial.get_weights()[index])
    assert not np.array_equal(two.model.get_weights()[5], initial.get_weights()[5])

    folder = pathlib.Path(sys.argv[1])
    try:
        run("mirrored", CheckpointManager(folder / "killed"), checkpoint_every="1", callbacks=[Killed()])
        raise AssertionError("it was not killed")
    except KeyboardInterrupt:
        pass
    steps = sorted(path.name for path in (folder / "killed").glob("step-*"))
    assert steps[-1] == "step-000000008.npz", steps
    # The lock of the killed run is that of this process.
    (folder / "killed").rename(folder / "resumed")
    assert run("mirrored", CheckpointManager(folder / "resumed")).digest == two.digest
    """


@pytest.mark.slow
def test_two_replicas_equal_one_and_resume_exactly(tmp_path):
    command = [sys.executable, "-c", textwrap.dedent(PROGRAM), tmp_path]
    result = subprocess.run(command, cwd=TESTS, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr[-3000:]
