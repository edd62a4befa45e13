"""Several workers on one machine, as users start them."""

import os
import re
import signal
import subprocess

import pytest

FLAGS = [
    "--model=lenet_dropout",
    "--epochs=16",
    "--batch_size=12",
    "--deterministic",
    "--threads=1",
    "--checkpoint_every=25",
]


def digests(output):
    return set(re.findall(r"digest +([0-9a-f]{64})", output))


@pytest.mark.slow
def test_workers_equal_replicas_and_survive_a_kill(command, script, data_flags, tmp_path):
    flags = [*FLAGS, *data_flags]
    alone = script(
        "train", "--strategy=mirrored", "--logical_devices=2", "--run_name=mirrored", "--export_dir=", *flags
    )
    assert alone.returncode == 0, alone.stderr
    [expected] = digests(alone.stdout)

    result = script("launch", "--workers=2", "--", "--run_name=workers", *flags)
    assert result.returncode == 0, result.stdout
    assert "[worker 1] worker 1 of 2: digest" in result.stdout
    # The chief's and the other worker's.
    assert digests(result.stdout) == {expected}
    assert len(re.findall(expected, result.stdout)) == 2
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["mirrored", "workers"]
    assert (tmp_path / "exported" / "lenet_dropout" / "mnist.tflite").exists()

    line = command("launch", "--workers=2", "--", "--run_name=killed", *flags)
    process = subprocess.Popen(line, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    output = ""
    while not re.search(r"worker 0] epoch +6/", output):
        output += process.stdout.readline()
        assert process.poll() is None, output
    os.kill(int(re.search(r"worker 1 is process (\d+)", output).group(1)), signal.SIGKILL)
    rest, _ = process.communicate(timeout=300)
    assert process.returncode == 0, rest
    assert "a worker has failed (SIGKILL): restarting all, 1 of 3" in rest
    assert not re.search(r"worker 0] epoch +1/", rest)
    assert digests(rest) == {expected}


@pytest.mark.slow
def test_without_a_launcher_the_other_workers_end_with_a_message(command, data_flags, tmp_path):
    import json
    import socket

    with socket.socket() as one, socket.socket() as two:
        for free in (one, two):
            free.bind(("localhost", 0))
        workers = [f"localhost:{free.getsockname()[1]}" for free in (one, two)]
    line = command(
        "train", "--run_name=run", *[flag for flag in FLAGS if "epochs" not in flag], "--epochs=4000", *data_flags
    )
    group = []
    for index in range(2):
        config = json.dumps({"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}})
        group.append(
            subprocess.Popen(
                line,
                cwd=tmp_path,
                env=os.environ | {"TF_CONFIG": config},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    while not group[0].stdout.readline().startswith("epoch"):
        assert group[0].poll() is None
    group[1].kill()
    _, errors = group[0].communicate(timeout=60)
    group[1].communicate()
    assert group[0].returncode == 75
    assert "Another worker has ended, and the others cannot continue without it" in errors
    assert "Traceback" not in errors


def test_it_explains_itself(script):
    result = script("launch", "--help")
    assert result.returncode == 0
    assert "python scripts/launch.py --workers=2 -- --model=cnn" in result.stdout
    result = script("train", "--strategy=multi_worker")
    assert result.returncode == 1
    assert "multi_worker needs the variable TF_CONFIG" in result.stderr
    config = '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 0}}'
    result = script("train", env=os.environ | {"TF_CONFIG": config})
    assert result.returncode == 2
    assert "several workers need --run_name, the same for all" in result.stderr
    result = script("study", env=os.environ | {"TF_CONFIG": config})
    assert result.returncode == 2
    assert "a study runs on one machine, as in --strategy=mirrored" in result.stderr
