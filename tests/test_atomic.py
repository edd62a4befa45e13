import os
import random
import subprocess
import sys
import time

import pytest

from mnist_keras.atomic import atomic_file, atomic_folder, check_writable
from mnist_keras.errors import InputError


def contents(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_new_folder_appears_when_complete(tmp_path):
    with atomic_folder(tmp_path / "a" / "b") as new:
        (new / "file").write_text("complete")
        assert not (tmp_path / "a" / "b").exists()
    assert contents(tmp_path) == ["a", "a/b", "a/b/file"]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt, InputError])
def test_a_failure_leaves_the_old_folder_unchanged(tmp_path, error):
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "file").write_text("old")
    with pytest.raises(error), atomic_folder(tmp_path / "old", replace=True) as new:
        (new / "file").write_text("half")
        raise error
    assert contents(tmp_path) == ["old", "old/file"]
    assert (tmp_path / "old" / "file").read_text() == "old"


def test_a_replaced_folder_keeps_no_old_files(tmp_path):
    (tmp_path / "export").mkdir()
    (tmp_path / "export" / "stale").touch()
    with atomic_folder(tmp_path / "export", replace=True) as new:
        (new / "fresh").touch()
    assert contents(tmp_path) == ["export", "export/fresh"]


def test_an_existing_folder_is_refused(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "file").touch()
    with pytest.raises(InputError, match="run exists already. Choose another name"), atomic_folder(tmp_path / "run"):
        raise AssertionError("the block must not run")
    with pytest.raises(InputError, match="exists already"):
        check_writable(tmp_path / "run")
    check_writable(tmp_path / "run", replace=True)
    assert contents(tmp_path) == ["run", "run/file"]


def test_a_folder_created_by_another_writer_is_kept(tmp_path):
    with pytest.raises(InputError, match="exists already"), atomic_folder(tmp_path / "run"):
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / "other").touch()
    assert contents(tmp_path) == ["run", "run/other"]


def test_a_parent_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        check_writable(tmp_path / "file" / "run")


def test_a_kill_at_any_moment_leaves_one_complete_folder(tmp_path):
    code = """if True:
        import itertools, pathlib, sys
        from mnist_keras.atomic import atomic_folder
        for number in itertools.count(int(sys.argv[1]) + 1):
            with atomic_folder(pathlib.Path("export"), replace=True) as new:
                for name in ("a", "b", "c"):
                    (new / name).write_text(str(number))
            print(number, flush=True)
        """
    chance = random.Random(0)
    last = 0
    for _ in range(20):
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(last)], cwd=tmp_path, stdout=subprocess.PIPE, text=True
        )
        process.stdout.readline()
        time.sleep(chance.uniform(0, 0.01))
        process.kill()
        process.communicate()
        [number] = {(tmp_path / "export" / name).read_text() for name in ("a", "b", "c")}
        assert int(number) > last
        last = int(number)
    for stage in tmp_path.glob(".stage.*"):
        os.utime(stage, (0, 0))
    with atomic_folder(tmp_path / "export", replace=True):
        pass
    # The temporary folders of the killed writers are removed.
    assert contents(tmp_path) == ["export"]


def test_a_file_is_replaced_when_complete(tmp_path):
    (tmp_path / "file").write_text("old")
    (tmp_path / "link").symlink_to("file")
    with atomic_file(tmp_path / "link") as file:
        file.write(b"new")
        file.flush()
        assert (tmp_path / "file").read_text() == "old"
    assert (tmp_path / "file").read_text() == "new"
    assert contents(tmp_path) == ["file", "link"]
    assert (tmp_path / "link").is_symlink()


def test_a_pipe_is_written_and_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with atomic_file(pipe) as file:
        file.write(b"text")
    assert os.read(reader, 10) == b"text"
    assert pipe.is_fifo()
    os.close(reader)
