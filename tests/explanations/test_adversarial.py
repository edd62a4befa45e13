import numpy as np
import pytest

from mnist_keras.explanations.adversarial import find_adversarial
from mnist_keras.explanations.attribution import predict_logits


def test_the_change_of_a_linear_model_is_near_the_smallest(linear_model, templates, tiny):
    image = tiny.test_images[3]
    logits = predict_logits(linear_model, image[np.newaxis])[0]
    second, first = logits.argsort()[-2:]
    found = find_adversarial(linear_model, image, int(second))
    direction = templates[second] - templates[first]
    # Without the limits of pixels, which only make it larger.
    smallest = (logits[first] - logits[second]) / np.linalg.norm(direction) / 255
    # That of a change in the same direction which only pixels inside the limits can take part in.
    free = direction[~((image == 0) & (direction < 0))]
    largest = (logits[first] - logits[second]) / np.linalg.norm(free) / 255
    assert 0.99 * smallest <= found.l2_norm <= 1.1 * largest


@pytest.mark.parametrize("number", [0, 3, 8])
def test_the_changed_image_is_predicted_as_the_target_and_holds_whole_pixels(linear_model, tiny, number):
    image = tiny.test_images[number]
    target = int(predict_logits(linear_model, image[np.newaxis])[0].argsort()[-2])
    found = find_adversarial(linear_model, image, target)
    assert found.image.dtype == np.uint8
    logits = predict_logits(linear_model, found.image[np.newaxis])[0]
    assert logits.argmax() == found.prediction == target
    assert found.probability == pytest.approx(np.exp(logits[target]) / np.exp(logits).sum(), rel=1e-4)
    assert (image + found.perturbation == found.image).all()
    assert found.max_norm == np.abs(found.image.astype(int) - image).max() / 255
    assert found.l2_norm == pytest.approx(np.sqrt(((found.image.astype(float) - image) ** 2).sum()) / 255)


def test_none_is_returned_if_no_change_reaches_the_class(linear_model, tiny):
    model = type(linear_model).from_config(linear_model.get_config())
    # Nothing depends on the pixels, and class 3 is always predicted.
    kernel, bias = linear_model.get_weights()
    model.set_weights([np.zeros_like(kernel), np.eye(10, dtype=np.float32)[3]])
    assert find_adversarial(model, tiny.test_images[3], 4) is None
