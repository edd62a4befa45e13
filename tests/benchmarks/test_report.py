from mnist_keras.benchmarks.harness import Timings
from mnist_keras.benchmarks.report import ratio_figure, timing_rows, timing_table

TASK = "training cnn, float32"
ROWS = timing_rows(
    TASK,
    "ms per step",
    {
        "mnist_keras": Timings([0.02, 0.03, 0.02], [0.04, 0.04, 0.04]),
        "PyTorch": Timings([0.05, 0.06, 0.05], [0.08] * 3),
    },
    flops=4e9,
)


def test_the_table_shows_medians_minima_and_ratios():
    lines = timing_table(ROWS).splitlines()
    assert f"| {TASK} | mnist_keras | 20 (20) ms per step | 40 (40) ms per step | 1.00 | 1.00 | 200 |" in lines
    assert f"| {TASK} | PyTorch | 50 (50) ms per step | 80 (80) ms per step | 2.50 | 2.00 | 80 |" in lines


def test_the_figure_shows_the_fastest_other_contender_of_each_task():
    slower = timing_rows(TASK, "ms per step", {"": Timings([0.02], [0.02]), "slow": Timings([0.07], [0.01])})
    other = timing_rows(
        "augmentation", "µs per image", {"": Timings([0.02], [0.02]), "Pillow": Timings([0.06], [0.02])}
    )
    figure = ratio_figure([*ROWS, slower[1], *other], "2 threads, today")
    axes = figure.axes[0]
    assert figure.get_suptitle() == "Time, fastest other library / mnist_keras (2 threads, today)"
    assert axes.get_xlabel().startswith("time of fastest other library / time of mnist_keras")
    assert [label.get_text() for label in axes.get_yticklabels()] == ["augmentation: Pillow", f"{TASK}: PyTorch"]
    assert sorted(round(bar.get_width(), 6) for bar in axes.patches) == [1.0, 2.0, 2.5, 3.0]


def test_a_figure_of_training_steps_says_so_and_names_the_library():
    figure = ratio_figure(ROWS, "2 threads, today")
    axes = figure.axes[0]
    assert figure.get_suptitle() == "Training step time, PyTorch / mnist_keras (2 threads, today)"
    assert axes.get_xlabel().startswith("time of PyTorch / time of mnist_keras")
    assert [label.get_text() for label in axes.get_yticklabels()] == ["cnn, float32: PyTorch"]
