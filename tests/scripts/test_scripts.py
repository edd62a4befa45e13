"""Scripts from training to prediction, and their messages for invalid input."""

import json
import pathlib
import re
import resource

import pytest
from pictures import DIGITS, as_picture, ink_of, page
from PIL import Image

# Predictions of a TFLite file need no TensorFlow, whose import takes seconds.
SHIPPED = pathlib.Path(__file__).parents[2] / "exported" / "cnn_augmented" / "mnist.tflite"


def listing(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def failed(result, message):
    assert result.returncode == 1, result.stderr
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_train_evaluate_and_export(script, data_flags, tmp_path):
    flags = ["--model=linear", "--epochs=20", "--run_name=first", "--seed=3", "--formats=float32"]
    result = script("train", *flags, "--tensorboard=logs", "--strategy=mirrored", *data_flags)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    assert "tiny: 120 training and 30 test images" in result.stdout
    assert "Trainable params: 7,850" in result.stdout
    assert len([line for line in result.stdout.splitlines() if line.startswith("epoch")]) == 20
    assert re.search(r"trained in \d+\.\d s, peak memory \d\.\d\d GB", result.stdout)
    assert "test accuracy  100.00%  (30/30 correct, loss 0." in result.stdout
    assert "run            runs/first" in result.stdout
    assert "export         exported/linear" in result.stdout
    assert listing(tmp_path) == ["exported", "logs", "runs"]
    assert listing(tmp_path / "logs" / "first") == ["train", "validation"]
    described = ["README.md", "card.json", "golden.json", "golden.png", "labels.txt"]
    assert listing(tmp_path / "exported" / "linear") == [*described, "mnist.tflite"]
    config = json.loads((tmp_path / "runs" / "first" / "config.json").read_text())
    assert config["seed"] == 3
    assert config["flags"] == {
        "dataset": "folder",
        "epochs": 20,
        "formats": ["float32"],
        "model": "linear",
        "run_name": "first",
        "seed": 3,
        "strategy": "mirrored",
    }
    # What is made to be shared says how the model was made, not where.
    for shared in ("runs/first/report.html", "runs/first/config.json", "exported/linear/card.json"):
        text = (tmp_path / shared).read_text()
        assert not any(place in text for place in (str(tmp_path), data_flags[1], "data_dir", "tensorboard"))

    for model, *options in (("runs/first", "--tta"), ("exported/linear/mnist.tflite",)):
        result = script("evaluate", model, *options, "--require_accuracy=95", "--json=report.json", *data_flags)
        assert result.returncode == 0, result.stderr
        assert ("on tiny, 18 transformed copies of each image" in result.stdout) == bool(options)
        assert "30/30" in result.stdout
        assert "confusion" in result.stdout
        assert json.loads((tmp_path / "report.json").read_text())["correct"] == 30

    result = script("export", "runs/first", "--output=other", "--formats=float16,int8_io", *data_flags)
    assert result.returncode == 0, result.stderr
    lines = [line.split() for line in result.stdout.splitlines()]
    assert [line[0] for line in lines[1:3]] == ["mnist_float16.tflite", "mnist_int8_io.tflite"]
    assert "30/30" in result.stdout
    assert script("export", "runs/first", "--formats=float64").returncode == 2

    message = "runs/first already holds a run with other settings: recipe name is 'linear' there and 'cnn' now"
    failed(script("train", "--run_name=first", *data_flags), message)


def test_predict_and_evaluate_image_files(script, tmp_path):
    (tmp_path / "album").mkdir()
    (tmp_path / "empty").mkdir()
    for label, number in ((5, 0), (4, 2)):
        Image.fromarray(as_picture(page(ink_of(DIGITS[number], 110)))).save(tmp_path / "album" / f"{label}.png")
    result = script("predict", SHIPPED, "album", "album/4.png", "--save_inputs=inputs", "--plot=figure.png")
    assert result.returncode == 0, result.stderr
    header, *lines = [line.split() for line in result.stdout.splitlines()]
    assert header[:2] == ["file", "digit"]
    assert [line[:2] for line in lines] == [["album/4.png", "4"], ["album/5.png", "5"], ["album/4.png", "4"]]
    assert listing(tmp_path / "inputs") == ["0001-4.png", "0002-5.png", "0003-4.png"]
    assert Image.open(tmp_path / "figure.png").size[0] > 500
    mixed = script("predict", SHIPPED, "album/4.png", "empty", "none.png", "album/5.png", "--json")
    failed(mixed, "empty contains no images")
    assert "There is no such file: none.png" in mixed.stderr
    assert [prediction["digit"] for prediction in json.loads(mixed.stdout)] == [4, 5]
    result = script("evaluate", SHIPPED, "--pictures=album", "--require_accuracy=99", "--plot=errors.png")
    assert result.returncode == 0, result.stderr
    assert "2/2" in result.stdout
    assert "coverage (without warning)    100.00%" in result.stdout
    assert Image.open(tmp_path / "errors.png").size[0] > 400
    with (tmp_path / "album" / "4.png").open("rb") as image:
        photo = script("predict", SHIPPED, "-", "--json", stdin=image)
    assert [prediction["digit"] for prediction in json.loads(photo.stdout)] == [4]


def test_evaluate_below_the_required_accuracy_fails(script, data_flags):
    result = script("evaluate", SHIPPED, "--require_accuracy=100", *data_flags)
    failed(result, "the test accuracy is too low. Expected: at least 100 %. Received: ")


def test_evaluate_prints_calibration_and_robustness(script, data_flags, tmp_path):
    options = ("--calibration", "--robustness", "--plot=robustness.png", "--json=report.json")
    result = script("evaluate", SHIPPED, *options, *data_flags)
    assert result.returncode == 0, result.stderr
    assert "minimum confidence  coverage  selective accuracy  accuracy below" in result.stdout
    assert re.search(r"^best temperature   \d+\.\d{3}  \(above 1: overconfident", result.stdout, re.MULTILINE)
    report = json.loads((tmp_path / "report.json").read_text())
    assert [row["threshold"] for row in report["calibration"]["selective_accuracy"]] == [0.5, 0.6, 0.7, 0.8, 0.9, 0.95]
    table = result.stdout.partition("corruption  test accuracy\n")[2].splitlines()
    assert {line.split()[0]: line.split()[1] for line in table} == {
        name: f"{accuracy:.2%}" for name, accuracy in report["corruption_accuracy"].items()
    }
    assert (tmp_path / "robustness.png").is_file()


def test_a_study_and_a_comparison(script, data_flags, tmp_path):
    flags = ["--recipes=stack_0", "--ablate", "--warmup_fraction=.5", "--epochs=2", "--seeds=1", "--output=out"]
    result = script("study", *flags, "--validation=50", *data_flags)
    assert result.returncode == 0, result.stderr
    # The published accuracy is that of another dataset.
    assert "\n| recipe | parameters | median |" in result.stdout
    assert "\n| `stack_0` | 7,850 | " in result.stdout
    assert "| `stack_0-without-warmup_fraction` | 7,850 |" in result.stdout
    config = json.loads((tmp_path / "out" / "stack_0-seed-1" / "config.json").read_text())
    assert config["dataset"]["name"] == "tiny-validation-50"
    assert (config["dataset"]["train_examples"], config["dataset"]["test_examples"]) == (70, 50)
    runs = ["stack_0-seed-1", "stack_0-without-warmup_fraction-seed-1"]
    figures = ["ablation.png", "accuracy.png", "parameters.png"]
    assert listing(tmp_path / "out") == sorted([".locks", *figures, "report.html", *runs, "table.csv", "table.md"])

    result = script("compare", "out", "stack_0", "stack_0-without-warmup_fraction")
    assert result.returncode == 0, result.stderr
    names = [line.split()[0] for line in result.stdout.splitlines()]
    assert names == ["stack_0", "stack_0-without-warmup_fraction", "difference", "p-value"]
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
def test_invalid_input_of_train_leaves_no_files(script, data_flags, tmp_path, arguments, message):
    failed(script("train", *data_flags, *arguments), message)
    assert listing(tmp_path / "runs") == []
    assert listing(tmp_path / "exported") == []


def test_synthetic_digits_are_left_out_on_other_datasets_unless_requested(script, data_flags):
    for model, flags, expected in (
        ("cnn_robust", [], True),
        ("cnn_robust", ["--synthetic_examples=100"], False),
        ("cnn", [], False),
    ):
        result = script("train", f"--model={model}", "--runs_dir=/proc/runs", *flags, *data_flags)
        failed(result, "/proc/runs")
        text = "cnn_robust: its 12,000 synthetic digits are left out on tiny. If the classes of tiny are the digits"
        assert (text in result.stdout) == expected


def test_a_full_disk_leaves_no_incomplete_files(script, data_flags, tmp_path):
    # A limit on the size of files simulates a full disk.
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))  # noqa: E731
    result = script("train", "--model=linear", "--epochs=1", *data_flags, preexec_fn=limit)
    failed(result, "File too large")
    assert listing(tmp_path / "runs") == []
    assert listing(tmp_path / "exported") == []
