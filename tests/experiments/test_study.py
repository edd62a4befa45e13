import csv
import dataclasses
import os
import shutil
import statistics

import pytest
from PIL import Image
from tiny_digits import make_digits

from mnist_keras.errors import InputError
from mnist_keras.evaluation.metrics import correct_after_label_fixes
from mnist_keras.experiments import train_run as train_run_module
from mnist_keras.experiments.run_folder import read_run
from mnist_keras.experiments.study import IncompleteStudy, read_reports, run_study
from mnist_keras.recipes import get_recipe
from mnist_keras.reports.study_report import stack_finding, table, write_study

pytestmark = pytest.mark.usefixtures("without_figures")


@pytest.fixture
def trainings(monkeypatch):
    """Which (recipe, seed) were really trained."""
    trained = []
    real = train_run_module.train

    def counting(recipe, digits, seed, options, *rest):
        trained.append((recipe.name, seed))
        return real(recipe, digits, seed, dataclasses.replace(options, verbose=False), *rest)

    monkeypatch.setattr(train_run_module, "train", counting)
    return trained


RECIPES = [get_recipe("linear", epochs=2), get_recipe("stack_1", epochs=1)]


def test_a_stopped_study_is_resumed(tiny, tmp_path, trainings, capsys):
    run_study(tmp_path, RECIPES[:1], [0], tiny)
    rows = run_study(tmp_path, RECIPES, [0, 1], tiny)
    assert trainings == [("linear", 0), ("stack_1", 0), ("linear", 1), ("stack_1", 1)]
    assert "[1/4] linear, seed 0: complete" in capsys.readouterr().out
    assert [(row["recipe"], row["seeds"]) for row in rows] == [("linear", 2), ("stack_1", 2)]
    assert run_study(tmp_path, RECIPES, [0, 1], tiny) == rows
    # All seeds that are there count.
    assert run_study(tmp_path, RECIPES[1:], [0], tiny) == rows[1:]
    assert len(trainings) == 4


def test_a_study_prints_each_network_once(tiny, tmp_path, capsys):
    run_study(tmp_path, RECIPES, [0, 1], tiny)
    output = capsys.readouterr().out
    assert [output.count(f'Model: "{recipe.name}"') for recipe in RECIPES] == [1, 1]
    assert output.count("epoch 1/") == 4


def test_a_run_that_fails_does_not_hide_the_others(tiny, tmp_path, trainings, capsys):
    diverging = get_recipe("stack_1", epochs=1, learning_rate=1e30)
    with pytest.raises(IncompleteStudy) as error:
        run_study(tmp_path, [diverging, RECIPES[0]], [0, 1], tiny)
    assert [(row["recipe"], row["seeds"]) for row in error.value.rows] == [("linear", 2)]
    lines = str(error.value).splitlines()
    assert [line.partition(": ")[0] for line in lines] == ["stack_1, seed 0", "stack_1, seed 1"]
    assert all("diverged" in line for line in lines), lines
    assert lines[0] in capsys.readouterr().out


def test_the_table(tiny, tmp_path, trainings):
    rows = run_study(tmp_path, RECIPES, [0, 1, 2], tiny)
    row = rows[1]
    assert row["mean"] == statistics.fmean(row["accuracies"])
    assert row["sd"] == statistics.stdev(row["accuracies"])
    assert row["min"] <= row["median"] <= row["max"]
    assert (row["parameters"], row["published_accuracy"], row["epochs"]) == (3985, None, 1)
    text = write_study(tmp_path, rows, tiny)
    assert text == table(rows) == (tmp_path / "table.md").read_text()
    assert text.splitlines()[3].startswith(f"| `stack_1` | 3,985 | {row['median']:.2f} | ")
    assert "published" not in text
    with (tmp_path / "table.csv").open() as file:
        written = list(csv.DictReader(file))
    assert [line["recipe"] for line in written] == ["linear", "stack_1"]
    assert float(written[1]["median"]) == row["median"]
    page = (tmp_path / "report.html").read_text()
    assert 'href="stack_1-seed-2/report.html"' in page
    assert (tmp_path / "stack_1-seed-2" / "report.html").is_file()
    with Image.open(tmp_path / "accuracy.png") as picture:
        assert picture.width > 300


def test_a_published_accuracy_stands_beside_comparable_ones():
    first, second = rows_with([99.5, 99.6])
    header, _, *lines = table([first, {**second, "published_accuracy": None}]).splitlines()
    assert [line.split(" | ")[header.split(" | ").index("published")] for line in lines] == ["99.50", "-"]


@pytest.mark.parametrize("name", ["table.md", "table.csv", "report.html", "accuracy.png", "parameters.png"])
def test_each_file_is_replaced_as_a_whole(tiny, tmp_path, name):
    # Processes that train the runs of one study may finish it at the same time.
    (tmp_path / name).write_text("complete")
    os.link(tmp_path / name, tmp_path / "former")
    write_study(tmp_path, rows_with(FLAT[:2]), tiny)
    assert (tmp_path / "former").read_text() == "complete"
    assert (tmp_path / name).stat().st_size > 100


