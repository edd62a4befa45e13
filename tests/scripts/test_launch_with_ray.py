"""Several workers of Ray Train on one machine, as users start them."""

import os
import re
import signal
import subprocess

import pytest

pytest.importorskip("ray")

FLAGS = [
    "--model=lenet_dropout",
    "--epochs=16",
    "--batch_size=12",
    "--deterministic",
    "--threads=1",
    "--checkpoint_every=25",
]


def digests(output):
    return re.findall(r"digest +([0-9a-f]{64})", output)


def start(command, folder, *flags):
    line = command("launch", "--workers=2", "--ray=local", "--", *flags)
    return subprocess.Popen(line, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def read_until(process, pattern):
    output = ""
    while not re.search(pattern, output):
        line = process.stdout.readline()
        assert line, output
        output += line
    return output


@pytest.mark.slow
@pytest.mark.long
def test_workers_of_ray_equal_replicas_and_survive_a_kill(command, script, data_flags, tmp_path):
    flags = [*FLAGS, *data_flags]
    alone = script(
        "train", "--strategy=mirrored", "--logical_devices=2", "--run_name=mirrored", "--export_dir=", *flags
    )
    assert alone.returncode == 0, alone.stderr
    [expected] = digests(alone.stdout)

    process = start(command, tmp_path, "--run_name=killed", *flags)
    output = read_until(process, r"worker 0] epoch +6/")
    os.kill(int(re.search(r"worker 1 is process (\d+)", output).group(1)), signal.SIGKILL)
    rest, _ = process.communicate(timeout=300)
    assert process.returncode == 0, rest
    assert "[launch] worker 1 has failed (SIGKILL)" in rest
    assert "restarting all, 1 of 3" in rest
    assert not re.search(r"worker 0] epoch +1/", rest)
    # The chief's and the other worker's.
    assert digests(rest) == [expected, expected]
    assert not list(tmp_path.glob(".ray-*"))


@pytest.mark.slow
@pytest.mark.long
def test_workers_of_ray_that_are_stopped_resume(command, data_flags, tmp_path):
    process = start(command, tmp_path, "--run_name=stopped", *FLAGS[:1], "--epochs=4000", *FLAGS[2:], *data_flags)
    output = read_until(process, r"worker 0] epoch +2/")
    process.send_signal(signal.SIGTERM)
    rest, _ = process.communicate(timeout=100)
    assert process.returncode == 75, rest
    assert "launch.py --workers=2 --ray=local -- " in rest
    assert "restarting all" not in rest
    # No process is left.
    for number in re.findall(r"is process (\d+)", output):
        with pytest.raises(ProcessLookupError):
            os.kill(int(number), 0)


@pytest.mark.slow
@pytest.mark.long
def test_a_wrong_flag_ends_the_workers_of_ray(command, data_flags, tmp_path):
    process = start(command, tmp_path, "--epochs=none", *data_flags)
    output, _ = process.communicate(timeout=100)
    assert process.returncode == 2, output
    assert "epochs" in output
    assert "restarting all" not in output
    assert "Traceback" not in output
