"""The names of `mnist_keras`: lazy at run time, typed for users, and found by an editable install."""

import ast
import importlib
import pathlib
import subprocess
import sys

import pytest

import mnist_keras

TYPED = """
import mnist_keras

reveal_type(mnist_keras.train)
reveal_type(mnist_keras.load_image)
reveal_type(mnist_keras.Recipe(name="x", summary="", network="cnn").epochs)
mnist_keras.nonsense
"""


def test_type_checkers_see_the_names_of_the_lazy_import():
    tree = ast.parse(pathlib.Path(mnist_keras.__file__).read_text())
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module != "typing"]
    typed = {alias.asname: node.module for node in imports for alias in node.names}
    assert typed == mnist_keras._MODULES
    assert mnist_keras.__all__ == sorted(typed)


@pytest.mark.parametrize("name", mnist_keras.__all__)
def test_every_public_name_can_be_imported(name):
    value = getattr(mnist_keras, name)
    assert value is getattr(importlib.import_module(mnist_keras._MODULES[name]), name)
    assert name == "RECIPES" or value.__doc__
    assert name in dir(mnist_keras)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'mnist_keras' has no attribute 'nonsense'"):
        _ = mnist_keras.nonsense


def test_mypy_reveals_the_types_of_public_names(tmp_path, pytestconfig):
    (tmp_path / "typed.py").write_text(TYPED)
    cache = pytestconfig.cache.mkdir("mypy")
    command = [sys.executable, "-m", "mypy", f"--cache-dir={cache}", "typed.py"]
    output = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False).stdout
    train, load_image, epochs, unknown, summary = output.splitlines()
    assert "(recipe: " in train and "mnist_keras.recipes.recipe.Recipe" in train
    assert train.endswith('-> mnist_keras.training.train.TrainingResult"')
    assert "-> numpy.ndarray[" in load_image
    # "builtins.int" in older versions of mypy.
    assert epochs.endswith('int"')
    assert unknown == 'typed.py:7: error: Module has no attribute "nonsense"  [attr-defined]'
    assert summary.startswith("Found 1 error")


def test_an_empty_folder_of_the_same_name_does_not_hide_the_package(tmp_path):
    # A clone's parent folder contains the clone, a folder `mnist_keras` without __init__.py. An editable install by an
    # import hook, setuptools' default for complex layouts, would lose to it.
    (tmp_path / "mnist_keras").mkdir()
    code = "import sys, mnist_keras; print(mnist_keras.__version__, 'numpy' in sys.modules)"
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert result.stdout.split() == [mnist_keras.__version__, "False"]
