"""The whole path as a user walks it, and what stands in its way."""

import json
import pathlib
import re
import resource

import pytest
from pictures import DIGITS, as_picture, ink_of, page
from PIL import Image

ROOT = pathlib.Path(__file__).parents[2]


def listing(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def failed(result, message):
    assert result.returncode == 1, result.stderr
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_train_evaluate_export_predict(script, data_flags, tiny, tmp_path):
    flags = [
        "--model=linear",
        "--epochs=20",
        "--run_name=first",
        "--seed=3",
        "--tensorboard=logs",
        "--strategy=mirrored",
    ]
    result = script("train", *flags, *data_flags)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    assert "tiny: 120 training and 30 test images" in result.stdout
    assert "Trainable params: 7,850" in result.stdout
    assert len([line for line in result.stdout.splitlines() if line.startswith("epoch")]) == 20
    assert re.search(r"trained in \d+ s, with at most \d\.\d\d GB of memory", result.stdout)
    assert "run            runs/first" in result.stdout
    assert "export         exported/linear" in result.stdout
    assert listing(tmp_path) == ["exported", "logs", "runs"]
    assert listing(tmp_path / "logs" / "first") == ["train", "validation"]
    described = ["README.md", "card.json", "golden.json", "golden.png", "labels.txt"]
    assert listing(tmp_path / "exported" / "linear") == [*described, "mnist.tflite", "saved_model"]
    config = json.loads((tmp_path / "runs" / "first" / "config.json").read_text())
    assert config["seed"] == 3
    assert config["flags"]["epochs"] == 20

    for model in ("runs/first", "exported/linear/mnist.tflite"):
        result = script("evaluate", model, "--require_accuracy=95", "--json=report.json", *data_flags)
        assert result.returncode == 0, result.stderr
        assert "accuracy           30/30  100.00%" in result.stdout
        assert "confusion (rows: label, columns: prediction)" in result.stdout
    assert json.loads((tmp_path / "report.json").read_text())["correct"] == 30

    result = script("export", "runs/first", "--output=elsewhere", "--formats=float16,int8_io", *data_flags)
    assert result.returncode == 0, result.stderr
    lines = [line.split() for line in result.stdout.splitlines()]
    assert [line[0] for line in lines[1:3]] == ["mnist_float16.tflite", "mnist_int8_io.tflite"]
    assert "30/30" in result.stdout
    assert script("export", "runs/first", "--formats=float64").returncode == 2

    message = "runs/first exists already and was trained otherwise: recipe name is 'linear' there and 'cnn' now"
    failed(script("train", "--run_name=first", *data_flags), message)


def test_own_pictures(script, tmp_path):
    shipped = ROOT / "exported" / "cnn_augmented"
    (tmp_path / "album").mkdir()
    (tmp_path / "nothing").mkdir()
    for label, number in ((5, 0), (4, 2)):
        Image.fromarray(as_picture(page(ink_of(DIGITS[number], 110)))).save(tmp_path / "album" / f"{label}.png")
    result = script("predict", shipped, "album", "album/4.png", "--save_inputs=seen", "--plot=read.png")
    assert result.returncode == 0, result.stderr
    header, *lines = [line.split() for line in result.stdout.splitlines()]
    assert header[:2] == ["file", "digit"]
    assert [line[:2] for line in lines] == [["album/4.png", "4"], ["album/5.png", "5"], ["album/4.png", "4"]]
    assert sorted(path.name for path in (tmp_path / "seen").iterdir()) == ["0001-4.png", "0002-5.png", "0003-4.png"]
    assert Image.open(tmp_path / "read.png").size[0] > 500
    mixed = script("predict", shipped, "album/4.png", "nothing", "none.png", "album/5.png", "--json")
    failed(mixed, "nothing is a folder without pictures")
    assert "There is no such file: none.png" in mixed.stderr
    assert [reading["digit"] for reading in json.loads(mixed.stdout)] == [4, 5]
    scored = script("evaluate", shipped, "--pictures=album", "--require_accuracy=99")
    assert scored.returncode == 0, scored.stderr
    assert "2/2" in scored.stdout


def test_a_model_below_the_bar_fails(script, trained_run):
    result = script("evaluate", trained_run, "--require_accuracy=100", "--dataset=sample")
    failed(result, "the accuracy is below the bar. Expected: at least 100 %. Received: ")


def test_a_study_and_a_comparison(script, data_flags, tmp_path):
    flags = ["--recipes=stack_0", "--ablate", "--warmup_fraction=.5", "--epochs=2", "--seeds=1", "--output=out"]
    result = script("study", *flags, "--validation=50", *data_flags)
    assert result.returncode == 0, result.stderr
    assert "| `stack_0` | 7,850 | 92.50 |" in result.stdout
    assert "| `stack_0-without-warmup` | 7,850 |" in result.stdout
    config = json.loads((tmp_path / "out" / "stack_0-seed-1" / "config.json").read_text())
    assert config["dataset"]["name"] == "tiny-validation-50"
    assert (config["dataset"]["train_examples"], config["dataset"]["test_examples"]) == (70, 50)
    runs = ["stack_0-seed-1", "stack_0-without-warmup-seed-1"]
    figures = ["ablation.png", "accuracy.png", "parameters.png"]
    assert listing(tmp_path / "out") == sorted([*figures, "report.html", *runs, "table.csv", "table.md"])

    result = script("compare", "out", "stack_0", "stack_0-without-warmup")
    assert result.returncode == 0, result.stderr
    names = [line.split()[0] for line in result.stdout.splitlines()]
    assert names == ["stack_0", "stack_0-without-warmup", "difference", "p"]
    failed(script("compare", "out", "stack_0", "cnn"), "out must hold runs of cnn on one dataset")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--dataset=folder", "--data_dir=nowhere"], "There is no such folder: nowhere"),
        (["--dataset=folder", "--data_dir=/proc/self/task"], "/proc/self/task must hold train-images-idx3-ubyte"),
        (["--runs_dir=/proc/runs"], "/proc/runs"),
        (["--export_dir=/proc/exports"], "/proc/exports"),
        (["--validation=125"], "validation must be a multiple of ten"),
        (["--device=gpu"], "TensorFlow sees no GPU"),
    ],
)
def test_train_refuses_and_leaves_nothing(script, data_flags, tmp_path, arguments, message):
    failed(script("train", *data_flags, *arguments), message)
    assert listing(tmp_path / "runs") == []
    assert listing(tmp_path / "exported") == []


def test_a_full_disk_leaves_nothing_half_written(script, data_flags, tmp_path):
    # A limit on the size of files stands for a full disk.
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))  # noqa: E731
    result = script("train", "--model=linear", "--epochs=1", *data_flags, preexec_fn=limit)
    failed(result, "File too large")
    assert listing(tmp_path / "runs") == []
    assert listing(tmp_path / "exported") == []


def test_views_are_averaged(script, data_flags, trained_run):
    result = script("evaluate", trained_run, "--views", *data_flags)
    assert result.returncode == 0, result.stderr
    assert "on tiny, 18 views of each image" in result.stdout
