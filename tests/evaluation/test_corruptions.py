import numpy as np
import pytest

from mnist_keras.evaluation.corruptions import CORRUPTIONS, corrupt, corruption_accuracy
from mnist_keras.reports.evaluation_figures import robustness_figure

# A bar of 20x4 pixels, left of the center.
IMAGES = np.zeros((40, 28, 28), np.uint8)
IMAGES[:, 4:24, 10:14] = 200


def spans(images):
    """Number of rows and columns with ink in each image."""
    has_ink = images > 60
    return np.array([[has_ink[index].any(axis=axis).sum() for axis in (1, 0)] for index in range(len(images))])


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_every_corruption_is_deterministic_and_changes_most_images(name):
    images = corrupt(IMAGES, name)
    assert images.shape == IMAGES.shape and images.dtype == np.uint8
    np.testing.assert_array_equal(images, corrupt(IMAGES, name))
    assert (images != IMAGES).any(axis=(1, 2)).mean() > 0.7


def test_strengths_of_corruptions():
    centers = [np.array(np.nonzero(image > 99)).mean(axis=1) for image in corrupt(IMAGES, "shift")]
    moved = np.linalg.norm(np.array(centers) - (13.5, 11.5), axis=1)
    assert moved.min() > 2.4 and moved.max() < 3.6
    assert set(np.round(spans(corrupt(IMAGES, "scale"))[:, 0] / 20, 1)) <= {0.6, 0.7, 1.3, 1.4}
    assert spans(corrupt(IMAGES, "thick")).tolist() == [[22, 6]] * 40
    assert np.all(spans(corrupt(IMAGES, "rotation"))[:, 1] > 8)
    assert np.all(spans(corrupt(IMAGES, "shear"))[:, 1] > 8)
    assert np.all(corrupt(IMAGES, "inverted") == 255 - IMAGES)
    assert corrupt(IMAGES, "brightness").min() == 102
    assert 50 < (corrupt(np.full_like(IMAGES, 127), "noise") - 127.0).std() < 70
    assert corrupt(IMAGES, "stripes")[0, ::6].min() == 160
    assert corrupt(IMAGES, "blur").max() < IMAGES.max()
    assert corrupt(IMAGES, "thin").sum() < IMAGES.sum()
    assert ((IMAGES > 0).sum() - (corrupt(IMAGES, "occlusion") > 0).sum()) > 0


def test_corruption_accuracy_covers_every_corruption():
    labels = np.arange(40) % 2

    def predict(images):
        # Correct on dark backgrounds only.
        correct = np.eye(10)[labels]
        return correct if images[0, 0, 0] < 50 else 1 - correct

    accuracies = corruption_accuracy(predict, IMAGES, labels)
    assert list(accuracies) == ["none", *CORRUPTIONS]
    assert accuracies["none"] == accuracies["shift"] == 1
    assert accuracies["inverted"] == accuracies["brightness"] == 0
    figure = robustness_figure(accuracies, IMAGES, "title")
    assert len(figure.axes) == 26
    # Beside its bar, which may be too short for it.
    values = [axes.texts[0].get_text() for axes in figure.axes[1::2]]
    assert values == [f"{100 * accuracy:.2f}" for accuracy in accuracies.values()]
