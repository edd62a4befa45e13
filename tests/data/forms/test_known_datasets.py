import shutil

import numpy as np
import pytest
from made_datasets import made, write_emnist, write_int_idx

from mnist_keras.data import load_digits
from mnist_keras.data.archives import write_idx
from mnist_keras.data.forms import idx
from mnist_keras.data.forms.emnist import CLASS_NAMES
from mnist_keras.errors import InputError
from mnist_keras.files import sha256


def write_mnist(folder, images, labels, ending=""):
    folder.mkdir(exist_ok=True)
    for part in ("train", "t10k"):
        write_idx(folder / f"{part}-images-idx3-ubyte{ending}", images)
        write_idx(folder / f"{part}-labels-idx1-ubyte{ending}", labels)
    return folder


@pytest.mark.parametrize(
    ("split", "classes", "last"),
    [
        ("byclass", 62, "z"),
        ("bymerge", 47, "t"),
        ("balanced", 47, "t"),
        ("letters", 26, "Z"),
        ("digits", 10, "9"),
        ("mnist", 10, "9"),
    ],
)
@pytest.mark.parametrize("ending", ["", ".gz"])
def test_emnist_is_upright_with_labels_from_zero(tmp_path, split, classes, last, ending):
    images, labels = made(classes, 1, first=1 if split == "letters" else 0)
    write_emnist(tmp_path / "mine", split, (images, labels), (images[::-1], labels[::-1]), ending)
    digits = load_digits(f"emnist-{split}", tmp_path / "mine")
    np.testing.assert_array_equal(digits.train_images, images)
    np.testing.assert_array_equal(digits.test_images, images[::-1])
    assert digits.train_labels.tolist() == list(range(classes))
    assert (len(digits.class_names), digits.class_names[-1], digits.name) == (classes, last, f"emnist-{split}")
    alone = load_digits("folder", tmp_path / "mine")
    assert (alone.checksum(), alone.name) == (digits.checksum(), "mine")


def test_a_folder_of_several_splits_needs_a_choice(tmp_path):
    for split in ("digits", "letters"):
        write_emnist(tmp_path, split, made(10, 1, first=1), made(10, 1, first=1))
    message = "holds several datasets.*Received: emnist-letters, emnist-digits. Choose by --dataset=emnist-letters"
    with pytest.raises(InputError, match=message):
        load_digits("folder", tmp_path)
    assert load_digits("emnist-letters", tmp_path).class_names == CLASS_NAMES["letters"]


def test_the_mapping_file_has_the_names(tmp_path):
    write_emnist(tmp_path, "letters", made(3, first=1), made(3, first=1))
    (tmp_path / "emnist-letters-mapping.txt").write_text("1 65 97\n2 946\n3 67 99\n")
    digits = load_digits("folder", tmp_path)
    assert digits.class_names == ("A", "β", "C")
    assert digits.train_labels.max() == 2


def test_qmnist_has_the_digit_in_the_first_column(tmp_path):
    images, labels = made(10)
    table = np.random.default_rng(0).integers(0, 1 << 30, (len(labels), 8))
    table[:, 0] = labels
    for part in ("train", "test"):
        write_idx(tmp_path / f"qmnist-{part}-images-idx3-ubyte.gz", images)
        write_int_idx(tmp_path / f"qmnist-{part}-labels-idx2-int", table)
    digits = load_digits("folder", tmp_path)
    np.testing.assert_array_equal(digits.test_images, images)
    np.testing.assert_array_equal(digits.train_labels, labels)
    assert load_digits("qmnist", tmp_path).name == "qmnist"


def write_kuzushiji(folder, known, images, labels):
    for part in ("train", "test"):
        np.savez_compressed(folder / f"{known}-{part}-imgs.npz", images)
        np.savez_compressed(folder / f"{known}-{part}-labels.npz", labels)


@pytest.mark.parametrize(("known", "classes", "first", "last"), [("kmnist", 10, "お", "を"), ("k49", 49, "あ", "ゝ")])
def test_kuzushiji_in_npz_files(tmp_path, known, classes, first, last):
    images, labels = made(classes, 1)
    write_kuzushiji(tmp_path, known, images, labels)
    digits = load_digits("folder", tmp_path)
    np.testing.assert_array_equal(digits.train_images, images)
    assert (len(digits.class_names), digits.class_names[0], digits.class_names[-1]) == (classes, first, last)
    assert load_digits(known, tmp_path).checksum() == digits.checksum()


def test_the_class_map_has_the_names(tmp_path):
    write_kuzushiji(tmp_path, "k49", *made(2))
    (tmp_path / "k49_classmap.csv").write_text("index,codepoint,char\n0,U+3042,あ\n1,U+3046,う\n", encoding="utf-8")
    assert load_digits("folder", tmp_path).class_names == ("あ", "う")


def test_fashion_mnist_by_its_name(tmp_path):
    folder = write_mnist(tmp_path / "Fashion", *made(10))
    assert load_digits("folder", folder).class_names == idx.FASHION_NAMES
    folder.rename(tmp_path / "clothes")
    assert load_digits("folder", tmp_path / "clothes").class_names == tuple("0123456789")
    chosen = load_digits("fashion-mnist", tmp_path / "clothes")
    assert (chosen.class_names, chosen.name) == (idx.FASHION_NAMES, "fashion-mnist")
    assert load_digits("kmnist", tmp_path / "clothes").class_names == idx.KMNIST_NAMES


def test_fashion_mnist_by_its_checksum(tmp_path, monkeypatch):
    folder = write_mnist(tmp_path / "clothes", *made(10), ".gz")
    checksum = sha256(folder / "train-labels-idx1-ubyte.gz")
    monkeypatch.setattr(idx, "_TRAIN_LABELS", {checksum: idx.FASHION_NAMES})
    assert load_digits("folder", folder).class_names == idx.FASHION_NAMES


def test_mnist_itself_is_no_fashion(mnist_folder, tmp_path):
    assert load_digits("folder", mnist_folder).class_names == tuple("0123456789")
    shutil.copytree(mnist_folder, tmp_path / "mnist")
    assert load_digits("mnist", tmp_path / "mnist").name == "mnist"


def test_idx_files_of_any_number_of_classes_and_without_a_test_set(tmp_path):
    folder = write_mnist(tmp_path / "letters", *made(26))
    assert len(load_digits("folder", folder).class_names) == 26
    for path in folder.glob("t10k*"):
        path.unlink()
    with pytest.warns(match="letters has no test set: 20 of its 104 images"):
        load_digits("folder", folder)
