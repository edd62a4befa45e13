import shutil
import subprocess
import sys

import numpy as np
import pytest

from mnist_keras.errors import InputError
from mnist_keras.training.checkpoints.storage import CheckpointManager, read_settings

SETTINGS = {"recipe": {"name": "cnn", "epochs": 3, "summary": "a"}, "seed": 0, "training": {"threads": 2}}


def opened(folder, settings=SETTINGS, **options):
    checkpoints = CheckpointManager(folder)
    latest = checkpoints.open(settings, **options)
    return checkpoints, latest


def filled(folder, steps):
    checkpoints, _ = opened(folder)
    for step in steps:
        checkpoints.save(step, {"weights": np.full(100, step)}, {"seconds": 1.0})
    checkpoints.close()


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_latest_is_found_and_the_last_two_are_kept(tmp_path):
    filled(tmp_path / "run", [100, 200, 1000])
    assert names(tmp_path / "run")[2:] == ["step-000000200.npz", "step-000001000.npz"]
    _, (arrays, metadata) = opened(tmp_path / "run")
    assert (metadata["step"], metadata["seconds"], arrays["weights"][0]) == (1000, 1.0, 1000)


def test_a_run_without_checkpoints_starts_from_scratch(tmp_path):
    checkpoints, latest = opened(tmp_path / "run")
    assert latest is None
    checkpoints.close()
    assert names(tmp_path) == []


def test_a_damaged_checkpoint_is_ignored_and_no_valid_one_is_deleted(tmp_path, capsys):
    filled(tmp_path / "run", [100, 200])
    (tmp_path / "run" / "step-000000300.npz").write_bytes(b"torn")
    (tmp_path / "run" / "step-000000400.npz").touch()
    (tmp_path / "run" / ".step-000000500.npz.left").touch()
    checkpoints, (_, metadata) = opened(tmp_path / "run")
    assert metadata["step"] == 200
    printed = capsys.readouterr().out
    assert "step-000000400.npz is damaged or is not a checkpoint" in printed
    assert printed.count("ignored, the checkpoint before it is used") == 2
    checkpoints.save(250, {}, {})
    steps = [name for name in names(tmp_path / "run") if "step" in name and not name.startswith("refused")]
    assert steps == ["step-000000200.npz", "step-000000250.npz"]


def test_a_checkpoint_of_another_run_is_ignored(tmp_path, capsys):
    filled(tmp_path / "run", [100])
    filled(tmp_path / "other", [200])
    shutil.copy(tmp_path / "other" / "step-000000200.npz", tmp_path / "run")
    # The same run's, under a false name.
    shutil.copy(tmp_path / "run" / "step-000000100.npz", tmp_path / "run" / "step-000000900.npz")
    _, (_, metadata) = opened(tmp_path / "run")
    assert metadata["step"] == 100
    assert capsys.readouterr().out.count("is a checkpoint of another run: ignored") == 2


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ({"recipe": {"name": "cnn", "epochs": 4}}, "recipe epochs is 3 there and 4 now"),
        ({"seed": 1}, "seed is 0 there and 1 now"),
        ({"training": {"threads": 1}}, "training threads is 2 there and 1 now"),
    ],
)
def test_a_run_is_not_resumed_with_other_settings(tmp_path, change, difference):
    filled(tmp_path / "run", [100])
    with pytest.raises(InputError, match=f"{difference}. Repeat its command"):
        opened(tmp_path / "run", SETTINGS | change)
    assert "step-000000100.npz" in names(tmp_path / "run")
    opened(tmp_path / "run", SETTINGS | {"recipe": {"name": "cnn", "epochs": 3, "summary": "said otherwise"}})


def test_two_processes_do_not_train_one_run(tmp_path):
    checkpoints, _ = opened(tmp_path / "run")
    code = """if True:
        import sys
        from mnist_keras.training.checkpoints.storage import CheckpointManager
        CheckpointManager(sys.argv[1]).open({"seed": 0})
        """
    result = subprocess.run([sys.executable, "-c", code, tmp_path / "run"], capture_output=True, text=True, check=False)
    assert "run is being trained by another process" in result.stderr
    assert read_settings(tmp_path / "run")["seed"] == 0
    checkpoints.close()
    opened(tmp_path / "run")


def test_damaged_settings_raise(tmp_path):
    filled(tmp_path / "run", [100])
    (tmp_path / "run" / "settings.json").write_text("{")
    with pytest.raises(InputError, match="settings.json is damaged"):
        opened(tmp_path / "run")


def test_a_worker_reads_what_the_first_one_writes(tmp_path):
    with pytest.raises(
        InputError, match="This worker does not see .*run. Expected: a --runs_dir that all workers share"
    ):
        opened(tmp_path / "run", writes=False)
    filled(tmp_path / "run", [100])
    reader, (_, metadata) = opened(tmp_path / "run", writes=False)
    assert metadata["step"] == 100
    reader.save(200, {}, {})
    assert "step-000000200.npz" not in names(tmp_path / "run")


def test_workers_with_different_checkpoints_raise(tmp_path):
    filled(tmp_path / "run", [100])

    def with_one_that_sees_none(wishes):
        step = 0
        other = [bool(step >> bit & 1) for bit in range(40)]
        mine_is_complement = wishes[:3] == [True, True, False]
        return [a or (not b if mine_is_complement else b) for a, b in zip(wishes, other, strict=False)]

    with pytest.raises(InputError, match="do not see the same checkpoints in .* this one sees step 100"):
        opened(tmp_path / "run", writes=False, any_worker=with_one_that_sees_none)
