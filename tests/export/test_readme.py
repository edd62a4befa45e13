import json
import pathlib
import re
import shutil
import subprocess

import ai_edge_litert
import numpy as np
import pytest
import yaml

from mnist_keras.export.readme import describe_export
from mnist_keras.files import project_folder

EXPORTED = project_folder("exported")
SHIPPED = ("accurate", "cnn_augmented", "cnn_robust", "compact_10k", "compact_1k", "compact_6k", "ensemble")
CARD = json.loads((EXPORTED / "cnn_augmented" / "card.json").read_text())


@pytest.mark.parametrize("name", SHIPPED)
def test_the_page_of_a_shipped_export_is_rendered_from_its_card(name):
    card = json.loads((EXPORTED / name / "card.json").read_text())
    assert describe_export(card) == (EXPORTED / name / "README.md").read_text(encoding="utf-8")


def front_matter(card):
    return yaml.safe_load(describe_export(card).split("---\n")[1])


@pytest.mark.parametrize("name", SHIPPED)
def test_the_front_matter_has_the_measured_accuracy(name):
    card = json.loads((EXPORTED / name / "card.json").read_text())
    matter = front_matter(card)
    assert (matter["license"], matter["library_name"]) == ("apache-2.0", "litert")
    assert matter["pipeline_tag"] == "image-classification"
    assert matter["datasets"] == ["ylecun/mnist"] and matter["metrics"] == ["accuracy"]
    assert ("onnx" in matter["tags"]) == (name == "cnn_augmented")
    [model] = matter["model-index"]
    [result] = model["results"]
    assert model["name"] == name
    assert result["dataset"] == {"name": "mnist", "type": "ylecun/mnist", "split": "test"}
    assert [metric["value"] for metric in result["metrics"]] == [card["figures"]["correct"] / 10_000]


def test_the_front_matter_of_other_data_claims_no_license_and_no_mnist():
    card = {
        **CARD,
        "dataset": {**CARD["dataset"], "name": "it's: mine"},
        "files": {"saved_model": CARD["files"]["saved_model"]},
    }
    matter = front_matter(card)
    assert matter["license"] == "unknown"
    assert not {"datasets", "library_name"} & set(matter)
    assert matter["model-index"][0]["results"][0]["dataset"] == {"name": "it's: mine", "type": "it's: mine"}


def test_the_front_matter_of_validation_images_names_no_split_of_mnist():
    card = {**CARD, "dataset": {**CARD["dataset"], "name": "mnist-validation-5000"}}
    matter = front_matter(card)
    assert matter["datasets"] == ["ylecun/mnist"]
    assert "split" not in matter["model-index"][0]["results"][0]["dataset"]


@pytest.mark.parametrize(
    ("files", "shown"),
    [
        (["mnist_float16.tflite", "mnist.tflite"], "mnist_float16.tflite"),
        (["mnist_uint8_io.tflite", "mnist_picture.tflite", "mnist_int8.tflite"], "mnist_int8.tflite"),
        (["mnist_uint8_io.tflite"], None),
        (["saved_model"], None),
    ],
)
def test_the_litert_code_loads_an_exported_file(files, shown):
    page = describe_export({**CARD, "files": {name: CARD["files"][name] for name in files}})
    assert ("val interpreter" in page) == (shown is not None)
    assert (f'Interpreter("{shown}")' in page) == (shown is not None)
    assert ("mnist.tflite" in page) == ("mnist.tflite" in files)


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
def test_the_c_code_of_the_page_runs(tmp_path):
    export = project_folder("exported") / "cnn_robust"
    code = re.search(r"```c\n(.*?)```", (export / "README.md").read_text(), re.DOTALL)[1]
    (tmp_path / "main.c").write_text(
        '#include <stdio.h>\n#include <string.h>\n#include "litert.h"\nint main(void) {\n'
        "static float pixels[784], probabilities[10];\n"
        'for (int i = 0; i < 784; i++) if (scanf("%f", pixels + i) != 1) return 1;\n'
        f'{code}\nfor (int i = 0; i < 10; i++) printf("%.9g ", probabilities[i]);\nreturn 0;\n}}\n'
    )
    library = pathlib.Path(ai_edge_litert.__file__).parent / "libLiteRt.so"
    declarations = f"-I{pathlib.Path(__file__).parent}"
    command = ["gcc", "-Wall", "-Wextra", "-Werror", declarations, tmp_path / "main.c", library]
    subprocess.run([*command, f"-Wl,-rpath,{library.parent}", "-o", tmp_path / "main"], check=True)
    for vector in json.loads((export / "golden.json").read_text())["vectors"][:3]:
        numbers = " ".join(map(str, vector["pixels"]))
        options = dict(input=numbers, capture_output=True, text=True, check=True, cwd=export)
        received = subprocess.run([tmp_path / "main"], **options).stdout.split()
        np.testing.assert_allclose(np.array(received, float), vector["probabilities"], atol=1e-5)
