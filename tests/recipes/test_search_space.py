"""Search spaces: what a user can write, what is refused, and the recipes of a space."""

import pytest

from mnist_keras.data.augmentation.config import Augmentation
from mnist_keras.errors import InputError
from mnist_keras.recipes import RECIPES, get_recipe
from mnist_keras.recipes.search_space import default_space, parse_space

TEXT = (
    "learning_rate=log(1e-4,1e-2), batch_size = choice(64,128,256),optimizer=choice(adam,'adamw'), "
    "augmentation.rotation=uniform(0,20), augmentation.scale=choice((.9,1.1),(.8,1.2)), "
    "network_options.dense_units=integer(32,128)"
)


def test_a_sample_of_a_space_gives_a_recipe():
    space = parse_space(TEXT)
    sampled = {"learning_rate": 0.00123456, "batch_size": "64", "optimizer": "'adamw'", "augmentation.rotation": 7.5}
    sampled |= {"augmentation.scale": "(0.8, 1.2)", "network_options.dense_units": 48}
    recipe = space.recipe(get_recipe("cnn", augmentation={"shift": 0.1}), sampled)
    assert (recipe.learning_rate, recipe.batch_size, recipe.optimizer) == (0.001235, 64, "adamw")
    assert recipe.augmentation == Augmentation(rotation=7.5, shift=0.1, scale=(0.8, 1.2))
    assert recipe.network_options == {**RECIPES["cnn"].network_options, "dense_units": 48}
    assert space.recipe(recipe, space.sample_of(recipe)) == recipe


def test_the_text_of_a_space_is_a_space():
    assert parse_space(str(parse_space(TEXT))) == parse_space(TEXT)


def test_rounding_stays_inside_the_limits():
    space = parse_space("momentum=uniform(0.1,0.99999), learning_rate=log(0.12344,1)")
    recipe = space.recipe(get_recipe("linear"), {"momentum": 0.99999, "learning_rate": 0.12344})
    assert (recipe.momentum, recipe.learning_rate) == (0.99999, 0.12344)


def test_a_recipe_outside_of_a_space_has_no_sample():
    space = parse_space("learning_rate=log(1e-4,1e-2)")
    assert space.sample_of(get_recipe("cnn", learning_rate=0.1)) is None
    assert space.sample_of(get_recipe("cnn", learning_rate=0.01)) == {"learning_rate": 0.01}
    assert parse_space("network_options.dropout=uniform(0,.5)").sample_of(RECIPES["compact_1k"]) is None


FORM = r"A search space is FIELD=log\(LOW,HIGH\), uniform\(LOW,HIGH\), .* Received: "


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", FORM),
        ("learning_rate", FORM),
        ("learning_rate=0.1", FORM),
        ("learning_rate=log", FORM),
        ("learning_rate=normal(0,1)", FORM),
        ("learning_rate=log(low=1,high=2)", FORM),
        ("learning_rate=log(1e-4,1e-2", FORM),
        ("learning_rate=log(1e-4,1e-2) batch_size=choice(1,2)", FORM),
        ("learning_rate=choice(__import__('os').getpid(),1)", FORM),
        ("**choice(1,2)", FORM),
        ("(" * 2000, FORM),
        ("learning_rat=log(1e-4,1e-2)", "A search cannot vary 'learning_rat'. Expected one of: network, mean, "),
        ("name=choice(a,b)", "A search cannot vary 'name'"),
        ("ensemble_size=choice(1,2)", "A search cannot vary 'ensemble_size'"),
        ("augmentation=choice(1,2)", "A search cannot vary 'augmentation'"),
        ("optimizer.beta=uniform(0,1)", "A search cannot vary 'optimizer.beta'"),
        ("learning_rate=log(0,1)", r"learning_rate: log takes two numbers, 0 < LOW < HIGH. Received: log\(0.0,1.0\)"),
        ("learning_rate=log(1e-3)", "log takes two numbers"),
        ("momentum=uniform(.9,.1)", "uniform takes two numbers, LOW < HIGH"),
        ("momentum=uniform(0,1e999)", "uniform takes two numbers, LOW < HIGH"),
        ("momentum=uniform(a,b)", "uniform takes two numbers, LOW < HIGH"),
        ("epochs=integer(1.0,3)", "integer takes two whole numbers"),
        ("batch_size=choice(64)", "choice takes at least two different values"),
        ("learning_rate=choice(1,1.0)", "choice takes at least two different values"),
        ("epochs=integer(1,2), epochs=integer(1,3)", "epochs twice"),
    ],
)
def test_wrong_texts_are_refused(text, message):
    with pytest.raises(InputError, match=message):
        parse_space(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("label_smoothing=uniform(0,1)", r"an invalid recipe, with label_smoothing=1.0: label_smoothing must be at"),
        ("batch_size=uniform(64,128)", "batch_size must be a whole number from 0 to 10,000,000. Received: .*64.0"),
        ("epochs=integer(0,3)", "epochs must be a whole number from 1"),
        ("learning_rate=choice(.1,fast)", "learning_rate must be a positive number"),
        ("augmentation.rotation=uniform(0,200)", "rotation must be from 0 to 180"),
        ("augmentation.turn=uniform(0,20)", "augmentation has no field 'turn'"),
        ("augmentation.scale=uniform(.9,1.1)", "scale must be two factors"),
        # Each field alone is valid.
        ("mean=uniform(0,.1), momentum=uniform(0,.9), optimizer=choice(sgd,adam)", "momentum must be 0 unless"),
    ],
)
def test_a_space_with_an_invalid_corner_is_refused(text, message):
    with pytest.raises(InputError, match=message):
        list(parse_space(text).corners(get_recipe("cnn", optimizer="sgd")))


@pytest.mark.parametrize("name", RECIPES)
def test_the_default_space_of_each_recipe_is_valid_and_contains_it(name):
    recipe = RECIPES[name]
    space = default_space(recipe)
    assert {"learning_rate", "label_smoothing"} < set(space.dimensions)
    assert len(list(space.corners(recipe))) > 10
    assert space.sample_of(recipe)


def test_fixed_fields_are_not_in_the_default_space():
    space = default_space(RECIPES["compact_1k"], {"learning_rate", "augmentation"})
    assert set(space.dimensions) == {"weight_decay", "label_smoothing", "batch_size"}
