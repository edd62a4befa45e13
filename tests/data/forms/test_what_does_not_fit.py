"""Data of every form with one thing wrong: one message that says what was expected and what was received."""

import gzip
import re
import zipfile

import numpy as np
import pytest
from made_datasets import HEADER, made, write_csv, write_emnist, write_images, write_int_idx

from mnist_keras.data import load_digits
from mnist_keras.data.archives import write_idx
from mnist_keras.errors import InputError

IMAGES, LABELS = made(10)
ROW = ",".join(["0"] * 784)


def npz(**changes):
    """Returns a function that writes an npz file with changed arrays; None leaves one out."""
    arrays = {"x_train": IMAGES, "y_train": LABELS, "x_test": IMAGES, "y_test": LABELS, **changes}
    return lambda folder: np.savez(
        folder / "mine.npz", **{key: array for key, array in arrays.items() if array is not None}
    )


def both(images):
    return npz(x_train=images, x_test=images)


def csv(text, name="mine.csv"):
    content = text if isinstance(text, bytes) else text.encode()
    return lambda folder: (folder / name).write_bytes(content)


def zipped(*names):
    def write(folder):
        with zipfile.ZipFile(folder / "mine.zip", "w") as archive:
            for name in names:
                archive.writestr(name, f"{HEADER}\n1,{ROW}\n")

    return write


def images(*files):
    """Returns a function that writes 28x28 images with these names, empty folders, and texts."""

    def write(folder):
        for file in files:
            path = folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            if file.endswith("/"):
                path.mkdir()
            elif file.endswith(".png"):
                write_images(path.parent.parent, IMAGES[:1], [path.parent.name])
                (path.parent / "000.png").rename(path)
            else:
                path.write_text("no image")

    return write


def many_classes(folder):
    for number in range(1001):
        (folder / f"{number}").mkdir()
    write_images(folder, IMAGES[:1], ["0"])


def emnist(split="letters", first=1, mapping=None, swap=False, without=None, test=None):
    def write(folder):
        write_emnist(folder, split, made(10, 1, first), test or made(10, 1, first))
        if mapping is not None:
            (folder / f"emnist-{split}-mapping.txt").write_bytes(mapping)
        train = [folder / f"emnist-{split}-train-{kind}-ubyte" for kind in ("images-idx3", "labels-idx1")]
        if swap:
            contents = [path.read_bytes() for path in train]
            for path, content in zip(train, reversed(contents), strict=True):
                path.write_bytes(content)
        if without:
            (folder / f"emnist-{split}-{without}-ubyte").unlink()

    return write


def qmnist(table):
    def write(folder):
        for part in ("train", "test"):
            write_idx(folder / f"qmnist-{part}-images-idx3-ubyte", IMAGES)
            write_int_idx(folder / f"qmnist-{part}-labels-idx2-int", table)

    return write


def kmnist(class_map=None, **arrays):
    def write(folder):
        for part in ("train", "test"):
            np.savez(folder / f"kmnist-{part}-imgs.npz", IMAGES)
            np.savez(folder / f"kmnist-{part}-labels.npz", **(arrays or {"arr_0": LABELS}))
        if class_map:
            (folder / "kmnist_classmap.csv").write_bytes(class_map.encode())

    return write


