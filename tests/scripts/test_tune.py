"""tune.py: its help, what it refuses before a trial, and the command that it prints for the best recipe."""

import pathlib
import signal
import subprocess
import sys

import pytest

SCRIPTS = pathlib.Path(__file__).parents[2] / "scripts"
SCRIPT = SCRIPTS / "tune.py"
RUN = (
    "import runpy, sys\n"
    "sys.argv = sys.argv[1:]\n"
    "sys.path.insert(0, sys.argv[0].rpartition('/')[0])\n"
    "{before}\n"
    "runpy.run_path(sys.argv[0], run_name='__main__')\n"
    "print(sorted({{'ray', 'optuna', 'tensorflow'}} & set(sys.modules)))\n"
)


def run_in_python(before, *arguments):
    line = [sys.executable, "-c", RUN.format(before=before), SCRIPT, *arguments]
    return subprocess.run(line, capture_output=True, text=True, check=False)


def test_help_imports_neither_ray_nor_tensorflow():
    output = run_in_python("", "--helpfull").stdout
    assert "usage: python scripts/tune.py [--flag=value ...]" in output
    assert "0: 5,000, or a tenth" in output
    assert output.endswith("\n[]\n")


@pytest.mark.parametrize(("missing", "name"), [("ray", "Ray"), ("optuna", "optuna")])
def test_without_a_library_one_message_says_what_to_install(missing, name):
    pytest.importorskip("ray")
    result = run_in_python(f"sys.modules['{missing}'] = None")
    assert result.returncode == 1
    assert result.stderr == f"tune.py: This needs {name}, which is not installed. Run: pip install -e '.[ray]'\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--space=learning_rate=fast"], "flag --space: A search space is FIELD=log(LOW,HIGH), "),
        (["--space="], "flag --space: A search space is FIELD=log(LOW,HIGH), "),
        (["--space=label_smoothing=uniform(0,1)"], "flag --space: The search space contains an invalid recipe, with"),
        (["--space=epochs=integer(1,3)", "--epochs=2"], "flag --space: epochs varies and is fixed by --epochs"),
        (["--model=cnn_rowboat"], "No recipe has this name"),
        (["--strategy=mirrored"], "flag --strategy: each trial trains on one device"),
        (["--trials=0"], "trials"),
    ],
)
def test_wrong_flags_end_in_one_message_before_ray_starts(script, tmp_path, arguments, message):
    pytest.importorskip("ray")
    result = script("tune", *arguments)
    assert result.returncode == 2
    assert message in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_printed_flags_give_the_best_recipe():
    code = (
        "import dataclasses, json, sys\n"
        "from tune import FLAGS, recipe_flags, recipe_from_flags\n"
        "from mnist_keras.recipes.registry import change_recipe\n"
        "from mnist_keras.recipes import get_recipe\n"
        "name, changes = sys.argv[1], eval(sys.argv[2])\n"
        "recipe = change_recipe(get_recipe(name), changes)\n"
        "FLAGS(['tune.py', *recipe_flags(recipe)])\n"
        "assert recipe_from_flags(name) == recipe, recipe_flags(recipe)\n"
    )
    for name, changes in CHANGES:
        line = [sys.executable, "-c", code, name, repr(changes)]
        result = subprocess.run(line, cwd=SCRIPTS, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr


CHANGES = [
    ("cnn", {}),
    ("cnn", {"learning_rate": 0.001235, "batch_size": 64, "optimizer": "adamw", "weight_decay": 1e-05}),
    ("cnn", {"augmentation": {"rotation": 7.5, "scale": (0.8, 1.2)}, "network_options": {"dense_units": 48}}),
    ("compact_1k", {"augmentation": {"rotation": 0.0}, "network_options": {"dropout": 0.25}, "epochs": 3}),
    ("compact_1k", {"augmentation": None}),
]


@pytest.mark.slow
@pytest.mark.long
def test_a_stopped_search_resumes(command, data_flags, tmp_path):
    pytest.importorskip("ray")
    line = command("tune", "--model=linear", "--epochs=2", "--trials=4", "--workers=1", "--output=out", *data_flags)
    with subprocess.Popen(line, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        seen = [process.stdout.readline() for _ in range(3)]
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 75
        assert process.stderr.read().strip() == "tune.py: stopped. The same command resumes out."
    assert seen[2].startswith("[1 of 4] trial 1, 2 of 2 epochs: finished, validation accuracy ")
    result = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert "] trial 1, " not in result.stdout
    assert "\npython " in result.stdout and "--recipes=linear --seeds=1,2,3 --validation=10" in result.stdout
    assert len((tmp_path / "out" / "table.csv").read_text().splitlines()) == 5
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        *("lock", "search.json", "table.csv", "table.md", "trials.png", "best_recipe.json")
    }
