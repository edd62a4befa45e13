"""explain.py and the figures of train.py: what they print and write, and one message for what they refuse."""

import json
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]


def test_help_does_not_import_tensorflow():
    code = (
        "import runpy, sys\n"
        "sys.path.insert(0, sys.argv[1].rpartition('/')[0])\n"
        "sys.argv = sys.argv[1:]\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')\n"
        "print(sorted({'tensorflow', 'sklearn'} & set(sys.modules)))\n"
    )
    line = [sys.executable, "-c", code, str(ROOT / "scripts" / "explain.py"), "--help"]
    output = subprocess.run(line, capture_output=True, text=True, check=True).stdout
    assert "usage: python scripts/explain.py [--flag=value ...] MODEL [IMAGE...]" in output
    assert output.endswith("\n[]\n")


def test_an_image_and_a_test_set_are_explained(script, trained_run, data_flags, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"no image")
    images = [ROOT / "docs" / "seven.png", "broken.png"]
    files = ["--plot=explanation.png", "--map=map.png"]
    result = script("explain", trained_run, *images, *files, *data_flags)
    assert result.returncode == 1
    assert "broken.png" in result.stderr
    first, file, *lines = result.stdout.splitlines()
    assert first.startswith("map.png: 30 test images of tiny, ")
    assert file.endswith("docs/seven.png")
    names = [line.strip().split("  ")[0] for line in lines]
    assert names[:3] == ["prediction", "integrated gradients", "most similar"]
    assert names[3].startswith("change to ")
    assert lines[2].endswith("among 120 training images of tiny")
    assert all((tmp_path / name).read_bytes().startswith(b"\x89PNG") for name in ("explanation.png", "map.png"))


@pytest.mark.slow
def test_json_has_the_values_of_all_pixels(script, trained_run, data_flags):
    result = script("explain", trained_run, ROOT / "docs" / "seven.png", "--json", "--train_images=20", *data_flags)
    assert result.returncode == 0, result.stderr
    [content] = json.loads(result.stdout)
    assert len(content["nearest_training_images"]) == 5
    assert len(content["occlusion"]["pixels"]) == 28


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["compact_1k"], 2, "expected MODEL IMAGE..., or MODEL and --map. Received: no image"),
        (["compact_1k", "--map=a.png", "--plot=b.png"], 2, "flag --plot: it needs an IMAGE"),
        (["cnn_rowboat", "a.png"], 1, "explain.py: There is no such file or folder: cnn_rowboat"),
        ([ROOT / "exported/compact_1k/mnist.tflite", "a.png"], 1, "needs the gradients of a Keras model"),
    ],
)
def test_what_cannot_be_explained_ends_in_one_message(script, tmp_path, arguments, status, message):
    result = script("explain", *arguments)
    assert result.returncode == status
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_learning_rate_range_test_writes_its_figure_alone(script, data_flags, tmp_path):
    result = script("train", "--model=linear", "--batch_size=20", "--find_learning_rate", *data_flags)
    assert result.returncode == 0, result.stderr
    assert "steps                     200, on the training set alone" in result.stdout
    assert "(the recipe's: 1)" in result.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["learning_rate.png"]


@pytest.mark.slow
def test_the_kernels_of_a_run_are_drawn_once(script, data_flags, tmp_path):
    common = ["train", "--model=linear", "--epochs=2", "--run_name=run", "--export_dir=", "--plot_kernels=k.png"]
    result = script(*common, *data_flags)
    assert result.returncode == 0, result.stderr
    assert "kernels        k.png" in result.stdout
    assert (tmp_path / "k.png").exists()
    assert "k.png" not in (tmp_path / "runs" / "run" / "config.json").read_text()
    again = script(*common, *data_flags)
    assert "k.png is not drawn: the run is complete and was not trained again" in again.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--find_learning_rate", "--strategy=mirrored"], "flag --strategy: --find_learning_rate trains on one device"),
        (["--find_learning_rate", "--plot_kernels=k.png"], "flag --plot_kernels: --find_learning_rate trains no epoch"),
        (["--find_learning_rate", "--tracking=mlflow"], "flag --tracking: --find_learning_rate saves no run"),
        (["--model=ensemble", "--plot_kernels=k.png"], "flag --plot_kernels: an ensemble has several first layers"),
    ],
)
def test_figures_that_cannot_be_drawn_are_refused(script, tmp_path, arguments, message):
    result = script("train", *arguments)
    assert result.returncode == 2
    assert message in result.stderr
    assert list(tmp_path.iterdir()) == []
