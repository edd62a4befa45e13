"""Jobs by workers of Ray. The tests share one local cluster."""

import os
import pathlib
import shutil
import signal
import subprocess
import sys

import pytest

pytest.importorskip("ray")

import ray
from batch_images import png, rows_of
from process_tree import descendants

from mnist_keras.errors import InputError
from mnist_keras.inference.batch.job import start_job
from mnist_keras.inference.batch.workers import ChunkWorker
from mnist_keras.inference.predictor import load_predictor

SCRIPT = pathlib.Path(__file__).parents[3] / "scripts" / "predict_batch.py"


@pytest.fixture(scope="module")
def cluster():
    """The address of a cluster of four cores."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    ray.init("local", num_cpus=4, include_dashboard=False, log_to_driver=False, object_store_memory=100_000_000)
    yield ray.get_runtime_context().gcs_address
    ray.shutdown()


@pytest.fixture
def many_images(tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(200):
        (folder / f"{number:03}.png").write_bytes(b"no image" if number % 50 == 7 else png(number))
    return folder


def test_a_killed_worker_changes_no_row(cluster, predictor, many_images, tmp_path):
    one_process = start_job(predictor, [str(many_images)], str(tmp_path / "one"), batch_size=5)
    worker = ChunkWorker(predictor, one_process.output.address, False)
    for number, chunk in one_process.remaining().items():
        worker.predict(number, chunk)
    job = start_job(predictor, [str(many_images)], str(tmp_path / "two"), batch_size=5)
    results = job.run(workers=2)
    images = next(results)
    killed, *_ = descendants("ChunkActor")
    os.kill(killed, signal.SIGKILL)
    assert len(job.remaining()) > 10
    assert images + sum(results) >= 200
    assert job.finish() == (200, 4)
    assert rows_of(tmp_path / "two") == rows_of(tmp_path / "one")


def test_the_script_goes_on_where_it_was_killed(cluster, many_images, tmp_path):
    command = [sys.executable, SCRIPT, "compact_1k", many_images, f"--output={tmp_path / 'out'}", "--batch_size=5"]
    command += ["--workers=2", f"--ray={cluster}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        lines = [process.stdout.readline() for _ in range(2)]
        process.kill()
    assert lines == ["parts: 40, of which predicted before: 0\n", "part 1 of 40: 5 images\n"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert "predicted before: 0" not in result.stdout
    assert result.stdout.splitlines()[-1] == f"200 images, 4 of them with an error, in {tmp_path / 'out'}"
    names = [row["path"] for row in rows_of(tmp_path / "out")]
    assert names == sorted(map(str, many_images.iterdir()))


def test_a_model_that_the_workers_do_not_have_ends_in_a_message(cluster, predictor, many_images, tmp_path):
    shutil.copytree(predictor.path.parent, tmp_path / "model")
    job = start_job(load_predictor(tmp_path / "model" / "mnist.tflite"), [str(many_images)], str(tmp_path / "out"))
    shutil.rmtree(tmp_path / "model")
    with pytest.raises(InputError, match="A worker cannot load the model: There is no such file or folder"):
        list(job.run(workers=1))
