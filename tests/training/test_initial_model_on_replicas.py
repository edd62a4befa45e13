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
    recipe = Recipe("deep", "", "deep_cnn", dict(stages=((4,), (6,))), optimizer="sgd", batch_size=20, epochs=2)
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

    folder, part = pathlib.Path(sys.argv[1]), sys.argv[2]
    if part == "compare":
        one, two = run("one_device"), run("mirrored")
        assert [result.settings["training"]["replicas"] for result in (one, two)] == [1, 2]
        for before, single, several in zip(*(model.get_weights() for model in (initial, one.model, two.model))):
            np.testing.assert_allclose(several, single, atol=1e-5)
        # The first convolution and its batch norm.
        same = [np.array_equal(*pair) for pair in zip(two.model.get_weights(), initial.get_weights())]
        assert same == [True] * 5 + [False] * 7, same
        print(two.digest)
    elif part == "kill":
        try:
            run("mirrored", CheckpointManager(folder), checkpoint_every="1", callbacks=[Killed()])
        except KeyboardInterrupt:
            assert (folder / "step-000000008.npz").exists()
        else:
            raise AssertionError("the run was not killed")
    else:
        print(run("mirrored", CheckpointManager(folder)).digest)
    """


@pytest.mark.slow
def test_two_replicas_equal_one_and_resume_exactly(tmp_path):
    printed = {}
    # Each in a process of its own, as users resume.
    for part in ("compare", "kill", "resume"):
        command = [sys.executable, "-c", textwrap.dedent(PROGRAM), tmp_path / "run", part]
        result = subprocess.run(command, cwd=TESTS, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr[-3000:]
        printed[part] = result.stdout.strip()
    assert len(printed["compare"]) == 64
    assert printed["resume"] == printed["compare"]
