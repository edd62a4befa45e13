from mnist_keras.data.augmentation.config import Augmentation
from mnist_keras.recipes import RECIPES


def test_half_of_an_augmentation_has_half_of_every_range():
    half = Augmentation(rotation=12, shear=20, scale=(0.8, 1.1), stroke_width=(-1.2, 2.0), contrast=0.2).halved()
    assert half == Augmentation(rotation=6, shear=10, scale=(0.9, 1.05), stroke_width=(-0.6, 1.0), contrast=0.1)
    assert Augmentation().halved() == Augmentation()
    for recipe in RECIPES.values():
        if recipe.augmentation:
            assert recipe.augmentation.halved().has_degradation == recipe.augmentation.has_degradation
