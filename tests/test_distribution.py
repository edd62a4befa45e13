"""What setup.py hands to PyPI: metadata, and the README with links that work there; the pinned environment."""

import ast
import json
import pathlib
import re
import subprocess

import pytest
import setuptools
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = pathlib.Path(__file__).parent.parent
ADDRESS = "https://example.org/someone/mnist_keras"


@pytest.fixture
def run_setup(monkeypatch):
    """Returns a function that runs setup.py with the address of a repository.

    It returns the names of setup.py, and in `given` what it hands to setuptools.
    """

    def run(repository):
        given = {}
        monkeypatch.setattr(setuptools, "setup", lambda **options: given.update(options))
        code = (ROOT / "setup.py").read_text()
        changed = re.sub(r"^REPOSITORY = .*$", f"REPOSITORY = {repository!r}", code, count=1, flags=re.MULTILINE)
        assert f"\nREPOSITORY = {repository!r}\n" in changed
        names = {"__file__": str(ROOT / "setup.py"), "given": given}
        exec(changed, names)
        return names

    return run


def test_every_link_of_the_long_description_leads_to_a_file_of_the_repository(run_setup):
    page = run_setup(ADDRESS)["given"]["long_description"]
    prose = "".join(re.split(r"^```.*?^```$", page, flags=re.DOTALL | re.MULTILINE))
    targets = re.findall(r"\]\(([^)]+)\)|\b(?:src|srcset|href)=\"([^\"]+)", prose)
    links = [link or attribute for link, attribute in targets]
    relative = [link for link in links if not link.startswith(("https://", "http://", "#"))]
    assert relative == []
    paths = [link.removeprefix(ADDRESS).partition("#")[0] for link in links if link.startswith(ADDRESS)]
    assert len(paths) > 10
    for path in paths:
        kind, branch, file = path.strip("/").split("/", 2)
        assert branch == "main" and (ROOT / file).exists(), path
        assert kind == ("raw" if file.endswith((".png", ".svg", ".gif", ".jpg", ".webp")) else "blob"), path


def test_code_anchors_and_addresses_are_left_alone(run_setup):
    page = (
        'See [a](docs/a.md#b), [c](#d), [e](https://e.org), ![f](f.png) and <img src="g.png" alt="[h](i)">\n'
        "```python\nsignatures[0](x.y)\n```\n[![CI](ci.svg)](ci.yml)\n"
    )
    assert run_setup(None)["absolute_links"](page, "R") == (
        "See [a](R/blob/main/docs/a.md#b), [c](#d), [e](https://e.org), ![f](R/raw/main/f.png) and "
        '<img src="R/raw/main/g.png" alt="[h](R/blob/main/i)">\n'
        "```python\nsignatures[0](x.y)\n```\n[![CI](R/raw/main/ci.svg)](R/blob/main/ci.yml)\n"
    )


def test_without_an_address_the_page_is_the_readme_and_there_are_no_links(run_setup):
    given = run_setup(None)["given"]
    assert given["long_description"] == (ROOT / "README.md").read_text()
    assert given["project_urls"] == {}
    given = run_setup(ADDRESS)["given"]
    assert given["project_urls"]["Source"] == ADDRESS
    assert given["project_urls"]["Changelog"] == f"{ADDRESS}/blob/main/CHANGELOG.md"


def test_the_citation_has_the_same_version_license_author_and_address(run_setup):
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    address = re.search(r"^REPOSITORY = (.*)$", (ROOT / "setup.py").read_text(), re.MULTILINE)[1]
    given = run_setup(ast.literal_eval(address))["given"]
    assert (citation["version"], citation["license"]) == (given["version"], given["license_expression"])
    assert [author["name"] for author in citation["authors"]] == [given["author"]]
    assert citation.get("repository-code") == given["project_urls"].get("Source")


def test_the_source_distribution_has_every_file_that_git_has():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    tops = {path.split("/")[0] for path in listed.stdout.splitlines()}
    manifest = (ROOT / "MANIFEST.in").read_text().split()
    # setuptools adds these itself.
    builtin = {"README.md", "LICENSE", "NOTICE", "setup.py", "pyproject.toml", "MANIFEST.in", "mnist_keras", "exported"}
    assert tops - builtin <= set(manifest)


def test_the_environment_of_the_figures_pins_every_dependency_within_its_bounds(run_setup):
    pins = environment_pins()
    required = [Requirement(text) for text in (*run_setup(None)["given"]["install_requires"], *run_setup(None)["ONNX"])]
    assert len(required) > 15
    for requirement in required:
        name = canonicalize_name(requirement.name)
        assert name in pins and requirement.specifier.contains(pins[name]), requirement


def test_the_environment_of_the_figures_has_the_versions_that_the_cards_record():
    pins = environment_pins()
    for card in (ROOT / "exported").glob("*/card.json"):
        versions = json.loads(card.read_text())["training"]["versions"]
        for name in ("tensorflow", "keras", "numpy", "ai-edge-litert"):
            assert pins[name] == versions[name], card


def environment_pins():
    """Returns the version of each package of docs/results/environment.txt, each of which must have a SHA-256."""
    lines = (ROOT / "docs" / "results" / "environment.txt").read_text().splitlines()
    lines = [line for line in lines if not line.startswith("#")]
    found = [re.fullmatch(r"([\w.-]+)==(\S+) --hash=sha256:[0-9a-f]{64}", line) for line in lines]
    return {canonicalize_name(match[1]): match[2] for match in found}


def test_the_badges_lead_to_the_repository(run_setup):
    names = run_setup(ADDRESS)
    address = re.search(r'^REPOSITORY = "(.+)"$', (ROOT / "setup.py").read_text(), re.MULTILINE).group(1)
    owner_and_name = address.removeprefix("https://github.com/")
    page = (ROOT / "README.md").read_text()
    badges = re.findall(r"^\[!\[.+\]\((\S+)\)\]\((\S+)\)$", page, re.MULTILINE)
    links = [link for badge in badges for link in badge if "github" in link]
    assert len(badges) == 5 and len(links) == 4
    owner, name = owner_and_name.split("/")
    pages = f"https://{owner}.github.io/{name}/"
    assert [link for link in links if owner_and_name not in link and link != pages] == []
    assert names["given"]["project_urls"]["Source"] == ADDRESS
