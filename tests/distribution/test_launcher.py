"""The launcher, with workers that train nothing."""

import os
import signal
import subprocess
import sys
import textwrap
import time

from mnist_keras.distribution.launcher import launch


def worker(code):
    """A command that runs `code`; `index`, `tries` (of this worker, from 1) and `cluster` are at hand."""
    start = """
        import json, os, pathlib, signal, sys, time
        config = json.loads(os.environ["TF_CONFIG"])
        cluster, index = config["cluster"]["worker"], config["task"]["index"]
        tried = pathlib.Path(f"tried-{index}")
        tries = int(tried.read_text()) + 1 if tried.exists() else 1
        tried.write_text(str(tries))
        """
    return [sys.executable, "-c", textwrap.dedent(start) + textwrap.dedent(code)]


def tries(folder):
    return [int(path.read_text()) for path in sorted(folder.glob("tried-*"))]


def test_every_worker_has_its_index_and_prefixes_its_output(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    assert launch(worker("print('I am', index, 'of', len(set(cluster)))"), workers=3) == 0
    lines = capfd.readouterr().out.splitlines()
    for index in range(3):
        assert f"[worker {index}] I am {index} of 3" in lines
    assert tries(tmp_path) == [1, 1, 1]


def test_a_killed_worker_is_started_again_with_all_others(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    code = """
        if tries < 3:
            if index == 1:
                os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(600)
        """
    began = time.monotonic()
    assert launch(worker(code), workers=2) == 0
    assert time.monotonic() - began < 60
    assert tries(tmp_path) == [3, 3]
    assert "a worker has failed (SIGKILL): restarting all, 2 of 3" in capfd.readouterr().out


def test_the_number_of_digits_is_limited(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    assert launch(worker("sys.exit(75)"), workers=1, max_restarts=2) == 75
    assert tries(tmp_path) == [3]
    assert "all were restarted 2 times" in capfd.readouterr().out


def test_bad_input_is_not_retried(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for status in (1, 2):
        assert launch(worker(f"sys.exit({status} if index else 0)"), workers=2) == status
    assert tries(tmp_path) == [2, 2]


def test_stopping_the_launcher_stops_the_workers(tmp_path):
    code = """
        def stop(*_):
            print("saved", flush=True)
            sys.exit(1)
        signal.signal(signal.SIGTERM, stop)
        print("ready", flush=True)
        time.sleep(600)
        """
    script = f"import sys\nfrom mnist_keras.distribution.launcher import launch\nsys.exit(launch({worker(code)!r}, 2))"
    process = subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    ready = 0
    while ready < 2:
        ready += "ready" in process.stdout.readline()
    os.kill(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert output.count("saved") == 2
    assert "restarting all" not in output
