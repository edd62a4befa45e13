import hashlib
import time

import numpy as np
import pytest

from mnist_keras.data import Digits, load_digits, sources
from mnist_keras.data.archives import write_idx
from mnist_keras.errors import InputError

# SHA-256 of the uncompressed official archives.
OFFICIAL = {
    "train_images": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train_labels": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "test_images": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "test_labels": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}


def write_folder(folder, digits, ending=""):
    folder.mkdir(exist_ok=True)
    names = {"train_images": "train-images-idx3", "train_labels": "train-labels-idx1"}
    names |= {"test_images": "t10k-images-idx3", "test_labels": "t10k-labels-idx1"}
    for part, name in names.items():
        write_idx(folder / f"{name}-ubyte{ending}", getattr(digits, part))
    return folder


def write_npz(path, digits, **changes):
    arrays = dict(
        x_train=digits.train_images, y_train=digits.train_labels, x_test=digits.test_images, y_test=digits.test_labels
    )
    np.savez(path, **{name: array for name, array in {**arrays, **changes}.items() if array is not None})


@pytest.fixture
def offline(monkeypatch, tmp_path):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "no-cache"))
    monkeypatch.setattr(sources, "_URL", "http://127.0.0.1:9/nothing")
    monkeypatch.setattr(sources.server_answers, "__defaults__", ("http://127.0.0.1:9/nothing", 1.0))


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_load_a_folder_of_idx_files(tiny, tmp_path, ending):
    digits = load_digits("folder", write_folder(tmp_path / "mine", tiny, ending))
    assert digits.name == "mine"
    assert digits.checksum() == tiny.checksum()


def test_load_a_folder_with_an_npz_file(tiny, tmp_path):
    write_npz(tmp_path / "digits.npz", tiny)
    assert load_digits("folder", tmp_path).checksum() == tiny.checksum()


def test_load_an_npz_file(tiny, tmp_path):
    write_npz(tmp_path / "digits.npz", tiny)
    digits = load_digits("folder", tmp_path / "digits.npz")
    assert (digits.name, digits.checksum()) == ("digits", tiny.checksum())


def test_the_environment_variable_is_the_default_folder(tiny, tmp_path, monkeypatch):
    monkeypatch.setenv("MNIST_KERAS_DATA_DIR", str(write_folder(tmp_path / "mine", tiny)))
    assert load_digits("folder").name == "mine"


def test_only_verified_digits_are_named_mnist(tiny, tmp_path):
    folder = write_folder(tmp_path / "mnist", tiny)
    with pytest.raises(InputError, match="The train set in .* is not MNIST.*Pass --dataset=folder"):
        load_digits("mnist", folder)
    with pytest.raises(InputError, match="is not MNIST"):
        load_digits("auto", folder)
    assert load_digits("folder", folder).name == "mnist-folder"


def test_swapped_files_raise(tiny, tmp_path):
    folder = write_folder(tmp_path, tiny)
    images, labels = folder / "train-images-idx3-ubyte", folder / "train-labels-idx1-ubyte"
    content = images.read_bytes()
    images.write_bytes(labels.read_bytes())
    labels.write_bytes(content)
    with pytest.raises(InputError, match="Check whether two files are swapped"):
        load_digits("folder", folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (dict(x_train=np.zeros((120, 32, 32), np.uint8)), "train images must be uint8 of shape .*28, 28.*32, 32"),
        (dict(x_train=np.zeros((120, 28, 28))), "train images must be uint8.*Received: float64"),
        (dict(y_train=np.zeros(119, np.uint8)), "Each train image must have one label.*120 images and 119 labels"),
        (dict(y_test=np.full(30, 10)), "test labels must lie in 0..9. Received: labels from 10 to 10"),
        (dict(y_test=np.full(30, -1)), "test labels must lie in 0..9"),
        (dict(y_test=np.zeros(30)), "test labels must be integers"),
        (
            dict(x_test=np.zeros((0, 28, 28), np.uint8), y_test=np.zeros(0, int)),
            "test set must hold at least one image",
        ),
        (dict(y_test=None), "must hold the arrays x_train, y_train.* Missing: y_test"),
        (
            dict(y_test=np.array([{}], object)),
            "cannot be read as an npz file of plain arrays.*holds object, not numbers",
        ),
    ],
)
def test_invalid_arrays_raise(tiny, tmp_path, changes, message):
    write_npz(tmp_path / "digits.npz", tiny, **changes)
    with pytest.raises(InputError, match=message):
        load_digits("folder", tmp_path)


