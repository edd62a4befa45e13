import numpy as np
import pytest

from mnist_keras.data.augmentation.config import Augmentation
from mnist_keras.data.pipeline import evaluation_batches, steps_in_epoch, training_batches
from mnist_keras.errors import InputError


@pytest.fixture
def numbered():
    """103 images whose pixels and labels are their index."""
    numbers = np.arange(103)
    return np.broadcast_to(numbers.astype(np.uint8)[:, None, None], (103, 28, 28)).copy(), numbers


def labels_of(dataset):
    return [labels.numpy().tolist() for _, labels in dataset]


def test_an_epoch_contains_each_image_once_except_for_the_remainder(numbered):
    batches = list(training_batches(*numbered, batch_size=10, epochs=1, seed=0))
    assert len(batches) == 10
    order = np.concatenate([labels for _, labels in batches])
    assert len(set(order)) == 100
    assert order.tolist() != sorted(order)
    for images, labels in batches:
        assert images.shape == (10, 28, 28, 1)
        assert images.dtype == "uint8"
        np.testing.assert_array_equal(images[:, 5, 5, 0], labels)


def test_a_memmap_gives_the_same_batches_as_an_array(numbered, tmp_path):
    images, labels = numbered
    on_disk = np.memmap(tmp_path / "images", np.uint8, "w+", shape=images.shape)
    on_disk[:] = images
    datasets = [
        training_batches(source, labels, 25, 2, seed=3, augmentation=Augmentation(rotation=9))
        for source in (images, on_disk)
    ]
    assert datasets[0].element_spec == datasets[1].element_spec
    for (one, its_labels), (other, others) in zip(*datasets, strict=True):
        np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(its_labels, others)


def test_every_epoch_has_its_own_order(numbered):
    batches = labels_of(training_batches(*numbered, batch_size=0, epochs=3, seed=0))
    assert len(batches) == 3
    assert all(sorted(batch) == list(range(103)) for batch in batches)
    assert batches[0] != batches[1] != batches[2]


def test_the_order_has_the_statistics_of_a_random_permutation():
    count, batch_size = 20000, 100
    labels = np.arange(count)
    dataset = training_batches(np.zeros((count, 28, 28), np.uint8), labels, batch_size, epochs=2, seed=0)
    first, second = np.concatenate(labels_of(dataset)).reshape(2, count)
    for order in (first, second):
        # Standard errors are .007 and 5 %.
        assert abs(np.corrcoef(order[:-1], order[1:])[0, 1]) < 0.04
        means = order.reshape(-1, batch_size).mean(axis=1)
        assert 0.8 < means.std() / (count / np.sqrt(12 * batch_size)) < 1.2
    # Two images of one batch share a later batch as often as by chance.
    pairs = np.zeros((count // batch_size,) * 2, int)
    np.add.at(pairs, (np.argsort(first) // batch_size, np.argsort(second) // batch_size), 1)
    batches = count // batch_size
    assert 0.9 < (pairs * (pairs - 1)).sum() / (count**2 / batches**2) < 1.1


def test_a_batch_is_a_function_of_seed_and_step(numbered):
    def batches(seed, **options):
        dataset = training_batches(*numbered, 25, 2, seed, Augmentation(rotation=20, brightness=0.5), **options)
        return [(images.numpy(), labels.numpy()) for images, labels in dataset]

    first = batches(7)
    for again in (batches(7), batches(7, first_step=3)):
        for (images, labels), (expected_images, expected_labels) in zip(again[::-1], first[::-1], strict=False):
            np.testing.assert_array_equal(images, expected_images)
            np.testing.assert_array_equal(labels, expected_labels)
    assert len(batches(7, first_step=3)) == len(first) - 3
    assert any((a[1] != b[1]).any() for a, b in zip(first, batches(8), strict=True))


def test_augmentation_differs_from_epoch_to_epoch_and_from_seed_to_seed():
    images = np.full((1, 28, 28), 100, np.uint8)

    def brightness(seed):
        dataset = training_batches(images, np.zeros(1), 1, 20, seed, Augmentation(brightness=0.5))
        return [int(batch[0, 14, 14, 0]) for batch, _ in dataset]

    assert len(set(brightness(0))) > 10
    assert brightness(0) != brightness(1)


def test_the_cardinality_is_known(numbered):
    assert int(training_batches(*numbered, batch_size=10, epochs=3, seed=0).cardinality()) == 30
    assert int(evaluation_batches(*numbered, batch_size=10).cardinality()) == 10


def test_evaluation_batches_keep_the_order_and_the_remainder(numbered):
    batches = labels_of(evaluation_batches(*numbered, batch_size=10))
    assert [label for batch in batches for label in batch] == list(range(103))
    # No batch is too small to be shared by several devices.
    assert {len(batch) for batch in batches} == {10, 13}


def test_a_batch_size_above_the_number_of_images_raises(numbered):
    with pytest.raises(InputError, match="batch_size=104 for 103 training images"):
        training_batches(*numbered, batch_size=104, epochs=1, seed=0)


def test_steps_in_epoch_drops_the_remainder():
    assert steps_in_epoch(60000, 256) == 234
    assert steps_in_epoch(60000, 0) == 1
