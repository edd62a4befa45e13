"""Other people's models that cannot be taken: other inputs and outputs, code, damaged files."""

import keras
import pytest
from keras import layers
from other_models import ends, make_model, write, write_onnx

from mnist_keras.errors import InputError
from mnist_keras.inference.predictor import load_predictor

pytestmark = pytest.mark.usefixtures("without_subprocess")


@keras.saving.register_keras_serializable("theirs")
class Custom(layers.Layer):
    """A layer of another author."""

    def call(self, inputs):
        return inputs[:, :10]


REFUSED = {
    "size": (lambda: ends([(None, 32, 32)], [10]), r"Expected: one input of .*Received: float32 \(None, 32, 32\) to"),
    "two inputs": (lambda: ends([(None, 28, 28)] * 2, [10]), r"Received: float32 \(None, 28, 28\), float32 \(None, 28"),
    "two outputs": (lambda: ends([(None, 28, 28)], [10, 2]), r"to float32 \(None, 10\), float32 \(None, 2\)"),
    "one class": (lambda: ends([(None, 28, 28)], [1]), r"2 to 1,000 classes. Received: .* to float32 \(None, 1\)"),
    "1,001 classes": (lambda: ends([(None, 28, 28)], [1001]), r"Received: .* to float32 \(None, 1001\)"),
    "not built": (lambda: keras.Sequential([layers.Dense(10)]), "Received: unknown to unknown"),
    "a lambda": (
        lambda: keras.Sequential([keras.Input((28, 28)), layers.Flatten(), layers.Lambda(lambda x: x[:, :10])]),
        "cannot be loaded as a Keras model: .*[Ll]ambda",
    ),
}


@pytest.mark.parametrize("name", ["theirs.keras", "theirs.h5"])
@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_taken(tmp_path, case, name):
    create, message = REFUSED[case]
    with pytest.raises(InputError, match=message):
        load_predictor(write(create(), tmp_path / name))


@pytest.mark.parametrize("name", ["theirs.keras", "theirs.h5"])
def test_a_custom_layer_is_refused(tmp_path, name, monkeypatch):
    model = keras.Sequential([keras.Input((784,)), Custom()])
    path = write(model, tmp_path / name)
    keras.saving.get_custom_objects().pop("theirs>Custom", None)
    monkeypatch.delattr(f"{__name__}.Custom")
    with pytest.raises(InputError, match="cannot be loaded as a Keras model: .*Custom"):
        load_predictor(path)


@pytest.mark.parametrize("case", ["size", "two inputs", "two outputs", "one class"])
@pytest.mark.parametrize("name", ["theirs.tflite", "theirs"])
@pytest.mark.filterwarnings("ignore::mnist_keras.errors.InputWarning")
def test_the_same_in_other_formats(tmp_path, case, name):
    with pytest.raises(InputError, match=r"2 to 1,000 classes.* Received: "):
        load_predictor(write(REFUSED[case][0](), tmp_path / name))


def test_onnx_files_of_other_ends(tmp_path):
    for number, path in enumerate(
        (
            write_onnx(tmp_path / "0.onnx", (None, 28, 28, 1), outputs=1001),
            write_onnx(tmp_path / "1.onnx", (None, 56, 14)),
        )
    ):
        with pytest.raises(InputError, match=rf"{number}.onnx (is no digit model|cannot be loaded)"):
            load_predictor(path)


def test_an_hdf5_file_that_is_cut_raises(tmp_path):
    content = write(make_model(), tmp_path / "theirs.h5").read_bytes()
    for size in (0, 100, len(content) // 2):
        (tmp_path / "damaged.h5").write_bytes(content[:size])
        with pytest.raises(InputError, match="cannot be loaded as a Keras model"):
            load_predictor(tmp_path / "damaged.h5")
