"""Prints the packages that pip would install as requirements with versions and SHA-256, from pip's report.

pip freeze --exclude-editable > versions.txt
pip install --quiet --dry-run --ignore-installed --constraint versions.txt --report report.json '.[onnx]'
python tests/pinned_environment.py report.json > docs/results/environment.txt
"""

import json
import pathlib
import sys

HEAD = """\
# The environment of the figures: Python {python} on {system}, {machine}. Install it in an empty environment:
#     pip install --require-hashes -r docs/results/environment.txt
#     pip install --no-deps -e .
# Made in the environment that measured, with the commands at the head of tests/pinned_environment.py. The cards of
# the shipped models record the versions of TensorFlow, Keras, numpy and LiteRT; the others are those of the day.
"""


def main(report):
    content = json.loads(pathlib.Path(report).read_text())
    environment = content["environment"]
    print(
        HEAD.format(
            python=environment["python_version"],
            system=environment["platform_system"],
            machine=environment["platform_machine"].replace("_", "-"),
        ),
        end="",
    )
    packages = {package["metadata"]["name"]: package for package in content["install"]}
    for name in sorted(packages.keys() - {"mnist_keras"}, key=str.lower):
        package = packages[name]
        digest = package["download_info"]["archive_info"]["hashes"]["sha256"]
        print(f"{name}=={package['metadata']['version']} --hash=sha256:{digest}")


if __name__ == "__main__":
    main(*sys.argv[1:])
