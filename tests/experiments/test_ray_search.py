"""Searches by Ray Tune on tiny digits. The tests share one local cluster."""

import json
import os

import pytest

pytest.importorskip("ray")
pytest.importorskip("optuna")

import ray
from unreadable_test_set import with_unreadable_test_set

from mnist_keras.data import split_validation
from mnist_keras.errors import InputError
from mnist_keras.evaluation.trial_order import best_trial, objective
from mnist_keras.experiments.ray_search import Resources, run_search
from mnist_keras.experiments.search import Search
from mnist_keras.recipes import get_recipe
from mnist_keras.recipes.search_space import parse_space

pytestmark = [pytest.mark.slow, pytest.mark.long]

# The recipe's own learning rate is outside; the loss of every other trial is not finite.
FAILING = "learning_rate=choice(1e30,1e32)"


@pytest.fixture(scope="module", autouse=True)
def cluster():
    # Ray lowers the priority of its workers, which would wait for other programs of the machine.
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0"}
    ray.init("local", num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=100_000_000)
    yield
    ray.shutdown()


def search(space, epochs=3):
    digits = split_validation(with_unreadable_test_set(), 30)
    return Search(get_recipe("mlp", epochs=epochs, batch_size=30, learning_rate=1e-3), parse_space(space), digits)


def test_the_best_recipe_is_no_worse_than_the_default_one_and_the_search_resumes(tmp_path, capsys):
    resources = Resources(workers=2)
    first = run_search(tmp_path, search("learning_rate=log(1e-4,1)"), 3, resources)
    assert [row["trial"] for row in first] == [1, 2, 3]
    assert first[0]["sampled"] == {} and first[0]["epochs"] == 3
    assert capsys.readouterr().out.count("validation accuracy") == 3
    rows = run_search(tmp_path, search("learning_rate=log(1e-4,1)"), 4, resources)
    assert rows[:3] == first
    assert len({row["sampled"].get("learning_rate") for row in rows}) == 4
    assert objective(best_trial(rows)) <= objective(rows[0])
    # The same command again trains nothing.
    capsys.readouterr()
    assert run_search(tmp_path, search("learning_rate=log(1e-4,1)"), 4, resources) == rows
    assert capsys.readouterr().out == ""
    with pytest.raises(InputError, match="already holds another search: space is 'learning_rate=log"):
        run_search(tmp_path, search("learning_rate=log(1e-4,.1)"), 4, resources)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lock", "search.json"]


def test_failed_trials_are_rows_and_do_not_end_the_search(tmp_path):
    rows = run_search(tmp_path, search(FAILING, epochs=1), 3, Resources(workers=1))
    assert [row["error"][:25] for row in rows] == ["", "Training diverged in step", "Training diverged in step"]
    assert rows[1]["misclassified"] is None and not rows[1]["stopped_early"]
    assert best_trial(rows)["trial"] == 1
    assert json.loads((tmp_path / "search.json").read_text())["trials"] == rows
