from mnist_keras.benchmarks.harness import Timings
from mnist_keras.benchmarks.report import ratio_figure, rows_of, table

ROWS = rows_of(
    "training cnn, float32",
    "ms a step",
    {
        "mnist_keras": Timings([0.02, 0.03, 0.02], [0.04, 0.04, 0.04]),
        "PyTorch": Timings([0.05, 0.06, 0.05], [0.08] * 3),
    },
    operations=4e9,
)


def test_the_table_shows_medians_minima_and_ratios():
    lines = table(ROWS).splitlines()
    assert (
        "| training cnn, float32 | mnist_keras | 20 (20) ms a step | 40 (40) ms a step | 1.00 | 1.00 | 200 |" in lines
    )
    assert "| training cnn, float32 | PyTorch | 50 (50) ms a step | 80 (80) ms a step | 2.50 | 2.00 | 80 |" in lines


def test_the_figure_shows_the_fastest_peer_of_each_task():
    slower = rows_of(
        "training cnn, float32", "ms a step", {"": Timings([0.02], [0.02]), "slow": Timings([0.07], [0.01])}
    )
    other = rows_of("augmentation", "µs an image", {"": Timings([0.02], [0.02]), "Pillow": Timings([0.06], [0.02])})
    axes = ratio_figure([*ROWS, slower[1], *other], "title").axes[0]
    names = ["augmentation: Pillow", "training cnn, float32: PyTorch"]
    assert [label.get_text() for label in axes.get_yticklabels()] == names
    assert sorted(round(bar.get_width(), 6) for bar in axes.patches) == [1.0, 2.0, 2.5, 3.0]
