"""Every command that takes a model, with every format."""

import json
import os
import re
import subprocess
import sys

import pytest
from pictures import DIGITS, as_picture, ink_of, page
from PIL import Image

from mnist_keras.data.archives import write_idx
from mnist_keras.export.formats import FORMATS
from mnist_keras.files import project_folder

pytestmark = pytest.mark.slow
SCRIPTS = project_folder("scripts")
# Runs a script for each model and command line in one process, because the import of TensorFlow takes seconds.
RUN_SCRIPT = """
import importlib, json, sys
from absl import flags
script, models, lines = sys.argv[1], *map(json.loads, sys.argv[2:])
module = importlib.import_module(script)
for model in models:
    for line in lines:
        print("=====", model)
        # Without it, flags of the line before would stay.
        flags.FLAGS.unparse_flags()
        for flag in flags.FLAGS.get_key_flags_for_module(module):
            flag.unparse()
        module.main(flags.FLAGS([script, model, *line])[1:])
"""


@pytest.fixture(scope="module")
def models(trained_run, tiny, tmp_path_factory):
    """A file of each format, and a run."""
    pytest.importorskip("onnxruntime")
    shipped = {
        name: next(iter(sorted(project_folder("exported").glob(f"*/{kind.file}"))), None)
        for name, kind in FORMATS.items()
    }
    from mnist_keras.export.export import export_run

    missing = [name for name, path in shipped.items() if path is None]
    folder = tmp_path_factory.mktemp("formats") / "linear"
    export_run(trained_run, folder, tiny, missing)
    paths = [shipped[name] or folder / kind.file for name, kind in FORMATS.items()]
    return [str(path) for path in (*paths, trained_run)]


@pytest.fixture(scope="module")
def album(tmp_path_factory):
    folder = tmp_path_factory.mktemp("album")
    for label, number in ((5, 0), (4, 2), (2, 3)):
        Image.fromarray(as_picture(page(ink_of(DIGITS[number], 110)))).save(folder / f"{label}.png")
    return folder


def run(script, models, folder, *lines):
    """Returns, for each of the command lines, the output for each model."""
    command = [sys.executable, "-c", RUN_SCRIPT, script, json.dumps(models), json.dumps(lines)]
    environment = {**os.environ, "PYTHONPATH": str(SCRIPTS)}
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    outputs = result.stdout.split("===== ")[1:]
    assert len(outputs) == len(models) * len(lines)
    return [outputs[index :: len(lines)] for index in range(len(lines))]


def test_evaluate(models, album, tiny, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    for part, name in (("train", "train"), ("test", "t10k")):
        for kind in ("images", "labels"):
            array = getattr(tiny, f"{part}_{kind}")[:4]
            write_idx(data / f"{name}-{kind}-idx{array.ndim}-ubyte", array)
    from_folder = ["--dataset=folder", f"--data_dir={data}"]
    everything = ["--calibration", "--robustness", "--plot=figure.png", "--json=report.json", *from_folder]
    on_images, with_tta, on_files = run(
        "evaluate", models, tmp_path, everything, ["--tta", *from_folder], [f"--pictures={album}", "--json=files.json"]
    )
    for output in on_images:
        assert re.search("accuracy  .*/4  .*confusion.*best temperature.*occlusion", output, re.DOTALL)
    assert all("18 transformed copies" in output and "/4  " in output for output in with_tta)
    assert all("/3  " in output and "transformed" not in output for output in on_files)


def test_predict(models, album, tmp_path):
    line = [str(album), "--all_digits", "--json", "--plot=figure.png", "--save_inputs=inputs"]
    as_json, as_table = run("predict", models, tmp_path, line, [str(album)])
    for output in as_json:
        model, _, predictions = output.partition("\n")
        texts = [number["text"] for number in json.loads(predictions)]
        assert [len(text) for text in texts] == [1, 1, 1]
        assert texts == ["2", "4", "5"] or "linear" in model
    assert all(output.count(".png") == 3 for output in as_table)
