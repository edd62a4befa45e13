"""Training configurations as data: published systems and our own networks. Must not import TensorFlow."""

from mnist_keras.recipes.recipe import Recipe
from mnist_keras.recipes.registry import GROUPS, RECIPES, STACK, expand_names, get_recipe

__all__ = ["GROUPS", "RECIPES", "STACK", "Recipe", "expand_names", "get_recipe"]
