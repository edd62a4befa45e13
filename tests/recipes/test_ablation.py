from mnist_keras.recipes import get_recipe
from mnist_keras.recipes.ablation import ablations
from mnist_keras.recipes.own import CNN_ROBUST
from mnist_keras.recipes.published import CNN


def test_each_ablation_omits_one_ingredient():
    recipe = get_recipe("cnn_robust", warmup_fraction=0.1, label_smoothing=0.1, optimizer="adamw", weight_decay=0.01)
    first, *variants = ablations(recipe)
    assert first is recipe
    without = {variant.name.removeprefix("cnn_robust-without-"): variant for variant in variants}
    assert without.keys() == {
        "warmup_fraction",
        "weight_decay",
        "schedule",
        "label_smoothing",
        "augmentation",
        "dropout",
        "elastic",
        "shear",
    }
    assert without["augmentation"].augmentation is None
    assert (without["elastic"].augmentation.elastic, without["elastic"].augmentation.shear) == (0, 20)
    assert without["dropout"].network_options == {**CNN_ROBUST.network_options, "dropout": 0.0}
    assert (without["schedule"].schedule, without["schedule"].warmup_fraction) == ("constant", 0.1)


def test_unused_ingredients_have_no_variant():
    assert [variant.name for variant in ablations(CNN)] == ["cnn", "cnn-without-dropout"]
