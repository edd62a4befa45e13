"""Breaks one rule at a time in a copy of the checkout and reports which test fails.

    python tests/mutations.py
    python tests/mutations.py data/ export/parity.py

runs two copies side by side and takes about five minutes on two cores for all rules. A rule that no test notices is
printed as SURVIVED, and the exit status is 1 then.
"""

import concurrent.futures
import os
import pathlib
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile

from mutation_rules import MUTATIONS, Mutation

ROOT = pathlib.Path(__file__).parent.parent
_COPIES = 2
_NORMALIZER = "mnist_keras/inference/preprocessing/normalizer.tflite"


def main(names: list[str]) -> int:
    chosen = [mutation for mutation in MUTATIONS if any(name in mutation.file for name in names or [""])]
    with tempfile.TemporaryDirectory() as folder:
        copies: queue.Queue[pathlib.Path] = queue.Queue()
        for number in range(_COPIES):
            copies.put(_copy_checkout(pathlib.Path(folder) / f"copy-{number}"))
        print("| file | rule | broken | noticed by |\n|---|---|---|---|")
        with concurrent.futures.ThreadPoolExecutor(_COPIES) as pool:
            survived = 0
            for mutation, test in zip(chosen, pool.map(lambda each: _try(each, copies), chosen), strict=True):
                survived += test is None
                rule, broken = (text.strip().replace("|", r"\|") for text in (mutation.rule, mutation.broken))
                print(f"| `{mutation.file}` | `{rule}` | `{broken}` | {test or 'SURVIVED'} |", flush=True)
    return 1 if survived else 0


def _copy_checkout(copy: pathlib.Path) -> pathlib.Path:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in listed.decode().split("\0")[:-1]:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, copy / name)
    return copy


def _try(mutation: Mutation, copies: "queue.Queue[pathlib.Path]") -> str | None:
    copy = copies.get()
    try:
        return _failing_test(copy, mutation)
    finally:
        copies.put(copy)


def _failing_test(copy: pathlib.Path, mutation: Mutation) -> str | None:
    """Returns the first test that fails with a mutation, or the signal that ends the tests; None if all pass."""
    path = copy / "mnist_keras" / mutation.file
    original, normalizer = path.read_text(), (copy / _NORMALIZER).read_bytes()
    if original.count(mutation.rule) != 1:
        sys.exit(f"{path.name} must contain this text once: {mutation.rule}")
    environment = {**os.environ, "PYTHONPATH": str(copy), "TF_CPP_MIN_LOG_LEVEL": "3"}
    path.write_text(original.replace(mutation.rule, mutation.broken))
    try:
        # Otherwise the test that compares the file with the code would notice all of them.
        if mutation.file.startswith("inference/preprocessing/"):
            command = [sys.executable, "-m", "mnist_keras.export.tflite"]
            subprocess.run(command, cwd=copy, env=environment, capture_output=True, check=True)
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-m", "not slow", *mutation.tests.split()]
        result = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    finally:
        path.write_text(original)
        (copy / _NORMALIZER).write_bytes(normalizer)
    if result.returncode == 0:
        return None
    if result.returncode < 0:
        return f"{signal.Signals(-result.returncode).name} in `{mutation.tests}`"
    failed = re.search(r"^(?:FAILED|ERROR) (\S+)", result.stdout, re.MULTILINE)
    if not failed:
        sys.exit(f"the tests of {mutation.file} cannot run:\n{result.stdout}{result.stderr}")
    return f"`{failed[1].split('::')[-1]}`"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