CASES = {
    # npz
    "a float range": (both(IMAGES / 16), "floating-point numbers from 0 to 1 or from 0 to 255.*from 0 to 15.9375"),
    "negative floats": (both(IMAGES / 127.5 - 1), "Received: float64 of shape .* from -1 to 1. Convert"),
    "not a number": (both(np.where(IMAGES > 9, np.nan, 1)), "Received: float64 .* from nan to nan"),
    "integers above 255": (
        both(IMAGES.astype(np.uint16) * 257),
        "Received: .* Convert the images to 28x28 pixels of 0..255",
    ),
    "two ranges": (npz(x_train=IMAGES / 255), "must have the same range.*images to 1, test images to 255. Scale"),
    "complex numbers": (both(IMAGES * 1j), "holds complex128, not numbers"),
    "32x32": (both(np.zeros((40, 32, 32), np.uint8)), "784.. Received: uint8 of shape .40, 32, 32."),
    "colors": (both(np.zeros((40, 28, 28, 3), np.uint8)), "Received: uint8 of shape .40, 28, 28, 3."),
    "transposed axes": (both(np.zeros((28, 28, 40), np.uint8)), "Received: uint8 of shape .28, 28, 40."),
    "one image": (both(IMAGES[0]), "Received: uint8 of shape .28, 28."),
    "two hot": (npz(y_train=np.ones((40, 10), int)), "one-hot: a single 1 .* Received: int64 of shape .40, 10."),
    "probabilities": (npz(y_train=np.full((40, 2), 0.5)), "one-hot: a single 1 .* Received: float64 of shape"),
    "float labels": (npz(y_train=LABELS / 1), "train labels must be integers .* Received: float64"),
    "text labels": (npz(y_train=np.array(["a"] * 40)), "y_train.npy holds <U1, not numbers"),
    "labels with gaps": (
        npz(y_train=LABELS * 2),
        "have gaps. Expected: .* 0 to 18. Received: none of 1, 3, 5, 7, 9, 11",
    ),
    "labels above 999": (
        npz(y_train=LABELS + 995),
        "train labels must lie in 0..999. Received: labels from 995 to 1004",
    ),
    "negative labels": (npz(y_train=LABELS - 1), "train labels must lie in 0..9. Received: labels from -1 to 8"),
    "other test labels": (npz(y_test=LABELS + 1), "test labels must lie in 0..9. Received: labels from 1 to 10"),
    "too few labels": (npz(y_train=LABELS[:-1]), "Each train image must have one label.*40 images and 39 labels"),
    "no test labels": (npz(y_test=None), "Missing: y_test. Received: x_train, y_train, x_test"),
    "no training set": (npz(x_train=None, y_train=None), "Missing: x_train, y_train. Received: x_test"),
    "unknown keys": (lambda folder: np.savez(folder / "a.npz", a=IMAGES, b=LABELS), "Missing: x_train.*Received: a, b"),
    "four arrays of images": (
        lambda folder: np.savez(folder / "a.npz", IMAGES, IMAGES, IMAGES, LABELS),
        "Missing: x_train.*Received: arr_0, arr_1",
    ),
    "one class name": (npz(class_names=np.array(["a"])), "must have 2 to 1,000 classes. Received: 1 .a."),
    "few class names": (npz(class_names=np.array(["a", "b"])), "train labels must lie in 0..1"),
    "pickled class names": (npz(class_names=np.array(["a", "b"], object)), "holds object, not text"),
    "two npz files": (
        lambda folder: [np.savez(folder / name, IMAGES) for name in "ab"],
        "must hold train-images.*Received: a.npz, b.npz",
    ),
    # CSV
    "an empty CSV": (csv(""), "mine.csv must have 785 columns"),
    "a header alone": (csv(HEADER), "has no images.*Received: a header alone"),
    "few columns": (
        csv("label,pixel0\n1,0\n"),
        "785 columns: label,pixel0,.*Received: 2 columns, beginning with 'label,",
    ),
    "semicolons": (csv(f"1,{ROW}\n".replace(",", ";")), "must have 785 columns.*Received: 1 columns"),
    "a ragged line": (csv(f"{HEADER}\n1,{ROW}\n2,{ROW},0\n"), "Received: 786 columns in line 3, '2,0,0"),
    "a short header": (
        csv(f"{HEADER[:-9]}\n1,{ROW}\n2,{ROW}\n"),
        "785 in each|Expected: 784 columns in each. Received: 785",
    ),
    "a word": (
        csv(f"{HEADER}\n1,{ROW}\nseven,{ROW}\n"),
        "Expected: 785 numbers .* Received: 'seven' in line 3, 'seven,0",
    ),
    "a missing value": (csv(f"{HEADER}\n1,{ROW[1:]}\n"), "wrong line. Expected: 785 numbers .* Received: '' in line 2"),
    "fractions": (csv(f"{HEADER}\n1,0.5{ROW[1:]}\n"), "no whole numbers from 0.*Received: 0.5. Multiply"),
    "negative pixels": (csv(f"{HEADER}\n1,-3{ROW[1:]}\n"), "no whole numbers from 0.*Received: -3"),
    "pixels above 255": (csv(f"{HEADER}\n1,256{ROW[1:]}\n"), "pixels above 255.*Received: 256"),
    "labels above 999 in CSV": (csv(f"{HEADER}\n1000,{ROW}\n"), "labels above 999.*Received: 1000"),
    "gaps in CSV": (csv(f"{HEADER}\n" + f"0,{ROW}\n14,{ROW}\n" * 5), "have gaps.*Received: none of 1, 2, 3"),
    "no label": (csv(f"{ROW}\n{ROW}\n"), "has 784 columns and no labels.*Pass the labeled file"),
    "two constant columns": (csv(f"1,{ROW}\n1,{ROW}\n"), "does not say which column holds the label.*Add the header"),
    "Latin-1": (csv(f"{HEADER}\n1,{ROW}\n".replace("pixel9,", "pixél,").encode("latin-1")), "not text in UTF-8"),
    "UTF-16": (csv(f"{HEADER}\n1,{ROW}\n".encode("utf-16")), "is not text in UTF-8.*line 1"),
    "a long line": (csv("0," * 40_000), "has a line of 65,536 bytes or more.*Received: line 1, b'0,0"),
    "a picture": (csv(b"\x89PNG\r\n\x1a\n" + bytes(99)), "not text in UTF-8.*line 1, b'.x89PNG"),
    "damaged gzip": (
        csv(gzip.compress(HEADER.encode())[:-9], "a.csv.gz"),
        "a.csv.gz cannot be read. Expected: a CSV .*Download it",
    ),
    "damaged zip": (csv(b"PK\x03\x04", "a.zip"), "a.zip is a damaged zip file"),
    "a zip without CSV": (zipped("readme.txt"), "must hold train-images-idx3-ubyte.*Received: mine.zip"),
    "two training sets": (
        zipped("a/mnist_train.csv", "b_train.csv"),
        "several CSV files of a train set.*mnist_train.csv, b_train",
    ),
    "no training CSV": (zipped("a.csv", "b.csv"), "must hold train.csv .* Received: a.csv, b.csv. Rename"),
    "a test CSV and another": (zipped("a.csv", "test.csv"), "must hold train.csv .* Received: a.csv, test.csv"),
    # Folders of images
    "one class": (images("7/a.png"), "for each of 2 to 1,000 classes. Received: 1 .7."),
    "many classes": (many_classes, "2 to 1,000 classes. Received: 1,001 .0, 1, 10, 100"),
    "an empty class": (images("0/a.png", "1/"), "1 has no images. Expected: .*.png, .* Received: an empty folder"),
    "a class of texts": (images("0/a.png", "1/a.txt"), "1 has no images. .* Received: a.txt. Add images"),
    "a class of the test set alone": (
        images("train/0/a.png", "train/1/a.png", "test/2/a.png"),
        "test has classes without training images. Expected: 0, 1. Received: 2",
    ),
    "no picture": (
        lambda folder: (images("0/a.png", "1/a.png")(folder), (folder / "0/b.png").write_text("x")),
        "0/b.png cannot be read",
    ),
    "mixed sizes": (
        lambda folder: write_images(folder, [IMAGES[0], IMAGES[0][:27]], "ab"),
        "b/001.png has 28x27 pixels. Expected: 28x28.*--image_preparation=digit",
    ),
    "single images": (images("0/a.png", "1/a.png"), "none can be split off.*2 images of 2 classes"),
    "images without classes": (
        lambda folder: write_images(folder.parent, IMAGES[:2], [folder.name] * 2),
        "a folder of images per class",
    ),
    "a name of two lines": (images("a\nb/a.png", "c/a.png", "c/b.png"), r"text of one line.*Received: 'a\\nb'"),
    # Well-known datasets
    "swapped EMNIST files": (emnist(swap=True), "must hold images: 3 axes. Received: 1 axes .labels.. Check whether"),
    "a missing EMNIST file": (emnist(without="test-labels-idx1"), "Missing: emnist-letters-test-labels-idx1-ubyte"),
    "labels of letters from 0": (emnist(first=0), "train labels must lie in 1..26. Received: labels from 0 to 9"),
    "test labels of another split": (emnist(test=made(40, 1, 1)), "test labels must lie in 1..26. .*from 1 to 40"),
    "a wrong line of a mapping": (
        emnist(mapping=b"1 65\n2;66\n"),
        "mapping.txt has a wrong line.*'10 65'. Received: line 2, '2;66'",
    ),
    "a code that is no character": (emnist(mapping=b"1 99999999\n"), "has a wrong line.*Received: line 1"),
    "bytes in a mapping": (emnist(mapping=bytes(range(128, 256))), "has a wrong line.*Received: line 1"),
    "gaps in a mapping": (
        emnist(mapping=b"1 65\n3 67\n"),
        "for each label, .* without gaps. Received: 2 labels from 1 to 3",
    ),
    "an empty mapping": (emnist(mapping=b""), "for each label, .* Received: 0 labels"),
    "the same character twice": (
        emnist(mapping=b"".join(b"%d 65\n" % label for label in range(1, 11))),
        "Class names must differ.*Received: 'A' 10 times",
    ),
    "QMNIST's narrow labels": (qmnist(np.zeros((40, 3), int)), "must have 8 numbers per image.*shape .40, 3."),
    "QMNIST's large labels": (
        qmnist(np.full((40, 8), 300)),
        "train labels must lie in 0..9. Received: labels from 300",
    ),
    "QMNIST's flat labels": (qmnist(np.zeros(40, int)), "must hold a table: 2 axes. Received: 1 axes"),
    "a missing array of KMNIST": (kmnist(a=LABELS, b=LABELS), "labels.npz must hold one array, arr_0. Received: a, b"),
    "a wrong class map": (
        kmnist("index,codepoint,char\n0,U+304A,お\n2,U+304D,き\n"),
        "classmap.csv has a wrong line.*'2,U.304D",
    ),
    # Nothing
    "an empty folder": (
        lambda folder: None,
        "must hold train-images.*or train.csv.*a folder of images per class.*an empty folder",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_does_not_fit_raises_one_message(tmp_path, case):
    write, message = CASES[case]
    folder = tmp_path / "mine"
    folder.mkdir()
    write(folder)
    with pytest.raises(InputError) as caught:
        load_digits("folder", folder)
    assert re.search(message, str(caught.value), re.DOTALL), str(caught.value)
    # What a library raised stands there for files that are no npz file or no image.
    assert "Received" in str(caught.value) or "cannot be read as" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "emnist-digits",
            "does not hold emnist-digits. Expected: .*emnist-digits-train-images.* Received: emnist-letters",
        ),
        ("qmnist", "does not hold qmnist. Expected: a folder with qmnist-train-images-idx3-ubyte"),
        ("fashion-mnist", "does not hold fashion-mnist. Expected: a folder with train-images-idx3-ubyte"),
        ("emnist", "dataset must be one of auto, mnist, sample, folder, emnist-byclass.*or tfds:NAME"),
        ("tfds:", "dataset must be one of .*Received: dataset='tfds:'"),
    ],
)
def test_another_dataset_than_the_folder_holds_raises(tmp_path, name, message):
    write_emnist(tmp_path, "letters", made(3, 1, 1), made(3, 1, 1))
    with pytest.raises(InputError, match=message):
        load_digits(name, tmp_path)


def test_a_known_dataset_needs_a_folder(tmp_path):
    with pytest.raises(InputError, match="The dataset 'k49' needs a folder.*Pass --data_dir"):
        load_digits("k49")
    write_csv(tmp_path / "train.csv", IMAGES, LABELS)
    with pytest.raises(InputError, match="does not hold k49.*Received: train.csv"):
        load_digits("k49", tmp_path / "train.csv")


def test_a_preparation_without_images_is_said_aloud(tmp_path):
    npz()(tmp_path)
    with pytest.warns(match="image_preparation=resize changes nothing"):
        load_digits("folder", tmp_path, "resize")
