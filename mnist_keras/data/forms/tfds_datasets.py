"""Image classification datasets of TensorFlow Datasets by name. TensorFlow is imported only when one is read."""

import os
import pathlib
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from mnist_keras.data.archives import check_size
from mnist_keras.data.digits import Digits
from mnist_keras.data.forms import emnist
from mnist_keras.data.forms.image_preparation import prepare_images, turn_light_on_dark
from mnist_keras.data.forms.layouts import VALIDATION_AS_TEST, Labeled, to_digits
from mnist_keras.errors import InputError, InputWarning

# Begins the name of a dataset, as in tfds:fashion_mnist or tfds:emnist/letters.
TFDS_PREFIX = "tfds:"


def default_cache() -> pathlib.Path:
    """Returns TFDS' data folder: the environment variable TFDS_DATA_DIR, or otherwise ~/tensorflow_datasets."""
    return pathlib.Path(os.environ.get("TFDS_DATA_DIR") or os.path.expanduser("~/tensorflow_datasets"))


def read_tfds(name: str, preparation: str = "none") -> Digits:
    """Reads a dataset of TensorFlow Datasets, which downloads and prepares it if necessary.

    Args:
        name: as in TFDS' catalog: "fashion_mnist", "emnist/letters", "svhn_cropped".
        preparation: how images of another size than 28x28 are prepared, see `prepare_images`.

    Returns:
        The dataset named "tfds-NAME". EMNIST is upright, and the labels of its letters begin with 0.

    Raises:
        InputError: TFDS does not know or cannot prepare the dataset, or it does not classify images.
    """
    import tensorflow_datasets as tfds

    try:
        builder = tfds.builder(name, data_dir=str(default_cache()))
        builder.download_and_prepare()
    except Exception as error:  # TFDS raises exceptions of requests, of TensorFlow and of its own.
        raise InputError(
            f"TensorFlow Datasets cannot prepare {name!r}. Expected: a dataset of its catalog, in the cache "
            f"{default_cache()} or downloaded. Received: {' '.join(str(error).split())[:300]}. "
            "Check the name and the network, or pass the dataset's files by --dataset=folder."
        ) from error
    image_key, label_key = _keys(name, builder.info)
    splits = list(builder.info.splits)
    parts = ["train", *[part for part in ("test", "validation") if part in splits][:1]]
    if "train" not in splits:
        raise InputError(
            f"{TFDS_PREFIX}{name} has no split 'train'. Expected: train, and test if there is one. "
            f"Received: {', '.join(splits) or 'no splits'}. Save the images as files and pass --dataset=folder."
        )
    if parts[1:] == ["validation"]:
        message = f"{TFDS_PREFIX}{name} has no test set: its validation set is used as the test set."
        warnings.warn(message, InputWarning, stacklevel=2)
    class_names = builder.info.features[label_key].names
    sets = []
    for part in parts:
        check_size(f"{TFDS_PREFIX}{name}, {part}", builder.info.splits[part].num_examples * 28 * 28)
        sets.append(_read_split(builder, part, (image_key, label_key), preparation, len(class_names)))
    return _finish(builder, f"tfds-{name.replace('/', '-').replace(':', '-')}", sets, class_names, preparation)


def _keys(name: str, info: Any) -> tuple[str, str]:
    """Returns the keys of image and label, those that TFDS calls supervised if it does."""
    import tensorflow_datasets as tfds

    keys = info.supervised_keys or ("image", "label")
    features = info.features
    kinds = (tfds.features.Image, tfds.features.ClassLabel)
    known = dict(features.items()) if isinstance(features, tfds.features.FeaturesDict) else {}
    are_names = len(keys) == 2 and all(isinstance(key, str) for key in keys)
    if not are_names or not all(isinstance(known.get(key), kind) for key, kind in zip(keys, kinds, strict=True)):
        raise InputError(
            f"{TFDS_PREFIX}{name} does not classify images. Expected: an image and a class label per example. "
            f"Received: {', '.join(known) or type(features).__name__}. Choose another dataset."
        )
    return keys[0], keys[1]


def _read_split(builder: Any, part: str, keys: tuple[str, str], preparation: str, classes: int) -> Labeled:
    import tensorflow_datasets as tfds

    # The order of the files, not of the threads that read them.
    options = {"shuffle_files": False, "read_config": tfds.ReadConfig(interleave_cycle_length=1)}
    if builder.info.features[keys[0]].shape == (28, 28, 1) and preparation == "none":
        # All at once: a million single examples take minutes.
        examples = tfds.as_numpy(builder.as_dataset(split=part, batch_size=-1, **options))
        return Labeled(examples[keys[0]], examples[keys[1]])
    labels: list[int] = []

    def named_pixels() -> Iterator[tuple[str, np.ndarray]]:
        for number, example in enumerate(tfds.as_numpy(builder.as_dataset(split=part, **options))):
            labels.append(int(example[keys[1]]))
            yield f"Image {number} of {builder.name}", np.asarray(example[keys[0]])

    prepared = prepare_images(named_pixels(), preparation)
    if not prepared.is_kept.all():
        message = f"{(~prepared.is_kept).sum():,} {part} images without ink are left out."
        warnings.warn(message, InputWarning, stacklevel=4)
    return Labeled(prepared.images, np.array(labels, np.int64)[prepared.is_kept])


def _finish(builder: Any, name: str, sets: list[Labeled], class_names: list[str], preparation: str) -> Digits:
    is_validation = len(sets) > 1 and "test" not in builder.info.splits
    notes = [VALIDATION_AS_TEST] if is_validation else []
    if preparation != "none":
        notes.append(f"images prepared by {preparation}")
    if preparation == "resize":
        sets, is_inverted = turn_light_on_dark(sets, name)
        notes += ["inverted"] if is_inverted else []
    names, first_label = tuple(class_names), 0
    if builder.name == "emnist":
        # TFDS keeps NIST's files as they are, and names classes by number.
        split = builder.builder_config.name
        names, first_label = emnist.CLASS_NAMES[split], emnist.FIRST_LABEL.get(split, 0)
        notes.append("EMNIST's images transposed to upright")
        sets = [Labeled(emnist.transpose(images), labels) for images, labels in sets]
    sets = [
        Labeled(images, emnist.number_from_zero("train" if index == 0 else "test", labels, first_label, len(names)))
        for index, (images, labels) in enumerate(sets)
    ]
    return to_digits(name, sets[0], sets[1] if len(sets) > 1 else None, names, "; ".join(notes))
