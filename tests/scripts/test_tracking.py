"""Tracked runs as users start, kill and resume them."""

import os
import signal
import subprocess

import pytest

FLAGS = ["--model=stack_1", "--batch_size=12", "--run_name=mine", "--export_dir="]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--tracking=tensorboard"], "flag --tracking=tensorboard: value should be one of <mlflow|wandb>"),
        (["--tracking_uri=here"], "--tracking_uri needs --tracking=mlflow"),
        (["--tracking=wandb", "--tracking_uri=here"], "the server of wandb is that of WANDB_BASE_URL"),
    ],
)
def test_wrong_flags_exit_with_2(script, arguments, message):
    result = script("train", *arguments)
    assert result.returncode == 2
    assert message in result.stderr


def test_a_server_that_does_not_answer_is_one_message_before_tensorflow_is_imported(script, data_flags, tmp_path):
    pytest.importorskip("mlflow")
    (tmp_path / "tensorflow.py").write_text("raise SystemExit('must not be imported')")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    result = script("train", *data_flags, "--tracking=mlflow", "--tracking_uri=http://127.0.0.1:9", env=environment)
    assert result.returncode == 1
    [message] = result.stderr.strip().splitlines()
    assert message.startswith("train.py: There is no connection to mlflow, which --tracking asks for: API request to")
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
@pytest.mark.long
def test_a_killed_run_and_a_repeated_command_are_one_tracked_run(command, script, data_flags, tmp_path):
    pytest.importorskip("alembic")
    from mlflow import MlflowClient

    flags = [*FLAGS, *data_flags, "--epochs=20", "--checkpoint_every=5", "--tracking=mlflow", "--tracking_uri=store"]
    process = subprocess.Popen(command("train", *flags), cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    while not process.stdout.readline().startswith("epoch  3"):
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.communicate()

    result = script("train", *flags)
    assert result.returncode == 0, result.stderr
    assert "tracking       MLflow run" in result.stdout
    result = script("train", *flags)
    assert result.returncode == 0, result.stderr
    assert "tracking" not in result.stdout

    client = MlflowClient(f"sqlite:///{tmp_path}/store/mlflow.db")
    experiment = client.get_experiment_by_name("mnist_keras")
    [run] = client.search_runs([experiment.experiment_id])
    assert (run.info.run_name, run.info.status) == ("mine", "FINISHED")
    points = client.get_metric_history(run.info.run_id, "test_accuracy")
    assert [point.step for point in points] == list(range(1, 21))
    assert str(tmp_path) not in (tmp_path / "runs" / "mine" / "tracking.json").read_text()
