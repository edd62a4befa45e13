"""What Keras' own callbacks write during training loads in plain Keras, in another process."""

import subprocess
import sys

import keras
import numpy as np
import pytest

from mnist_keras.errors import InputError
from mnist_keras.inference.predictor import load_predictor
from mnist_keras.recipes import get_recipe
from mnist_keras.training.settings import TrainingOptions
from mnist_keras.training.train import train

# Prints the classes predicted by the model of each file.
LOAD = """
import sys
import keras, numpy as np
assert not [name for name in sys.modules if name.startswith("mnist_keras")]
images = np.load(sys.argv[1])
for path in sys.argv[2:]:
    model = keras.saving.load_model(path)
    assert model.optimizer is not None
    print(*model.predict(images, verbose=0).argmax(axis=1))
"""


class SaveAtEnd(keras.callbacks.Callback):
    """Saves the architecture and the weights apart."""

    def __init__(self, folder):
        super().__init__()
        self._folder = folder

    def on_train_end(self, logs=None):
        (self._folder / "architecture.json").write_text(self.model.to_json())
        self.model.save_weights(self._folder / "end.weights.h5")


RECIPES = {
    "cnn_augmented": {},
    "cnn_robust": dict(synthetic_examples=0, network_options=dict(stages=((4,), (16,), (8,))), label_smoothing=0.1),
    "fast_990": {},
    "stack_1": dict(optimizer="adamw", momentum=0, weight_decay=0.01),
}


@pytest.fixture(scope="module")
def saved(tiny, tmp_path_factory):
    """Files of callbacks by recipe, with the classes that the trained model predicts."""
    files = {}
    for name, changes in RECIPES.items():
        folder = tmp_path_factory.mktemp(name)
        callbacks = [
            keras.callbacks.ModelCheckpoint(folder / "end.keras"),
            keras.callbacks.ModelCheckpoint(folder / "end.h5"),
            keras.callbacks.ModelCheckpoint(folder / "best.keras", monitor="val_accuracy", save_best_only=True),
            SaveAtEnd(folder),
        ]
        recipe = get_recipe(name, epochs=1, batch_size=40, **changes)
        mixed = name in ("cnn_robust", "fast_990")
        result = train(recipe, tiny, options=TrainingOptions(callbacks=callbacks, mixed_precision=mixed, verbose=False))
        files[name] = folder, result.predict(tiny.test_images)
    return files


def test_plain_keras_loads_them_in_another_process(saved, tiny, tmp_path):
    np.save(tmp_path / "images.npy", tiny.test_images[..., np.newaxis])
    names = ("end.keras", "end.h5", "best.keras")
    paths = [folder / name for folder, _ in saved.values() for name in names]
    command = [sys.executable, "-c", LOAD, tmp_path / "images.npy", *paths]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert len(lines) == len(paths) == 3 * len(RECIPES)
    for index, (_, probabilities) in enumerate(saved.values()):
        expected = probabilities.argmax(axis=1)
        for line in lines[3 * index : 3 * index + 3]:
            # bfloat16 rounds logits.
            assert (np.array(line.split(), int) == expected).mean() > 0.85


def test_the_package_evaluates_them(saved, tiny):
    for folder, probabilities in saved.values():
        received = load_predictor(folder / "end.keras").predict(tiny.test_images)
        np.testing.assert_allclose(received, probabilities, atol=0.05)


def test_architecture_and_weights_load_apart(saved, tiny):
    for folder, probabilities in saved.values():
        model = keras.models.model_from_json((folder / "architecture.json").read_text())
        model.load_weights(folder / "end.weights.h5")
        received = keras.ops.softmax(model.predict(tiny.test_images[..., np.newaxis], verbose=0))
        np.testing.assert_allclose(received, probabilities, atol=0.05)


@pytest.mark.parametrize("callback", [keras.callbacks.ReduceLROnPlateau(), keras.callbacks.LearningRateScheduler(min)])
def test_a_callback_that_changes_a_scheduled_learning_rate_is_refused(tiny, callback):
    recipe = get_recipe("linear", epochs=1, schedule="cosine")
    with pytest.raises(InputError, match="has a schedule. Received: .*schedule='cosine'.*Pass schedule='constant'"):
        train(recipe, tiny, options=TrainingOptions(callbacks=[callback], verbose=False))


def test_a_callback_changes_a_constant_learning_rate(tiny):
    halve = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    result = train("linear", tiny, options=TrainingOptions(callbacks=[halve], verbose=False))
    rates = [row["learning_rate"] for row in result.history[:3]]
    assert rates == [0.5, 0.25, 0.125]


def test_a_callback_without_a_list_is_refused():
    with pytest.raises(InputError, match=r"callbacks must be a list of callbacks, as in \[callback\]. Received"):
        TrainingOptions(callbacks=keras.callbacks.ReduceLROnPlateau())


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5])
def test_a_seed_out_of_range_is_refused(tiny, seed):
    with pytest.raises(InputError, match="seed must be a whole number from 0 to 4294967295. Received: seed="):
        train("linear", tiny, seed)
