import pytest

from mnist_keras import atomic
from mnist_keras.atomic import exchange


@pytest.fixture(params=["renameat2", "three renames"])
def method(request, monkeypatch):
    if request.param == "three renames":
        monkeypatch.setattr(atomic, "_renameat2_exchange", lambda *_: False)


@pytest.fixture
def folders(tmp_path):
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    return tmp_path / "one", tmp_path / "other"


def test_two_folders_exchange_names(method, folders):
    one, other = folders
    exchange(one, other)
    assert (one / "other").exists()
    assert (other / "one").exists()
    assert sorted(path.name for path in one.parent.iterdir()) == ["one", "other"]


def test_a_failure_leaves_both_folders(method, folders):
    one, other = folders
    with pytest.raises(FileNotFoundError):
        exchange(one.with_name("missing"), other)
    assert (other / "other").exists()
    assert sorted(path.name for path in one.parent.iterdir()) == ["one", "other"]
