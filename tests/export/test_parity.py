import shutil

import numpy as np
import pytest

from mnist_keras.errors import InputError
from mnist_keras.export.parity import check_parity
from mnist_keras.inference.predictor import load_predictor


@pytest.fixture(scope="module")
def expected(trained_run, tiny):
    return load_predictor(trained_run).predict(tiny.test_images)


def test_files_are_compared_in_a_fresh_process(export, tiny, expected):
    parity = check_parity(export, tiny.test_images, tiny.test_labels, {"saved_model": expected, "float32": expected})
    assert list(parity) == ["saved_model", "float32"]
    for figures in parity.values():
        assert figures.classes_agreeing == figures.correct == figures.examples == 30
        assert figures.largest_difference <= 1e-5
        assert figures.microseconds > 0
    assert parity["float32"].bytes == (export / "mnist.tflite").stat().st_size
    assert parity["saved_model"].bytes > 30000


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda right: right + 1e-4, "30 of 30 classes agree, .* differ by 0.0001, expected at most 1e-05"),
        (lambda right: right[:, ::-1], "0 of 30 classes agree, expected at least 100%"),
        (lambda right: right * np.nan, "differ by nan"),
    ],
)
def test_a_file_that_answers_otherwise(export, tiny, expected, change, message):
    with pytest.raises(InputError, match=f"mnist.tflite does not answer like the model: .*{message}"):
        check_parity(export, tiny.test_images, tiny.test_labels, {"float32": change(expected)})


def test_a_file_that_cannot_be_read_back(export, tiny, expected, tmp_path):
    broken = shutil.copytree(export, tmp_path / "broken")
    # An export is checked before it has one.
    (broken / "card.json").unlink()
    (broken / "mnist.tflite").write_bytes((export / "mnist.tflite").read_bytes()[:500])
    with pytest.raises(InputError, match="cannot be read back: .*mnist.tflite is a damaged TFLite file.*Nothing was"):
        check_parity(broken, tiny.test_images, tiny.test_labels, {"float32": expected})
