import builtins
import json
import types

import pytest

from mnist_keras.errors import InputError
from mnist_keras.export.hub import front_matter, push_export, read_export
from mnist_keras.files import project_folder, sha256

MATTER = "license: apache-2.0\nmetrics:\n- accuracy"


@pytest.fixture
def export(tmp_path):
    """A folder that looks like an export with a TFLite file, a C source and a SavedModel, and a private file."""
    folder = tmp_path / "mine"
    (folder / "saved_model" / "variables").mkdir(parents=True)
    (folder / "saved_model" / "variables" / "variables.index").write_bytes(b"weights")
    for name in ("mnist.tflite", "mnist_model.c", "mnist_model.h", "labels.txt", "golden.json", "photo_of_me.png"):
        (folder / name).write_text(name)
    (folder / "README.md").write_text(f"---\n{MATTER}\n---\n\n# mine\n")
    files = {name: {"sha256": sha256(folder / name)} for name in ("saved_model", "mnist.tflite", "mnist_model.c")}
    (folder / "card.json").write_text(json.dumps({"files": files}))
    return folder


class FakeApi:
    def __init__(self, error=None):
        self.calls, self.error = [], error

    def create_repo(self, name, **options):
        self.calls.append(("create_repo", name, options))
        return f"https://huggingface.co/{name}"

    def upload_folder(self, **options):
        if self.error:
            raise self.error
        self.calls.append(("upload_folder", options))


@pytest.fixture
def hub(monkeypatch):
    """Replaces the client of Hugging Face and its token."""
    module = pytest.importorskip("huggingface_hub")
    api = FakeApi()
    monkeypatch.setattr(module, "HfApi", lambda: api)
    monkeypatch.setattr(module, "get_token", lambda: "hf_token")
    return types.SimpleNamespace(module=module, api=api)


def test_the_files_of_the_export_are_listed_and_no_others(export):
    assert [file.as_posix() for file in read_export(export)] == [
        *("README.md", "card.json", "labels.txt", "saved_model/variables/variables.index"),
        *("mnist.tflite", "mnist_model.c", "mnist_model.h", "golden.json"),
    ]
    assert front_matter(export) == MATTER


def test_an_export_is_uploaded_as_one_commit(export, hub):
    assert push_export(export, "user/digits", private=True) == "https://huggingface.co/user/digits"
    created, (_, upload) = hub.api.calls
    assert created == ("create_repo", "user/digits", {"private": True, "exist_ok": True})
    assert upload["repo_id"] == "user/digits" and upload["folder_path"] == export
    assert upload["allow_patterns"] == [file.as_posix() for file in read_export(export)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda folder: (folder / "card.json").unlink(), "is no export.*card.json is missing or damaged"),
        (lambda folder: (folder / "card.json").write_text('{"files": {"../x": {"sha256": ""}}}'), "is no export"),
        (lambda folder: (folder / "mnist.tflite").unlink(), "has no mnist.tflite"),
        (lambda folder: (folder / "mnist.tflite").write_text("other"), "SHA-256 differ"),
        (lambda folder: (folder / "saved_model" / "more").write_text("x"), "SHA-256 differ"),
        (lambda folder: (folder / "README.md").write_text("# mine\n"), "has no YAML"),
        (lambda folder: (folder / "README.md").unlink(), "README.md cannot be read"),
    ],
    ids=["no card", "foreign name", "missing", "replaced", "more", "no front matter", "no page"],
)
def test_what_is_no_intact_export_is_refused_before_any_request(export, hub, change, message):
    change(export)
    with pytest.raises(InputError, match=message):
        push_export(export, "user/digits")
    assert hub.api.calls == []


@pytest.mark.parametrize("name", ["digits", "user/", "a/b/c", "user/my digits", "-user/x", "user/a..b", "user/a--b"])
def test_a_wrong_name_of_a_repository_is_refused(export, hub, name):
    with pytest.raises(InputError, match="user/name"):
        push_export(export, name)
    assert hub.api.calls == []


def test_without_a_token_the_message_says_where_to_get_one(export, hub, monkeypatch):
    monkeypatch.setattr(hub.module, "get_token", lambda: None)
    with pytest.raises(InputError, match="HF_TOKEN.*settings/tokens"):
        push_export(export, "user/digits")
    assert hub.api.calls == []


def test_without_the_library_the_message_names_the_extra(export, monkeypatch):
    importing = builtins.__import__

    def refuse(name, *rest):
        if name.startswith("huggingface_hub"):
            raise ImportError(name)
        return importing(name, *rest)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(InputError, match=r"pip install -e '\.\[hub\]'"):
        push_export(export, "user/digits")


def test_an_error_of_the_network_or_the_server_is_one_message(export, hub):
    for error in (OSError("Name or service not known"), hub.module.errors.HTTPError("401 Unauthorized")):
        hub.api.error = error
        with pytest.raises(InputError, match=f"was not uploaded to user/digits: {error}"):
            push_export(export, "user/digits")


def test_every_shipped_export_can_be_uploaded():
    for card in project_folder("exported").glob("*/card.json"):
        names = [file.as_posix() for file in read_export(card.parent)]
        assert {"README.md", "card.json", "labels.txt", "golden.json", "golden.png"} < set(names)
        assert "saved_model/saved_model.pb" in names
