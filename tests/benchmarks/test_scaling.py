from mnist_keras.benchmarks import scaling
from mnist_keras.benchmarks.report import scaling_figure, scaling_table


def test_cost_is_measured_along_each_axis(monkeypatch):
    monkeypatch.setattr(scaling, "AXES", {"batch_size": (8,), "copies": (2,)})
    monkeypatch.setattr(scaling, "_IMAGES", 100)
    monkeypatch.setattr(scaling, "_IMAGES_IN_TURN", 32)
    monkeypatch.setattr(scaling, "_USUAL", dict(batch_size=16, width=2, copies=1, devices=1))
    measured = list(scaling.measure_scaling(turns=1, threads=1))
    assert [(axis, value) for axis, value, _ in measured] == [("batch_size", 8), ("copies", 2)]
    assert all(times.wall[0] > 0 for _, _, times in measured)


def test_table_and_figure():
    row = dict(wall_median=5e-4, wall_min=4e-4, cpu_median=9e-4, cpu_min=8e-4, peak_memory=1.5e9)
    rows = [dict(axis=axis, value=value, **row) for axis, values in scaling.AXES.items() for value in values]
    assert "| images a step | 16 | 500 (400) µs | 900 (800) µs | 1.50 GB |" in scaling_table(rows).splitlines()
    panels = [axes for axes in scaling_figure(rows, "title").axes if axes.get_xlabel()]
    assert [len(axes.lines[0].get_xdata()) for axes in panels] == [len(values) for values in scaling.AXES.values()]