def test_a_truncated_npz_file_raises(tiny, tmp_path):
    write_npz(tmp_path / "digits.npz", tiny)
    content = (tmp_path / "digits.npz").read_bytes()
    (tmp_path / "digits.npz").write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match="digits.npz cannot be read as an npz file"):
        load_digits("folder", tmp_path)


def test_missing_files_are_named(tiny, tmp_path):
    with pytest.raises(InputError, match="Received: an empty folder"):
        load_digits("folder", tmp_path)
    write_folder(tmp_path, tiny)
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(InputError, match="Missing: t10k-labels-idx1-ubyte"):
        load_digits("folder", tmp_path)
    with pytest.raises(InputError, match="There is no such folder"):
        load_digits("folder", tmp_path / "nowhere")
    with pytest.raises(InputError, match="Pass --data_dir"):
        load_digits("folder")


def test_an_unknown_dataset_raises():
    with pytest.raises(InputError, match="dataset must be one of auto, mnist, sample, folder"):
        load_digits("emnist")


def test_the_sample_is_stratified_and_deterministic():
    digits = load_digits("sample")
    assert np.bincount(digits.train_labels).tolist() == [400] * 10
    assert np.bincount(digits.test_labels).tolist() == [100] * 10
    assert digits.checksum() == "b8764882f0574556ed174a0080bf5b1a03fcb4cdedde172f8acaaad61175c22a"


def test_auto_loads_the_sample_with_a_warning_if_offline(offline, capsys):
    assert load_digits("auto").name == "sample"
    assert "WARNING: MNIST is not cached" in capsys.readouterr().err


def test_mnist_raises_if_offline(offline):
    with pytest.raises(InputError, match="server does not answer.*Pass a folder .* --dataset=sample"):
        load_digits("mnist")


def test_server_answers_times_out():
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        began = time.perf_counter()
        assert not sources.server_answers(f"http://127.0.0.1:{server.getsockname()[1]}/", seconds=0.2)
        assert time.perf_counter() - began < 5


def test_mnist_is_loaded_from_the_cache_of_tfds(tiny, monkeypatch, tmp_path):
    (tmp_path / "mnist" / "3.0.1").mkdir(parents=True)
    (tmp_path / "mnist" / "3.0.1" / "dataset_info.json").touch()
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(sources, "load_tfds", lambda: tiny)
    with pytest.raises(InputError, match="in the cache of TensorFlow Datasets is not MNIST"):
        load_digits("mnist")


def test_mnist_from_tfds_is_cached_as_npz(mnist_folder, monkeypatch, tmp_path):
    mnist = load_digits("mnist", mnist_folder)
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("MNIST_KERAS_DATA_DIR", raising=False)
    monkeypatch.setattr(sources, "server_answers", lambda: True)
    calls = []
    monkeypatch.setattr(sources, "load_tfds", lambda: calls.append(1) or mnist)
    for _ in range(2):
        assert load_digits("mnist").checksum() == mnist.checksum()
    assert len(calls) == 1
    [cached] = (tmp_path / "mnist").iterdir()
    # The cached file needs no server. A damaged one is replaced.
    monkeypatch.setattr(sources, "server_answers", lambda: False)
    cached.write_bytes(cached.read_bytes()[:1000])
    assert load_digits("mnist").checksum() == mnist.checksum()
    assert len(calls) == 2


def test_the_official_archives_are_mnist(mnist_folder):
    digits = load_digits("mnist", mnist_folder)
    assert (len(digits.train_images), len(digits.test_images)) == (60000, 10000)
    for part, expected in OFFICIAL.items():
        array = getattr(digits, part)
        header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
        assert hashlib.sha256(header + array.tobytes()).hexdigest() == expected


def test_one_changed_label_raises(mnist_folder, tmp_path):
    digits = load_digits("mnist", mnist_folder)
    labels = digits.test_labels.copy()
    labels[0] = 3
    changed = Digits("", digits.train_images, digits.train_labels, digits.test_images, labels)
    with pytest.raises(InputError, match="The test set in .* is not MNIST"):
        load_digits("mnist", write_folder(tmp_path / "mnist", changed))


@pytest.mark.slow
def test_tfds_prepares_the_official_archives(mnist_folder, tmp_path, monkeypatch):
    import tensorflow_datasets

    config = tensorflow_datasets.download.DownloadConfig(manual_dir=str(mnist_folder), try_download_gcs=False)
    prepared = sources.load_tfds(cache_dir=str(tmp_path), download_config=config)
    assert len(prepared.test_labels) == 10000
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    assert sources.in_cache()
    # TFDS stores the images in another order. The checksum does not depend on it.
    assert load_digits("mnist").checksum() == prepared.checksum()
