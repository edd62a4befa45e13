"""The files of GitHub and of pre-commit agree with the README, with setup.py and with each other."""

import pathlib
import re
import subprocess

import yaml

ROOT = pathlib.Path(__file__).parent.parent
WORKFLOW = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())


def commands_of(job):
    return [step["run"] for step in WORKFLOW["jobs"][job]["steps"] if "run" in step]


def readme_commands(mark):
    [block] = re.findall(rf"<!-- run: {mark} -->\n```bash\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    return block.splitlines()


def test_the_workflow_runs_the_commands_of_the_readme():
    assert commands_of("fast-tests") == readme_commands("tests")
    assert commands_of("documentation") == readme_commands("documentation")
    assert ".ci/run" in commands_of("readme")
    modes = subprocess.run(["git", "ls-files", "-s", ".ci/run"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert modes.stdout.startswith("100755")


def test_the_workflow_tests_each_python_that_setup_names():
    versions = re.search(r"for version in \((.*?)\)", (ROOT / "setup.py").read_text()).group(1)
    container = WORKFLOW["jobs"]["readme"]["container"]
    tested = {*WORKFLOW["jobs"]["fast-tests"]["strategy"]["matrix"]["python"], re.search(r":([\d.]+)-", container)[1]}
    assert tested == set(re.findall(r'"(.*?)"', versions))


def test_each_job_has_a_limit_and_no_right_to_write():
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert all(0 < job["timeout-minutes"] <= 60 for job in WORKFLOW["jobs"].values())


def test_issue_forms_have_what_github_requires():
    forms = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
    assert len(forms) == 3
    for path in forms:
        form = yaml.safe_load(path.read_text())
        assert {"name", "description", "body"} <= form.keys(), path
        ids = [element["id"] for element in form["body"]]
        assert len(set(ids)) == len(ids) > 0, path
        for element in form["body"]:
            assert element["type"] in ("input", "textarea"), path
            assert element["attributes"]["label"], path


def test_pre_commit_runs_the_commands_of_the_contributing_page():
    [repository] = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    hooks = [hook["entry"].removesuffix(" --fix") for hook in repository["hooks"]]
    page = (ROOT / "CONTRIBUTING.md").read_text()
    assert hooks == [command.strip().removesuffix(" .") for command in re.search(r"ruff check .*", page)[0].split("&&")]
