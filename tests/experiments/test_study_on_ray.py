"""A study on local Ray gives what it gives in one process, also after a kill."""

import os
import signal
import sys

import keras
import pytest

from mnist_keras.distribution.strategy import intra_op_threads
from mnist_keras.errors import InputError
from mnist_keras.experiments.run_folder import read_run
from mnist_keras.experiments.study import IncompleteStudy, run_study
from mnist_keras.experiments.study_on_ray import RayStudy
from mnist_keras.recipes import get_recipe
from mnist_keras.training.settings import TrainingOptions

ray = pytest.importorskip("ray")
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("without_figures")]
# The processes of Ray cannot import this file.
ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])


class KilledOnce(keras.callbacks.Callback):
    """Kills its process once, in the seventh step of `stack_1`, and records each step."""

    def __init__(self, folder):
        super().__init__()
        self.folder = str(folder)
        self.step = 0

    def on_train_batch_end(self, batch, logs=None):
        self.step += 1
        if self.model.name == "stack_1":
            with open(f"{self.folder}/steps", "a") as file:
                file.write(f"{self.step} ")
            if self.step == 7 and not os.path.exists(f"{self.folder}/killed"):
                open(f"{self.folder}/killed", "w").close()
                os.kill(os.getpid(), signal.SIGKILL)


def options(*callbacks):
    return TrainingOptions(deterministic=True, verbose=False, checkpoint_every="5", callbacks=callbacks)


@pytest.fixture(scope="module")
def cluster():
    ray.init("local", num_cpus=4, include_dashboard=False, log_to_driver=False, object_store_memory=100_000_000)
    yield "auto"
    ray.shutdown()


def test_a_study_with_a_killed_run_equals_one_in_a_single_process(tiny, tmp_path, cluster, capsys):
    recipes = [get_recipe("linear", epochs=2), get_recipe("stack_1", epochs=1, batch_size=8, steps_per_execution=1)]
    diverging = get_recipe("stack_10", epochs=1, learning_rate=1e30)
    expected = run_study(tmp_path / "alone", recipes, [0, 1], tiny, options())
    study = RayStudy(cluster, threads=intra_op_threads())
    with pytest.raises(IncompleteStudy, match="stack_10, seed 0: Training diverged") as error:
        run_study(tmp_path / "ray", [*recipes, diverging], [0], tiny, options(KilledOnce(tmp_path)), study)
    assert len(error.value.rows) == 2
    rows = run_study(tmp_path / "ray", recipes, [0, 1], tiny, options(), study)
    assert "[1/4] linear, seed 0: complete" in capsys.readouterr().out
    assert [row["accuracies"] for row in rows] == [row["accuracies"] for row in expected]
    for name in ("linear-seed-0", "linear-seed-1", "stack_1-seed-0", "stack_1-seed-1"):
        assert read_run(tmp_path / "ray" / name)[0]["digest"] == read_run(tmp_path / "alone" / name)[0]["digest"]
    # The checkpoint of step 5 was the last one before the kill.
    steps = (tmp_path / "steps").read_text().split()
    assert steps[:8] == ["1", "2", "3", "4", "5", "6", "7", "6"]


def test_too_many_threads_end_in_one_message(tiny, tmp_path, cluster):
    with pytest.raises(InputError, match="No machine of the Ray cluster auto has enough cores.*--threads=900"):
        run_study(tmp_path, [get_recipe("linear", epochs=2)], [0], tiny, options(), RayStudy(cluster, threads=900))
