import keras
import numpy as np
import pytest

from mnist_keras.errors import InputError
from mnist_keras.models import BUILDERS, build_model
from mnist_keras.recipes import RECIPES, get_recipe
from mnist_keras.recipes.recipe import NETWORKS

PARAMETERS = {
    "linear": 7_850,
    "mlp": 101_770,
    "cnn": 1_111_946,
    "cnn_3x3": 34_826,
    "cnn_augmented": 12_364,
    "lenet_dropout": 10_592,
    "cnn_robust": 72_666,
    "compact_1k": 1_498,
    "compact_6k": 4_042,
    "compact_10k": 6_722,
    "accurate": 289_322,
    "ensemble": 867_966,
    "fast_990": 131_690,
    "fast_994": 112_874,
    "stack_0": 7_850,
    "stack_1": 3_985,
    "stack_2": 4_780,
    "stack_3": 5_575,
    "stack_4": 6_370,
    "stack_5": 7_165,
    "stack_6": 7_960,
    "stack_7": 79_510,
    "stack_8": 89_610,
    "stack_9": 99_710,
    "stack_10": 109_810,
}


def trainable(model):
    return sum(int(np.prod(variable.shape)) for variable in model.trainable_variables)


def test_every_recipe_has_its_number_of_parameters_above():
    assert PARAMETERS.keys() == RECIPES.keys()


def test_every_network_has_a_builder():
    assert tuple(BUILDERS) == NETWORKS


@pytest.mark.parametrize("name", RECIPES)
def test_parameters_input_and_output(name):
    model = build_model(name)
    assert trainable(model) == PARAMETERS[name]
    assert model.input_shape == (None, 28, 28, 1)
    assert model.output_shape == (None, 10)
    assert model.output_names == ["logits"]
    # Images with and without a channel axis.
    pixels = np.full((2, 28, 28), 255, np.uint8)
    np.testing.assert_array_equal(model(pixels), model(pixels[..., np.newaxis].astype("float32")))


@pytest.mark.parametrize("name", ["linear", "mlp", "cnn_augmented", "compact_1k", "lenet_dropout"])
@pytest.mark.parametrize("classes", [2, 1000])
def test_any_number_of_classes(name, classes):
    model = build_model(name, classes=classes)
    assert model.output_shape == (None, classes)
    assert model(np.zeros((1, 28, 28))).shape == (1, classes)


def test_an_ensemble_of_any_number_of_classes():
    assert build_model(get_recipe("linear", ensemble_size=2), classes=47).output_shape == (None, 47)


@pytest.mark.parametrize("classes", [1, 1001, 2.0, True])
def test_other_numbers_of_classes_raise_input_error(classes):
    with pytest.raises(InputError, match=f"classes must be a whole number from 2 to 1000. Received: classes={classes}"):
        build_model("linear", classes=classes)


@pytest.mark.parametrize(("name", "pixel", "scaled"), [("cnn", 255, 1.0), ("stack_0", 0, -0.1307 / 0.3081)])
def test_the_first_layer_scales_the_pixels(name, pixel, scaled):
    model = build_model(name)
    first = keras.Model(model.input, model.layers[1].output)
    np.testing.assert_allclose(first(np.full((1, 28, 28, 1), pixel)), scaled, rtol=1e-5)


def test_the_weights_of_linear_start_at_zero():
    assert not np.any(build_model("linear")(np.full((1, 28, 28, 1), 200)))


def test_a_stack_of_linear_layers_is_one_linear_map():
    model = build_model("stack_10")
    black, a, b = np.zeros((1, 28, 28)), np.full((1, 28, 28), 50.0), np.eye(28)[np.newaxis] * 100
    outputs = [np.asarray(model(x)) for x in (black, a, b, a + b)]
    np.testing.assert_allclose(outputs[1] + outputs[2] - outputs[0], outputs[3], atol=1e-4)


def test_mixed_precision_keeps_weights_and_logits_in_float32():
    model = build_model("cnn_augmented", dtype="mixed_bfloat16")
    assert {variable.dtype for variable in model.variables if "seed" not in variable.path} == {"float32"}
    assert model(np.zeros((1, 28, 28, 1))).dtype == "float32"
    assert model.layers[2].compute_dtype == "bfloat16"
    assert keras.config.dtype_policy().name == "float32"


@pytest.mark.parametrize("options", [{"depth": 3}, {"dropout": 2.0}, {"filters": 3}])
def test_invalid_network_options_raise_input_error(options):
    with pytest.raises(
        InputError, match="'cnn' cannot be built with these options. Expected some of: filters, kernel_size"
    ):
        build_model(get_recipe("cnn", network_options=options))
