"""Uploads an export to a model repository of Hugging Face. Must not import TensorFlow."""

import os
import pathlib
import re
from typing import Any

from mnist_keras.errors import InputError, check
from mnist_keras.files import FORMAT_FILES, read_json, sha256
from mnist_keras.inference.class_names import LABELS_FILE

# user/name, as the Hub allows them.
_REPOSITORY = re.compile(r"(?!.*(--|\.\.))[A-Za-z0-9][\w.-]*/[A-Za-z0-9_][\w.-]*(?<![.-])")
_CARD, _PAGE = "card.json", "README.md"


def read_export(folder: str | os.PathLike) -> list[pathlib.Path]:
    """Returns the files of an export, relative to its folder, after a check of each SHA-256 that the card has.

    Other files of the folder are left out.

    Raises:
        InputError: the folder is no export, a file is missing, or a file is not the one that the card describes.
    """
    folder = pathlib.Path(folder)
    recorded = _recorded_hashes(folder)
    for name, expected in recorded.items():
        if not (folder / name).exists():
            raise InputError(f"{folder} has no {name}, which {_CARD} describes. Export the model again.")
        if sha256(folder / name) != expected:
            raise InputError(
                f"{folder / name} is not the file that {_CARD} describes: their SHA-256 differ. It is damaged or was "
                "replaced. Export the model again."
            )
    front_matter(folder)
    headers = [pathlib.Path(name).with_suffix(".h").name for name in recorded if name.endswith(".c")]
    paths = [folder / name for name in (_PAGE, _CARD, LABELS_FILE, *recorded, *headers)]
    files = [file for path in paths for file in (sorted(path.rglob("*")) if path.is_dir() else [path])]
    return [file.relative_to(folder) for file in [*files, *sorted(folder.glob("golden*"))] if file.is_file()]


def front_matter(folder: str | os.PathLike) -> str:
    """Returns the YAML at the head of an export's README.md, which Hugging Face reads.

    Raises:
        InputError: README.md is missing or has none.
    """
    page = pathlib.Path(folder, _PAGE)
    try:
        text = page.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise InputError(f"{page} cannot be read: {error}. Export the model again.") from error
    found = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
    if not found:
        raise InputError(f"{page} has no YAML between two lines --- at its head. Export the model again.")
    return found[1]


def push_export(folder: str | os.PathLike, repository: str, private: bool = False) -> str:
    """Uploads the files of an export as one commit and returns the address of the repository.

    A repository that does not exist is created. Files of an existing one are replaced, others stay.

    Args:
        folder: the export's folder.
        repository: user/name.
        private: whether a new repository is private.

    Raises:
        InputError: see `read_export`; `repository` is no such name; huggingface_hub is not installed; there is no
            token; the server cannot be reached or refuses the upload.
    """
    check_repository(repository)
    files = read_export(folder)
    hub = _import_hub()
    if not hub.get_token():
        raise InputError(
            "There is no token of Hugging Face. Expected: a token that may write, in the variable HF_TOKEN or from "
            "`hf auth login`. Create one at https://huggingface.co/settings/tokens. --dry_run needs none."
        )
    api, name = hub.HfApi(), pathlib.Path(folder).resolve().name
    try:
        url = api.create_repo(repository, private=private, exist_ok=True)
        api.upload_folder(
            repo_id=repository,
            folder_path=pathlib.Path(folder),
            allow_patterns=[file.as_posix() for file in files],
            commit_message=f"Upload {name}",
        )
    except (OSError, hub.errors.HTTPError) as error:
        raise InputError(
            f"{folder} was not uploaded to {repository}: {str(error).strip() or type(error).__name__}. Expected: a "
            "connection to https://huggingface.co and a token that may write to the repository. Run the command again."
        ) from error
    return str(url)


def check_repository(repository: str) -> None:
    """Raises InputError unless a name is as in user/name, with the characters that Hugging Face allows."""
    check(bool(_REPOSITORY.fullmatch(repository)), "a name as in user/name", "repository", repository)


def _recorded_hashes(folder: pathlib.Path) -> dict[str, str]:
    card = folder / _CARD
    try:
        hashes = {name: contract["sha256"] for name, contract in read_json(card)["files"].items()}
        if not hashes.keys() <= set(FORMAT_FILES.values()):
            raise ValueError("a file of no format")
        return hashes
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{folder} is no export: its {_CARD} is missing or damaged. Expected: a folder that train.py or export.py "
            "wrote, such as exported/compact_1k."
        ) from error


def _import_hub() -> Any:
    try:
        import huggingface_hub
        import huggingface_hub.errors
    except ImportError as error:
        raise InputError(
            "This needs huggingface_hub, which is not installed. Run: pip install -e '.[hub]'. --dry_run works without."
        ) from error
    return huggingface_hub
