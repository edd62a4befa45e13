import dataclasses

import keras
import numpy as np
import pytest

from mnist_keras.errors import InputError
from mnist_keras.explanations.features import TrainingFeatures, feature_map, penultimate_model, predict_features
from mnist_keras.models import build_model
from mnist_keras.models.builder import ensemble_model


@pytest.mark.parametrize(("name", "count"), [("compact_1k", 14), ("linear", 784), ("mlp", 128), ("cnn_augmented", 90)])
def test_features_are_the_inputs_of_the_last_layer(name, count, tiny):
    model = build_model(name)
    features = penultimate_model(model)
    assert features.output_shape == (None, count)


def test_the_last_layer_maps_features_to_logits(small_cnn, tiny):
    features = predict_features(penultimate_model(small_cnn), tiny.test_images)
    kernel, bias = small_cnn.layers[-1].get_weights()
    logits = predict_features(small_cnn, tiny.test_images)
    assert features @ kernel + bias == pytest.approx(logits, abs=1e-4)


def test_an_ensemble_has_the_features_of_all_members(tiny):
    members = [build_model(dataclasses.replace(get("mlp"), name=f"member_{index}")) for index in range(2)]
    features = predict_features(penultimate_model(ensemble_model(members, "both")), tiny.test_images)
    single = [predict_features(penultimate_model(member), tiny.test_images) for member in members]
    assert features == pytest.approx(np.concatenate(single, axis=1), abs=1e-5)


def get(name):
    from mnist_keras.recipes import get_recipe

    return get_recipe(name)


def test_the_nearest_training_image_of_a_training_image_is_itself(linear_model, tiny):
    training = TrainingFeatures(linear_model, tiny)
    near = training.nearest(tiny.train_images[17], 4)
    assert near.indices[0] == 17
    assert near.distances[0] == 0
    assert (np.diff(near.distances) >= 0).all()
    # An image of the tiny digits is nearest to those of its class.
    assert near.labels.tolist() == [7] * 4
    assert (near.images == tiny.train_images[near.indices]).all()


def test_of_a_large_training_set_some_images_are_chosen(linear_model, tiny):
    training = TrainingFeatures(linear_model, tiny, 50)
    assert len(training) == 50
    near = training.nearest(tiny.test_images[0], 50)
    assert len(set(near.indices)) == 50
    # They are spread over the training set, which may be sorted by class.
    assert near.indices.max() > 100
    assert (near.images == tiny.train_images[near.indices]).all()


def test_another_number_of_classes_is_refused(tiny):
    model = build_model("linear", classes=3)
    with pytest.raises(InputError, match="Expected: 3 classes. Received: 10"):
        TrainingFeatures(model, tiny)
    with pytest.raises(InputError, match="maximum must be a whole number from 0. Received: maximum=-1"):
        TrainingFeatures(model, tiny, -1)


def test_the_map_keeps_classes_together(linear_model, tiny):
    found = feature_map(linear_model, tiny)
    assert found.pca.shape == found.tsne.shape == (30, 2)
    assert 0 < found.explained_variance < 1
    assert (found.labels == tiny.test_labels).all()
    assert (found.predictions == predict_features(linear_model, tiny.test_images).argmax(axis=1)).all()
    repeated = feature_map(linear_model, tiny)
    assert (repeated.tsne == found.tsne).all()
    assert len(feature_map(linear_model, tiny, 12).labels) == 12


def test_a_map_of_few_images_is_refused(linear_model, tiny):
    with pytest.raises(InputError, match="at least 10 test images. Received: 9"):
        feature_map(linear_model, tiny, 9)


def test_a_network_of_other_layers_has_features():
    pixels = keras.Input((28, 28, 1))
    hidden = keras.layers.Conv2D(4, 3)(pixels)
    model = keras.Model(pixels, keras.layers.Dense(10, name="logits")(keras.layers.Flatten()(hidden)))
    assert penultimate_model(model).output_shape == (None, 26 * 26 * 4)
