import json

import numpy as np
import pytest

from mnist_keras.errors import InputError
from mnist_keras.explanations.attribution import predict_logits
from mnist_keras.explanations.explanation import explain_prediction
from mnist_keras.explanations.features import TrainingFeatures


def test_an_explanation_is_of_the_predicted_class(linear_model, templates, tiny):
    image = tiny.test_images[6]
    found = explain_prediction(linear_model, image, TrainingFeatures(linear_model, tiny))
    logits = predict_logits(linear_model, np.stack([image, np.zeros_like(image)]))
    order = logits[0].argsort()
    assert (found.prediction, found.second_guess) == (order[-1], order[-2]) == (6, found.adversarial.prediction)
    assert found.probabilities == pytest.approx(np.exp(logits[0]) / np.exp(logits[0]).sum(), rel=1e-4)
    assert found.integrated_gradients == pytest.approx(templates[6] * image, abs=1e-5)
    assert found.logit_difference == pytest.approx(logits[0, 6] - logits[1, 6])
    assert abs(found.completeness_error) < 1e-3
    assert found.neighbors.labels.tolist() == [6] * 5


def test_an_explanation_becomes_json(linear_model, tiny):
    names = [f"class {index}" for index in range(10)]
    found = explain_prediction(linear_model, tiny.test_images[6], class_names=names)
    content = json.loads(json.dumps(found.to_dict()))
    assert content["prediction"] == "class 6"
    assert content["nearest_training_images"] is None
    assert np.shape(content["integrated_gradients"]["pixels"]) == (28, 28)
    assert content["smallest_change"]["l2_norm"] == round(found.adversarial.l2_norm, 4)


def test_names_of_another_number_of_classes_are_refused(linear_model, tiny):
    with pytest.raises(InputError, match="Expected: 10 names for the model linear. Received: 2"):
        explain_prediction(linear_model, tiny.test_images[6], class_names=["a", "b"])
