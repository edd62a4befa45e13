from mnist_keras.recipes import get_recipe
from mnist_keras.recipes.ablation import ablations
from mnist_keras.recipes.own import CNN_ROBUST
from mnist_keras.recipes.published import CNN


def test_each_variant_lacks_one_thing():
    recipe = get_recipe("cnn_robust", warmup_fraction=0.1, label_smoothing=0.1, optimizer="adamw", weight_decay=0.01)
    whole, *variants = ablations(recipe)
    assert whole is recipe
    lacks = {variant.name.removeprefix("cnn_robust-without-"): variant for variant in variants}
    assert lacks.keys() == {
        "warmup_fraction",
        "weight_decay",
        "schedule",
        "label_smoothing",
        "augmentation",
        "dropout",
        "elastic",
        "shear",
    }
    assert lacks["augmentation"].augmentation is None
    assert (lacks["elastic"].augmentation.elastic, lacks["elastic"].augmentation.shear) == (0, 20)
    assert lacks["dropout"].network_options == {**CNN_ROBUST.network_options, "dropout": 0.0}
    assert (lacks["schedule"].schedule, lacks["schedule"].warmup) == ("constant", 0.1)


def test_what_a_recipe_does_not_have_is_not_left_out():
    assert [variant.name for variant in ablations(CNN)] == ["cnn", "cnn-without-dropout"]
