import json

import pytest

from mnist_keras.distribution.workers import Worker, current_worker
from mnist_keras.errors import InputError


def config(index=0, kind="worker", **cluster):
    return json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (config(0, worker=["a:1", "b:1"]), Worker(0, 2)),
        (config(1, worker=["a:1", "b:1"]), Worker(1, 2)),
        (config(0, "chief", chief=["c:1"], worker=["a:1", "b:1"]), Worker(0, 3)),
        (config(1, chief=["c:1"], worker=["a:1", "b:1"]), Worker(2, 3)),
        (config(0, worker=["a:1"]), None),
        (None, None),
    ],
)
def test_tf_config_names_the_workers(monkeypatch, value, expected):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    if value:
        monkeypatch.setenv("TF_CONFIG", value)
    assert current_worker("auto") == expected
    assert current_worker("mirrored") is current_worker("one_device") is None


def tfjob(kind, index, **replicas):
    """TF_CONFIG as the operator of TFJob sets it: the host names of its services, and the environment "cloud"."""
    cluster = {name: [f"digits-{name}-{i}.ml.svc:2222" for i in range(count)] for name, count in replicas.items()}
    return json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}, "environment": "cloud"})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (tfjob("worker", 0, worker=2), Worker(0, 2)),
        (tfjob("worker", 1, worker=2), Worker(1, 2)),
        (tfjob("chief", 0, chief=1, worker=2), Worker(0, 3)),
        (tfjob("worker", 0, chief=1, worker=2), Worker(1, 3)),
        (tfjob("worker", 1, chief=1, worker=2), Worker(2, 3)),
        (tfjob("worker", 0, worker=1), None),
    ],
)
def test_tfjob_names_the_workers(monkeypatch, value, expected):
    monkeypatch.setenv("TF_CONFIG", value)
    assert current_worker("auto") == expected


@pytest.mark.parametrize(
    ("value", "others"),
    [
        (tfjob("worker", 0, worker=2, ps=1), "ps"),
        (tfjob("ps", 0, worker=2, ps=1), "ps"),
        (tfjob("evaluator", 0, worker=2), "evaluator"),
        (tfjob("chief", 0, chief=1, worker=1, evaluator=1, ps=2), "evaluator, ps"),
    ],
)
def test_parameter_servers_and_evaluators_are_refused(monkeypatch, value, others):
    monkeypatch.setenv("TF_CONFIG", value)
    with pytest.raises(InputError, match=f"TF_CONFIG may have a chief and workers alone. Received: {others}. Remove"):
        current_worker("auto")


def test_the_first_worker_is_the_chief(monkeypatch):
    assert [Worker(index, 3).is_chief for index in range(3)] == [True, False, False]
    monkeypatch.setenv("TF_CONFIG", config(0, worker=["a:1"]))
    assert current_worker("multi_worker") == Worker(0, 1)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "{",
        "[]",
        "{}",
        config(2, worker=["a:1", "b:1"]),
        config(0, "ps", worker=["a:1"]),
        '{"task": {"index": "x"}}',
        '{"cluster": {"worker": 3}, "task": {"type": "worker", "index": 0}}',
        '{"task": {"type": "worker", "index": 1e400}}',
        "[" * 100_000,
    ],
)
def test_an_invalid_tf_config_raises(monkeypatch, value):
    monkeypatch.setenv("TF_CONFIG", value)
    with pytest.raises(InputError, match="TF_CONFIG"):
        current_worker("multi_worker")
