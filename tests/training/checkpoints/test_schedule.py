import time

import pytest

from mnist_keras.errors import InputError
from mnist_keras.training.checkpoints.schedule import CheckpointSchedule


def test_a_schedule_by_steps():
    schedule = CheckpointSchedule("100")
    assert not schedule.is_due(99)
    assert schedule.is_due(100)
    schedule.restart(104)
    assert not schedule.is_due(203)
    assert schedule.is_due(204)


@pytest.mark.parametrize(("every", "seconds"), [("5min", 300), ("0.5 min", 30), ("30s", 30)])
def test_a_schedule_by_time(monkeypatch, every, seconds):
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    schedule = CheckpointSchedule(every)
    now += seconds - 1
    assert not schedule.is_due(10**6)
    now += 1
    assert schedule.is_due(1)


def test_a_schedule_saves_after_the_last_step_unless_it_is_off():
    assert CheckpointSchedule("100").is_due(1, is_last=True)
    assert CheckpointSchedule("9min").is_due(1, is_last=True)
    assert not CheckpointSchedule("0").is_due(10**6)
    assert not CheckpointSchedule("0").is_due(10**6, is_last=True)


@pytest.mark.parametrize("every", ["", "often", "-5", "5h", "1.5", "min"])
def test_other_words(every):
    with pytest.raises(InputError, match="checkpoint_every must be a number of steps as in 100, or a time"):
        CheckpointSchedule(every)