def test_label_fixes_need_misclassified_images():
    row = {**rows_with([99.5])[0], "mean": 99.1234, "sd": 0.05, "seeds": 5}
    assert "corrected" not in table([row, row])
    header, _, *lines = table([{**row, "corrected": 99.6}, row]).splitlines()
    told, not_told = (dict(zip(header.split(" | "), line.split(" | "), strict=True)) for line in lines)
    assert (told["corrected"], told["mean ± sd"]) == ("99.600", "99.123 ± 0.050")
    assert not_told["corrected"] == "-"


def test_the_accuracy_after_label_fixes_is_of_mnist_only(tmp_path, trainings):
    digits = make_digits(name="mnist")
    (row,) = run_study(tmp_path, RECIPES[:1], [0], digits)
    report = read_reports(tmp_path, "linear")[0]
    assert row["corrected"] == 100 * correct_after_label_fixes(report["correct"], report["misclassified"]) / 30
    (other,) = run_study(tmp_path / "tiny", RECIPES[:1], [0], make_digits())
    assert other["corrected"] is None


def test_reports_are_read_by_seed(tiny, tmp_path, trainings):
    run_study(tmp_path, RECIPES[1:], [10, 2], tiny)
    accuracies = [read_run(tmp_path / f"stack_1-seed-{seed}")[1]["accuracy"] for seed in (2, 10)]
    assert [report["accuracy"] for report in read_reports(tmp_path, "stack_1")] == accuracies
    with pytest.raises(InputError, match="must hold runs of stack_2 on one dataset.*Received: 0 runs, on none"):
        read_reports(tmp_path, "stack_2")


def test_an_ablation_is_drawn(tiny, tmp_path):
    rows = [{**row, "recipe": name} for row, name in zip(rows_with(FLAT), ("net", "net-without-warmup"), strict=False)]
    write_study(tmp_path, rows, tiny, is_ablation=True)
    with Image.open(tmp_path / "ablation.png") as picture:
        assert picture.width > 300


@pytest.mark.parametrize(
    ("recipes", "digits", "message"),
    [
        (
            [get_recipe("linear", epochs=3)],
            None,
            "linear-seed-0 already holds a run with other settings: recipe epochs is 2 there and 3",
        ),
        (RECIPES[:1], make_digits(train=100), "with other settings: dataset sha256"),
    ],
)
def test_other_runs_are_not_mixed_in(tiny, tmp_path, trainings, recipes, digits, message):
    run_study(tmp_path, RECIPES[:1], [0], tiny)
    with pytest.raises(InputError, match=message):
        run_study(tmp_path, recipes, [0], digits or tiny)
    # Nor are those of other seeds counted.
    with pytest.raises(InputError, match=message):
        run_study(tmp_path, recipes, [1], digits or tiny)


def test_an_unfinished_training_leaves_nothing(tiny, tmp_path, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(train_run_module, "train", stop)
    with pytest.raises(KeyboardInterrupt):
        run_study(tmp_path / "studies", RECIPES, [0], tiny)
    assert [path.name for path in (tmp_path / "studies").iterdir()] == [".locks"]


def rows_with(medians):
    names = ("recipe", "median", "accuracies", "parameters", "published_accuracy", "mean", "min", "max", "sd")
    values = [
        (f"stack_{n}", value, [value], 10 + n, value, value, value, value, 0.1) for n, value in enumerate(medians)
    ]
    return [dict(zip(names, row, strict=True), seeds=1, epochs=2, seconds=3, corrected=None, runs=[]) for row in values]


FLAT = [92.5, 90.1, 91.2, 91.9, 92.3, 92.6, 92.5, 92.4, 92.4, 92.5, 92.3]


def test_the_stack_has_its_plots_and_its_finding(tiny, trained_run, tmp_path):
    shutil.copytree(trained_run, tmp_path / "stack_10-seed-0")
    text = write_study(tmp_path, rows_with(FLAT), tiny)
    assert "Depth without a nonlinearity does not raise the accuracy" in text
    names = {path.name for path in tmp_path.glob("*.png")}
    stack = {"stack_digits.png", "stack_predictions.png", "stack_accuracy.png", "stack_accuracy_zoom.png"}
    assert names == {"accuracy.png", "parameters.png"} | stack


def test_the_finding_follows_the_figures():
    finding = stack_finding(rows_with(FLAT))
    assert finding.startswith(
        "Depth without a nonlinearity does not raise the accuracy: four hidden layers of 100 units (20 parameters)"
    )
    assert "a difference of -0.20 points" in finding
    assert "5, 6, 7, 8 units reach 90.10, 91.20, 91.90, 92.30 %" in finding
    assert "raises the accuracy here, unexpectedly" in stack_finding(rows_with([*FLAT[:7], 98.0, 98.0, 98.0, 98.0]))
