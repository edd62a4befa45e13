"""Each dataset says the form of its files, which goes into the card of a model."""

import zipfile

import numpy as np
import pytest
from made_datasets import made, write_csv, write_emnist, write_images

from mnist_keras.data import load_digits, split_validation
from mnist_keras.data.archives import write_idx

IMAGES, LABELS = made(10)


def idx(folder):
    for part in ("train", "t10k"):
        write_idx(folder / f"{part}-images-idx3-ubyte", IMAGES)
        write_idx(folder / f"{part}-labels-idx1-ubyte", LABELS)


def zipped(folder):
    write_images(folder / "images", IMAGES, LABELS)
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        for file in (folder / "images").rglob("*.png"):
            archive.write(file, file.relative_to(folder))
    return folder / "a.zip"


FORMS = {
    "a folder in MNIST's format": idx,
    "an npz file": lambda folder: np.savez(folder / "a.npz", x_train=IMAGES, y_train=LABELS),
    "CSV files": lambda folder: write_csv(folder / "a.csv", IMAGES, LABELS),
    "images in a folder per class": lambda folder: write_images(folder, IMAGES, LABELS),
    "the published files of emnist-digits": lambda folder: write_emnist(
        folder, "digits", (IMAGES, LABELS), (IMAGES, LABELS)
    ),
}


@pytest.mark.filterwarnings("ignore:.*no test set")
@pytest.mark.parametrize("form", FORMS)
def test_a_dataset_says_its_form(tmp_path, form):
    FORMS[form](tmp_path)
    digits = load_digits("folder", tmp_path)
    assert digits.form == form
    assert split_validation(digits, 10).form == form


@pytest.mark.filterwarnings("ignore:.*no test set")
def test_a_zip_file_has_the_form_of_what_it_holds(tmp_path):
    assert load_digits("folder", zipped(tmp_path)).form == "images in a folder per class"


def test_the_sample_needs_none():
    assert load_digits("sample").form == ""
