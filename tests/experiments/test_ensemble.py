import dataclasses

import numpy as np
import pytest

from mnist_keras.experiments import train_run as train_run_module
from mnist_keras.experiments.run_folder import read_run
from mnist_keras.experiments.train_run import ensemble_members, train_run
from mnist_keras.export.export import export_run
from mnist_keras.files import read_rows
from mnist_keras.inference.predictor import load_predictor
from mnist_keras.recipes import get_recipe

pytestmark = pytest.mark.usefixtures("without_figures")


def names_and_seeds(recipe, seed):
    return [(member.name, number) for member, number in ensemble_members(recipe, seed)]


def test_no_two_ensembles_share_a_member():
    recipe = get_recipe("cnn", ensemble_size=3)
    assert names_and_seeds(recipe, 0) == [("cnn", 0), ("cnn", 1), ("cnn", 2)]
    assert names_and_seeds(recipe, 1) == [("cnn", 3), ("cnn", 4), ("cnn", 5)]


def test_a_member_that_equals_a_recipe_has_its_name():
    assert names_and_seeds(dataclasses.replace(get_recipe("mlp"), name="mine", ensemble_size=2), 0)[0] == ("mlp", 0)
    changed = dataclasses.replace(get_recipe("mlp", epochs=3), name="mine", ensemble_size=2)
    assert names_and_seeds(changed, 0)[0] == ("mine_member", 0)


@pytest.fixture
def trained(monkeypatch):
    """Recipes and seeds that were really trained."""
    names, real = [], train_run_module.train

    def counting(recipe, digits, seed, options, *rest):
        names.append((recipe.name, seed))
        return real(recipe, digits, seed, dataclasses.replace(options, verbose=False), *rest)

    monkeypatch.setattr(train_run_module, "train", counting)
    return names


def test_an_ensemble_averages_its_members(tiny, tmp_path, trained):
    recipe = dataclasses.replace(
        get_recipe("stack_7", epochs=9, batch_size=20, learning_rate=0.02), name="three", ensemble_size=3
    )
    digest = train_run(tmp_path / "three-seed-1", recipe, tiny, seed=1)
    assert trained == [("three_member", 3), ("three_member", 4), ("three_member", 5)]
    members = [load_predictor(tmp_path / f"three_member-seed-{seed}").predict(tiny.test_images) for seed in (3, 4, 5)]
    assert np.abs(members[0] - members[1]).max() > 0.01
    received = load_predictor(tmp_path / "three-seed-1").predict(tiny.test_images)
    np.testing.assert_allclose(received, np.mean(members, axis=0), atol=1e-5)
    config, report = read_run(tmp_path / "three-seed-1")
    assert report["parameters"] == 3 * 79_510
    memory = [read_run(tmp_path / f"three_member-seed-{n}")[1]["peak_memory"] for n in (3, 4, 5)]
    assert report["peak_memory"] == max(memory) > 0
    assert config["digest"] == digest
    assert config["training"]["members"] == [
        read_run(tmp_path / f"three_member-seed-{n}")[0]["digest"] for n in (3, 4, 5)
    ]
    losses = [read_rows(tmp_path / f"three_member-seed-{n}" / "history.csv")[8]["loss"] for n in (3, 4, 5)]
    assert np.isclose(read_rows(tmp_path / "three-seed-1" / "history.csv")[8]["loss"], np.mean(losses))
    # Nothing is trained twice.
    assert train_run(tmp_path / "three-seed-1", recipe, tiny, seed=1) == digest
    assert len(trained) == 3
    export_run(tmp_path / "three-seed-1", tmp_path / "export", tiny, ["float32", "int8"])
