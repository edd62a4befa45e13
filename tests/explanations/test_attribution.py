import keras
import numpy as np
import pytest

from mnist_keras.errors import InputError
from mnist_keras.explanations.attribution import (
    check_image,
    check_returns_logits,
    integrated_gradients,
    occlusion,
    predict_logits,
)


def test_integrated_gradients_of_a_linear_model_are_weight_times_pixel(linear_model, templates, tiny):
    image = tiny.test_images[3]
    found = integrated_gradients(linear_model, image, 3)
    assert found.shape == (28, 28)
    assert found == pytest.approx(templates[3] * image, abs=1e-5)


def test_integrated_gradients_add_up_to_the_difference_of_the_logits(small_cnn, tiny):
    for image in tiny.test_images[:3]:
        logits = predict_logits(small_cnn, np.stack([image, np.zeros_like(image)]))[:, 5]
        found = integrated_gradients(small_cnn, image, 5)
        assert found.sum() == pytest.approx(logits[0] - logits[1], rel=0.02, abs=1e-3)
        assert (found[image == 0] == 0).all()


def test_occlusion_is_the_fall_of_the_logit_where_the_square_hides_ink(linear_model, templates, tiny):
    image = tiny.test_images[3]
    found = occlusion(linear_model, image, 3)
    contributions = templates[3] * image
    assert found[10, 12] == pytest.approx(contributions[8:13, 10:15].sum(), abs=1e-4)
    # At the border, the part of the square inside the image.
    assert found[0, 27] == pytest.approx(contributions[:3, 25:].sum(), abs=1e-4)
    assert found.shape == (28, 28)


@pytest.mark.parametrize("image", [np.zeros((28, 28)), np.zeros((1, 28, 28), np.uint8), [[0]]])
def test_other_images_are_refused(image):
    with pytest.raises(InputError, match="uint8 image of shape"):
        check_image(image)


def test_a_model_of_probabilities_is_refused():
    model = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(10, "softmax")])
    with pytest.raises(InputError, match="mine cannot be explained. Expected: a model of this package"):
        check_returns_logits(model, "mine")
