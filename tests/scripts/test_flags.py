"""Help, errors of flags, and predictions of a TFLite file need no TensorFlow and come at once."""

import dataclasses
import os
import pathlib
import re
import subprocess
import time

import pytest

import mnist_keras
from mnist_keras.recipes import RECIPES
from mnist_keras.recipes.recipe import Recipe

SCRIPTS = ("train", "evaluate", "export", "predict", "study", "compare", "demo", "launch", "benchmark")


@pytest.mark.parametrize("name", SCRIPTS)
def test_help_imports_nothing_heavy(script, name):
    start = time.perf_counter()
    result = script(name, "--help", env={**os.environ, "PYTHONPROFILEIMPORTTIME": "1"})
    seconds = time.perf_counter() - start
    assert result.returncode == 0
    assert f"usage: python scripts/{name}.py" in result.stdout
    imported = {line.split("|")[-1].strip() for line in result.stderr.splitlines()}
    assert "absl.flags" in imported
    assert not imported & {"tensorflow", "keras", "matplotlib", "ai_edge_litert"}
    # Usually 0.2 s; the limit allows for a busy machine.
    assert seconds < 5


def test_a_tflite_file_predicts_without_tensorflow(script, tmp_path):
    for module in ("tensorflow", "keras"):
        (tmp_path / f"{module}.py").write_text("raise ImportError('must not be imported')")
    root = pathlib.Path(__file__).parents[2]
    files = root / "exported" / "cnn_robust" / "mnist.tflite", root / "docs" / "seven.png"
    plot = tmp_path / "predictions.png"
    result = script("predict", *files, f"--plot={plot}", env={**os.environ, "PYTHONPATH": str(tmp_path)})
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines()[1].split()[1] == "7"
    assert plot.is_file()


def test_the_version_is_that_of_the_package(script):
    assert script("train", "--version").stdout == f"mnist_keras {mnist_keras.__version__}\n"


def test_a_closed_output_pipe_prints_no_traceback(command):
    process = subprocess.Popen(command("train", "--help"), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 1
    process.stderr.close()


def test_help_describes_the_common_flags_and_names_the_others(script):
    text = script("train", "--help").stdout
    assert all(name in text for name in RECIPES)
    described = re.findall(r"^  --(?:\[no\])?(\w+): ", text, re.MULTILINE)
    assert described[:4] == ["model", "epochs", "batch_size", "learning_rate"]
    named = re.findall(r"--(\w+)[,\n]", text.partition("\n\nFine-tuning:\n")[2].rpartition("All flags")[0])
    full = script("train", "--helpfull").stdout
    assert "(default: saved_model,float32)" in full
    every = re.findall(r"^  --(?:\[no\])?(\w+): ", full, re.MULTILINE)
    assert sorted(described + named) == sorted(every)
    assert len(set(every)) == len(every) > 40
    assert max(map(len, text.splitlines())) <= 120


def test_help_of_a_script_with_few_flags_describes_all(script):
    texts = [script("evaluate", flag).stdout for flag in ("--help", "--helpfull")]
    assert texts[0] == texts[1]
    assert "--require_accuracy: " in texts[0]


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("train", ["--model=resnet"], "No recipe has this name. Received: 'resnet'. There are: linear, mlp, cnn"),
        ("train", ["--learning_rate=-1"], "learning_rate must be a positive number. Received: learning_rate=-1.0"),
        ("train", ["--epochs=many"], "flag --epochs=many"),
        ("train", ["--epochs=0"], "epochs must be a whole number from 1"),
        ("train", ["--seed=-1"], "flag --seed=-1"),
        ("train", ["--strategy=none"], "auto|one_device|mirrored"),
        ("train", ["--rotation=3"], "Unknown command line flag 'rotation'. Did you mean: augmentation ?"),
        ("train", ["--lr=0.1"], "Unknown command line flag 'lr'. Did you mean: learning_rate ?"),
        ("demo", ["--lr=0.1"], "Unknown command line flag 'lr'\n"),
        ("train", ["--augmentation=rotation:3"], "expected name=value pairs as in 'rotation=15,shift=.1'"),
        ("train", ["--augmentation=__import__('os')"], "expected name=value pairs"),
        ("train", ["--augmentation=rotation=open('x')"], "expected name=value pairs"),
        ("train", ["--augmentation=spin=3"], "augmentation has no field 'spin'"),
        ("train", ["cnn"], "expected no arguments, received: cnn"),
        ("train", ["--model=cnn", "--weight_decay=.1"], "weight_decay must be 0 unless optimizer is adamw"),
        ("study", ["--recipes=cnn,mlp", "--ablate"], "expected one recipe in --recipes. Received: cnn, mlp"),
        ("compare", ["studies", "cnn"], "expected STUDY RECIPE OTHER, received: studies cnn"),
        ("evaluate", ["--tta", "--pictures=here", "model"], "flag --tta: it applies to the test images"),
        ("evaluate", ["--robustness", "--pictures=here", "model"], "flag --robustness: it applies to the test images"),
        ("evaluate", ["--plot=here.png", "model"], "flag --plot: it needs --robustness"),
        ("evaluate", [], "expected MODEL, received: none"),
        ("evaluate", ["a", "b"], "expected MODEL, received: a b"),
        ("evaluate", ["a", "--require_accuracy=101"], "flag --require_accuracy=101"),
        ("predict", ["model"], "expected MODEL IMAGE..., received: model"),
        ("study", ["--recipes=cnn,vgg"], "flag --recipes: No recipe has this name. Received: 'vgg'"),
        (
            "study",
            ["--seeds=one"],
            "flag --seeds: expected whole numbers up to 4294967295, as in 0,1,2. Received: 'one'",
        ),
        ("study", ["--seeds=4294967296"], "flag --seeds: expected whole numbers up to 4294967295"),
        ("train", ["--seed=4294967296"], "flag --seed=4294967296"),
        ("train", ["--epochs=1000000000000"], "epochs must be a whole number from 1 to 1,000,000. Received"),
        ("train", ["--synthetic_examples=1000000000"], "synthetic_examples must be a whole number from 0 to 1,000,000"),
        ("train", ["--threads=100000"], "flag --threads=100000"),
        ("train", ["--network_options=x=" + "[" * 20000 + "]" * 20000], "expected name=value pairs"),
        ("demo", ["--port=80x"], "flag --port=80x"),
        ("demo", ["--port=99999"], "flag --port=99999"),
    ],
)
def test_wrong_flags_exit_with_2(script, name, arguments, message):
    result = script(name, *arguments)
    assert result.returncode == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert not result.stdout


def test_every_field_of_a_recipe_is_a_flag(script):
    text = script("train", "--helpfull").stdout
    names = {field.name for field in dataclasses.fields(Recipe)} - {"name", "summary", "published_accuracy"}
    assert {name for name in names if f"--{name}:" not in text and f"--[no]{name}:" not in text} == set()
