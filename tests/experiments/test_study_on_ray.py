"""A study on local Ray gives what it gives in one process, also after a kill."""

import os
import signal
import sys
import time

import keras
import pytest

from mnist_keras.distribution.strategy import intra_op_threads
from mnist_keras.errors import InputError, TrainingStopped
from mnist_keras.experiments.run_folder import read_run, unfinished_folder
from mnist_keras.experiments.study import IncompleteStudy, run_study
from mnist_keras.experiments.study_on_ray import RayStudy
from mnist_keras.recipes import get_recipe
from mnist_keras.training.settings import TrainingOptions

ray = pytest.importorskip("ray")
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("without_figures")]
# The processes of Ray cannot import this file.
ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])


class StopsTheStudy(keras.callbacks.Callback):
    """Sends SIGTERM to the process that started the study, in the third step, and waits until its own is stopped."""

    def __init__(self, process):
        super().__init__()
        self.process = process
        self.step = 0

    def on_train_batch_end(self, batch, logs=None):
        self.step += 1
        if self.step == 3:
            os.kill(self.process, signal.SIGTERM)
            time.sleep(5)


class KilledOnce(keras.callbacks.Callback):
    """Sends its process a signal once, in the seventh step of `stack_1`, and records each step."""

    def __init__(self, folder, signal_number=signal.SIGKILL):
        super().__init__()
        self.folder = str(folder)
        self.signal_number = signal_number
        self.step = 0

    def on_train_batch_end(self, batch, logs=None):
        self.step += 1
        if self.model.name == "stack_1":
            with open(f"{self.folder}/steps", "a") as file:
                file.write(f"{self.step} ")
            if self.step == 7 and not os.path.exists(f"{self.folder}/killed"):
                open(f"{self.folder}/killed", "w").close()
                os.kill(os.getpid(), self.signal_number)


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


LONG = get_recipe("stack_1", epochs=1, batch_size=8, steps_per_execution=1)


@pytest.mark.long
def test_a_run_resumes_when_its_process_is_stopped(tiny, tmp_path, cluster):
    run_study(tmp_path, [LONG], [0], tiny, options(KilledOnce(tmp_path, signal.SIGTERM)), RayStudy(cluster))
    # No step is repeated: the process has written a checkpoint.
    assert (tmp_path / "steps").read_text().split() == [str(step) for step in range(1, 16)]


@pytest.mark.long
def test_a_stopped_study_leaves_checkpoints_and_resumes(tiny, tmp_path, cluster):
    study = RayStudy(cluster)
    with pytest.raises(TrainingStopped, match=r"stopped with 1 runs left\. The same command resumes the study\."):
        run_study(tmp_path, [LONG], [0], tiny, options(StopsTheStudy(os.getpid())), study)
    folder = tmp_path / "stack_1-seed-0"
    assert [path.name for path in unfinished_folder(folder).glob("step-*")] == ["step-000000003.npz"]
    assert run_study(tmp_path, [LONG], [0], tiny, options(), study)[0]["seeds"] == 1
    assert not unfinished_folder(folder).exists()


def test_too_many_threads_end_in_one_message(tiny, tmp_path, cluster):
    with pytest.raises(InputError, match="No machine of the Ray cluster auto has enough cores.*--threads=900"):
        run_study(tmp_path, [get_recipe("linear", epochs=2)], [0], tiny, options(), RayStudy(cluster, threads=900))


def test_a_file_that_cannot_be_written_is_named(tiny, tmp_path, cluster):
    (tmp_path / ".locks").touch()
    with pytest.raises(IncompleteStudy, match=r"linear, seed 0: \[Errno 17\] File exists: .*\.locks"):
        run_study(tmp_path, [get_recipe("linear", epochs=2)], [0], tiny, options(), RayStudy(cluster))
