"""Several processes of one study on one folder, as users start them: each run is trained once, also after a kill."""

import re
import signal
import subprocess
import time

import pytest

from mnist_keras.data import load_digits
from mnist_keras.distribution.strategy import intra_op_threads
from mnist_keras.experiments.run_folder import read_run
from mnist_keras.experiments.study import run_study
from mnist_keras.recipes import get_recipe
from mnist_keras.training.settings import TrainingOptions

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.usefixtures("without_figures")]

RUNS = [f"{recipe}-seed-{seed}" for seed in (0, 1) for recipe in ("linear", "stack_1")]
EPOCHS = 60


def epochs_by_run(output):
    """Returns the numbers of the epochs that a process has printed, for each run that it has trained."""
    trained = {}
    for title, seed, text in re.findall(r"\[\d/4\] (\w+), seed (\d)\n(.*?)(?=\n\[|\nwaiting|\Z)", output, re.DOTALL):
        trained.setdefault(f"{title}-seed-{seed}", []).extend(map(int, re.findall(r"epoch +(\d+)/", text)))
    return trained


@pytest.fixture
def start(command, data_flags, tmp_path):
    """Returns a function that starts a process of the study, which writes what it prints to a file."""
    processes = []
    flags = ["--recipes=linear,stack_1", "--seeds=0,1", f"--epochs={EPOCHS}", "--batch_size=12", "--output=study"]
    flags += ["--deterministic", "--checkpoint_every=50", f"--threads={intra_op_threads()}", *data_flags]

    def start_one(name, *changes):
        with (tmp_path / name).open("w") as file:
            line = command("study", *flags, *changes)
            process = subprocess.Popen(line, cwd=tmp_path, stdout=file, stderr=subprocess.STDOUT)
        processes.append(process)
        return process

    yield start_one
    for process in processes:
        process.kill()
        process.wait()


def wait_for_text(process, file, text):
    while text not in file.read_text():
        assert process.poll() is None, file.read_text()
        time.sleep(0.1)


def test_processes_take_turns_and_take_over_from_a_killed_one(start, data_flags, tmp_path):
    first, second = start("first"), start("second")
    wait_for_text(first, tmp_path / "first", f"epoch 10/{EPOCHS}")
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert second.wait(timeout=300) == 0, (tmp_path / "second").read_text()
    output = (tmp_path / "second").read_text()
    assert output.count("| `linear` |") == output.count("| `stack_1` |") == 1

    killed, other = epochs_by_run((tmp_path / "first").read_text()), epochs_by_run(output)
    assert set(killed) | set(other) == set(RUNS)
    *_, broken = killed
    assert set(killed) & set(other) == {broken}
    assert other[broken][0] > 1
    alone = [epochs for run, epochs in {**killed, **other}.items() if run != broken]
    assert alone == [list(range(1, EPOCHS + 1))] * 3

    digits = load_digits("folder", data_flags[1].partition("=")[2])
    recipes = [get_recipe(name, epochs=EPOCHS, batch_size=12) for name in ("linear", "stack_1")]
    run_study(tmp_path / "alone", recipes, [0, 1], digits, TrainingOptions(deterministic=True, verbose=False))
    digests = [[read_run(tmp_path / study / run)[0]["digest"] for run in RUNS] for study in ("study", "alone")]
    assert digests[0] == digests[1]


def test_a_process_that_waits_exits_with_status_75_when_stopped(start, tmp_path):
    one_run = ["--recipes=linear", "--seeds=0", "--epochs=5000"]
    first = start("first", *one_run)
    wait_for_text(first, tmp_path / "first", "epoch")
    second = start("second", *one_run)
    wait_for_text(second, tmp_path / "second", "waiting for other processes, which train linear, seed 0")
    second.send_signal(signal.SIGTERM)
    assert second.wait(timeout=60) == 75
    assert (tmp_path / "second").read_text().endswith("stopped. The same command resumes study.\n")
