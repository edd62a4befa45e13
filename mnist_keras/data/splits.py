"""Splits a validation set or a test set from a training set, stratified by class and always the same."""

import numpy as np

from mnist_keras.data.digits import VALIDATION_SEPARATOR, Digits, is_of_digits
from mnist_keras.errors import InputError

# A dataset without a test set gives this fraction of its images, and at most this number.
_TEST_FRACTION, MAX_TEST_IMAGES = 5, 10_000
MAX_VALIDATION_IMAGES = 5000


def split_validation(digits: Digits, count: int) -> Digits:
    """Splits a validation set from the training set, stratified by class. The split is always the same.

    If the classes are the ten digits, and none has twice as many images as another, each digit gets the same number of
    validation images. Otherwise each class gets its share of them, and keeps at least one training image.

    Args:
        digits: the dataset; its test set is not part of the result.
        count: number of validation images; a multiple of ten if each digit gets the same number.

    Returns:
        A dataset named NAME-validation-COUNT. The remaining training images are its training set, the validation
        images its test set.

    Raises:
        InputError: `count` is not positive or not a multiple of ten, or a class would have no training image left.
    """
    images, labels = digits.train_images, digits.train_labels
    sizes = np.bincount(labels, minlength=len(digits.class_names))
    # Runs of earlier versions, and all published accuracies, have the same number of images per digit.
    if is_of_digits(digits.class_names) and sizes.max() < 2 * sizes.min():
        per_digit, minimum = count // 10, sizes.min()
        if count <= 0 or count % 10 or per_digit >= minimum:
            raise InputError(
                f"validation must be a multiple of ten below {10 * minimum}, ten times the number of images of the "
                f"rarest digit. Received: validation={count}. Choose another number of images."
            )
        shares = np.full(10, per_digit)
    else:
        maximum = int((sizes - 1).clip(0).sum())
        if not 0 < count <= maximum:
            raise InputError(
                f"validation must be a whole number from 1 to {maximum}, which leaves one training image of each "
                f"class. Received: validation={count}. Choose another number of images."
            )
        shares = proportional_shares(sizes, count)
    is_validation = choose_stratified(labels, shares)
    return Digits(
        name=f"{digits.name}{VALIDATION_SEPARATOR}{count}",
        train_images=images[~is_validation],
        train_labels=labels[~is_validation],
        test_images=images[is_validation],
        test_labels=labels[is_validation],
        class_names=digits.class_names,
        note=digits.note,
        form=digits.form,
    )


def validation_size(digits: Digits) -> int:
    """Returns a usual number of validation images: 5,000, or a tenth of fewer than 50,000 training images.

    It is a multiple of ten, at least 10.
    """
    return max(10, min(MAX_VALIDATION_IMAGES, len(digits.train_labels) // 10) // 10 * 10)


def choose_test_images(labels: np.ndarray) -> np.ndarray:
    """Chooses a fifth of the images as a test set, at most 10,000, stratified by class and always the same.

    Args:
        labels: integers (examples,) from 0.

    Returns:
        bool (examples,), True for test images. At least one image of each class is no test image.

    Raises:
        InputError: each class has one image.
    """
    sizes = np.bincount(labels)
    count = min(max(len(labels) // _TEST_FRACTION, 1), MAX_TEST_IMAGES, int((sizes - 1).clip(0).sum()))
    if not count:
        raise InputError(
            "There is no test set, and none can be split off. Expected: a class of at least two images. "
            f"Received: {len(labels)} images of {np.count_nonzero(sizes)} classes. Add images."
        )
    return choose_stratified(labels, proportional_shares(sizes, count))


def proportional_shares(sizes: np.ndarray, count: int) -> np.ndarray:
    """Returns how many of `count` images each class gives, in proportion to its size (method of largest remainders).

    Args:
        sizes: integers (classes,), number of images of each class.
        count: at most the number of images without one per class.

    Returns:
        Integers (classes,) of sum `count`, each less than the class' size; 0 for an empty class.
    """
    shares, remainders = np.divmod(count * sizes.astype(np.int64), sizes.sum())
    by_remainder = np.argsort(-remainders, kind="stable")
    while shares.sum() < count:
        can_give = by_remainder[shares[by_remainder] < sizes[by_remainder] - 1]
        shares[can_give[: count - shares.sum()]] += 1
    return shares


def choose_stratified(labels: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Chooses `shares[label]` images of each class at random, always the same. Returns bool (examples,)."""
    random = np.random.default_rng(0)
    is_chosen = np.zeros(len(labels), bool)
    for label, share in enumerate(shares):
        candidates = np.flatnonzero(labels == label)
        is_chosen[random.choice(candidates, share, replace=False)] = True
    return is_chosen
