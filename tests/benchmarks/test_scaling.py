import pathlib

import pytest

from mnist_keras.benchmarks import scaling
from mnist_keras.benchmarks.harness import Timings
from mnist_keras.benchmarks.report import scaling_figure, scaling_table


@pytest.fixture
def tiny_scale(monkeypatch):
    monkeypatch.setattr(scaling, "AXES", {"batch_size": (8,), "copies": (2,)})
    monkeypatch.setattr(scaling, "_IMAGES", 100)
    monkeypatch.setattr(scaling, "_IMAGES_PER_TURN", 32)
    monkeypatch.setattr(scaling, "_BASE_SETTING", dict(batch_size=16, width=2, copies=1, devices=1))


def test_each_axis_varies_one_value(tiny_scale, monkeypatch):
    contenders = []

    def run(own, turns, units):
        [contender] = own
        bytes_on_disk = pathlib.Path(contender.options["path"]).stat().st_size
        contenders.append((contender.name, {**contender.options, "path": bytes_on_disk}, turns, units))
        return {contender.name: Timings([1.0], [1.0])}

    monkeypatch.setattr(scaling, "run_interleaved", run)
    measured = list(scaling.measure_scaling(turns=3, threads=1))
    assert [(axis, value) for axis, value, _ in measured] == [("batch_size", 8), ("copies", 2)]
    common = dict(threads=1, width=2, devices=1)
    assert contenders == [
        ("batch_size=8", dict(path=100 * 28 * 28, steps=4, batch_size=8, **common), 3, 32),
        ("copies=2", dict(path=2 * 100 * 28 * 28, steps=2, batch_size=16, **common), 3, 32),
    ]


def test_training_is_timed_in_a_process(tiny_scale, monkeypatch):
    monkeypatch.setattr(scaling, "AXES", {"copies": (2,)})
    [(_, _, timings)] = scaling.measure_scaling(turns=1, threads=1)
    assert timings.wall[0] > 0
    assert timings.peak_memory > 0


def test_table_and_figure_show_each_axis():
    row = dict(wall_median=5e-4, wall_min=4e-4, cpu_median=9e-4, cpu_min=8e-4, peak_memory=1.5e9)
    rows = [dict(axis=axis, value=value, **row) for axis, values in scaling.AXES.items() for value in values]
    assert "| batch size | 16 | 500 (400) µs | 900 (800) µs | 1.50 GB |" in scaling_table(rows).splitlines()
    panels = [axes for axes in scaling_figure(rows, "title").axes if axes.get_xlabel()]
    assert [len(axes.lines[0].get_xdata()) for axes in panels] == [len(values) for values in scaling.AXES.values()]
