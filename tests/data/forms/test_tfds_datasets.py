"""Datasets that TensorFlow Datasets prepares from images made here. No network."""

import numpy as np
import pytest
import tensorflow_datasets as tfds
from made_datasets import made, write_emnist

from mnist_keras.data import load_digits
from mnist_keras.errors import InputError, InputWarning


class MadeShapes(tfds.core.GeneratorBasedBuilder):
    """Images of 28x28 pixels with named classes, and a test set."""

    VERSION = tfds.core.Version("1.0.0")
    shape, splits, keys = (28, 28, 1), ("train", "test"), ("image", "label")

    def _info(self):
        label = tfds.features.ClassLabel(names=["ring", "bar", "dot"])
        features = {"image": tfds.features.Image(shape=self.shape), "label": label}
        return self.dataset_info_from_configs(features=tfds.features.FeaturesDict(features), supervised_keys=self.keys)

    def _split_generators(self, _):
        return {split: self._generate_examples(split) for split in self.splits}

    def _generate_examples(self, split):
        images, labels = made(3, 10 if split == "train" else 2)
        for number, (image, label) in enumerate(zip(images, labels, strict=True)):
            size = self.shape[0] or 28 + number
            pixels = np.resize(image, (size, size))[..., np.newaxis].repeat(self.shape[2], axis=2)
            yield f"{number:03}", {"image": pixels, "label": label}


class MadePhotos(MadeShapes):
    """Color images of several sizes without a test set."""

    shape, splits, keys = (None, None, 3), ("train",), None


class MadeValidation(MadeShapes):
    """A validation set in place of a test set."""

    splits = ("train", "validation")


class MadeTestAlone(MadeShapes):
    splits = ("test",)


class MadeText(tfds.core.GeneratorBasedBuilder):
    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        features = tfds.features.FeaturesDict({"text": tfds.features.Text()})
        return self.dataset_info_from_configs(features=features)

    def _split_generators(self, _):
        return {"train": iter([("0", {"text": "no image"})])}

    def _generate_examples(self):
        raise NotImplementedError


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))


def by_image(images, labels):
    """TFDS stores images shuffled."""
    return sorted(zip([image.tobytes() for image in images], labels.tolist(), strict=True))


def test_images_of_28x28_pixels_with_names():
    digits = load_digits("tfds:made_shapes")
    assert (digits.name, digits.class_names) == ("tfds-made_shapes", ("ring", "bar", "dot"))
    assert by_image(digits.train_images, digits.train_labels) == by_image(*made(3, 10))
    assert by_image(digits.test_images, digits.test_labels) == by_image(*made(3, 2))
    assert load_digits("tfds:made_shapes").checksum() == digits.checksum()


def test_other_images_are_prepared_and_a_test_set_split_off():
    with pytest.raises(InputError, match="Image 0 of made_photos has .* pixels. Expected: 28x28.*=digit .*=resize"):
        load_digits("tfds:made_photos")
    with pytest.warns(InputWarning, match="tfds-made_photos has no test set: 6 of its 30 images"):
        digits = load_digits("tfds:made_photos", image_preparation="resize")
    assert np.bincount(digits.test_labels).tolist() == [2, 2, 2]
    assert digits.note.startswith("images prepared by resize")


def test_a_validation_set_is_the_test_set_if_there_is_none():
    with pytest.warns(InputWarning, match="tfds:made_validation has no test set: its validation set is used"):
        assert len(load_digits("tfds:made_validation").test_images) == 6


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("made_text", "tfds:made_text does not classify images.*Received: text. Choose another"),
        ("made_test_alone", "tfds:made_test_alone has no split 'train'.*Received: test"),
        ("made_nothing", "TensorFlow Datasets cannot prepare 'made_nothing'.*Check the name and the network"),
        ("../mnist", "TensorFlow Datasets cannot prepare '../mnist'"),
    ],
)
def test_what_does_not_fit_raises(name, message):
    with pytest.raises(InputError, match=message):
        load_digits(f"tfds:{name}")


def test_the_letters_of_emnist_are_upright_with_labels_from_zero(monkeypatch, tmp_path):
    """TFDS' own builder reads archives in the format of NIST's."""
    train, test = made(26, 2, first=1), made(26, 1, first=1, seed=1)
    write_emnist(tmp_path / "gzip", "letters", train, test, ".gz")
    config = next(config for config in tfds.image_classification.EMNIST.BUILDER_CONFIGS if config.name == "letters")
    monkeypatch.setattr(config, "train_examples", 52)
    monkeypatch.setattr(config, "test_examples", 26)
    monkeypatch.setattr(tfds.download.DownloadManager, "download_and_extract", lambda *_: str(tmp_path))
    digits = load_digits("tfds:emnist/letters")
    assert (digits.name, digits.class_names[0], digits.class_names[-1]) == ("tfds-emnist-letters", "A", "Z")
    assert by_image(digits.train_images, digits.train_labels) == by_image(train[0], train[1] - 1)
    assert by_image(digits.test_images, digits.test_labels) == by_image(test[0], test[1] - 1)
