"""Breaks one rule at a time in a copy of the checkout, and tells which test notices.

    python tests/mutations.py
    python tests/mutations.py augment checkpoints

takes a quarter of an hour, or as much less as is named of it. A rule whose loss no test notices is printed as SURVIVED,
and the exit status is 1 then.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).parent.parent
_PIPELINE, _AUGMENT = "tests/test_pipeline.py", "tests/test_augment.py"
_OWN_IMAGES, _CHECKPOINTS = "tests/own_images", "tests/checkpoints"
# File, what stands there, what is put in its place, the tests that ought to notice.
MUTATIONS = [
    ("pipeline.py", ", epoch, tf.constant(_ORDER", ", epoch * 0, tf.constant(_ORDER", _PIPELINE),
    ("pipeline.py", "tf.int64), step, alg", "tf.int64), step_in_epoch, alg", _PIPELINE),
    ("pipeline.py", "_ROUNDS = 12", "_ROUNDS = 4", _PIPELINE),
    ("pipeline.py", "step == batches - 1", "step == batches", _PIPELINE),
    ("pipeline.py", "examples // (batch_size or examples)", "-(-examples // (batch_size or examples))", _PIPELINE),
    ("augment.py", 'fill_mode="CONSTANT"', 'fill_mode="REFLECT"', _AUGMENT),
    ("augment.py", "row_y = (-sine, cosine)", "row_y = (sine, cosine)", _AUGMENT),
    (
        "augment.py",
        "centre_x = (tf.cast(width, tf.float32) - 1) / 2",
        "centre_x = tf.cast(width, tf.float32) / 2",
        _AUGMENT,
    ),
    (
        "augment.py",
        '"shift_y": _symmetric_range(0.0, augmentation.shift)',
        '"shift_y": _symmetric_range(0.0, 0.0)',
        _AUGMENT,
    ),
    (
        "augment.py",
        "tf.minimum(pixels * _per_image(brightness), 255.0)",
        "pixels * _per_image(brightness)",
        _AUGMENT,
    ),
    ("own_images/normalizer.py", "_BOX = 20.0", "_BOX = 21.0", _OWN_IMAGES),
    ("own_images/normalizer.py", "offset = tf.math.ceil(", "offset = tf.math.floor(", _OWN_IMAGES),
    ("own_images/normalizer.py", "_NOISE_FACTOR = 5.0", "_NOISE_FACTOR = 0.0", _OWN_IMAGES),
    ("own_images/normalizer.py", "tf.where(ink < 128.0, 255.0, 0.0)", "tf.where(ink < 128.0, 0.0, 255.0)", _OWN_IMAGES),
    ("own_images/normalizer.py", "has_ink & pieces.touches_border", "has_ink & (tf.shape(gray)[0] < 0)", _OWN_IMAGES),
    ("own_images/stroke.py", "THINNEST, THICKEST = 1.7, 4.4", "THINNEST, THICKEST = 0.0, 44.0", _OWN_IMAGES),
    ("own_images/ink.py", "0.5 * tilt + skewness + (", "0.5 * tilt + (", _OWN_IMAGES),
    ("own_images/ink.py", "_LEAST_TO_NOISE = 24.0, 16.0", "_LEAST_TO_NOISE = 24.0, 0.0", _OWN_IMAGES),
    ("checkpoints/folder.py", "_KEPT = 2", "_KEPT = 1", _CHECKPOINTS),
    ("checkpoints/folder.py", 'and facts.get("run_id") == self._run_id', "", _CHECKPOINTS),
    ("checkpoints/folder.py", "if difference:", "if False:", _CHECKPOINTS),
    ("checkpoints/file.py", "atomic_file(path)", 'open(path, "wb")', _CHECKPOINTS),
    ("checkpoints/schedule.py", ">= self._steps", "> self._steps", _CHECKPOINTS),
]


def main() -> int:
    survived = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / "copy"
        tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
        for name in tracked.decode().split("\0")[:-1]:
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
        print("| file | rule | broken | noticed by |\n|---|---|---|---|")
        chosen = [mutation for mutation in MUTATIONS if any(name in mutation[0] for name in sys.argv[1:] or [""])]
        for file, rule, broken, tests in chosen:
            noticed = _who_notices(copy, copy / "mnist_keras" / file, rule, broken, tests)
            survived += noticed is None
            print(f"| `{file}` | `{rule}` | `{broken}` | {noticed or 'SURVIVED'} |", flush=True)
    return 1 if survived else 0


def _who_notices(copy: pathlib.Path, path: pathlib.Path, rule: str, broken: str, tests: str) -> str | None:
    """The first test that fails."""
    whole = path.read_text()
    if whole.count(rule) != 1:
        sys.exit(f"{path.name} must hold this once: {rule}")
    normalizer = copy / "mnist_keras" / "own_images" / "normalizer.tflite"
    seeing = normalizer.read_bytes()
    environment = {**os.environ, "PYTHONPATH": str(copy), "TF_CPP_MIN_LOG_LEVEL": "3"}
    path.write_text(whole.replace(rule, broken))
    try:
        # Else the test that this file is up to date would notice all of them.
        if tests == _OWN_IMAGES:
            command = [sys.executable, "-m", "mnist_keras.export.tflite"]
            subprocess.run(command, cwd=copy, env=environment, capture_output=True, check=True)
        command = [sys.executable, "-m", "pytest", "-q", "-x", tests]
        result = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    finally:
        path.write_text(whole)
        normalizer.write_bytes(seeing)
    failed = re.search(r"^(?:FAILED|ERROR) (\S+)", result.stdout, re.MULTILINE)
    return f"`{failed[1].split('::')[-1]}`" if failed else None


if __name__ == "__main__":
    sys.exit(main())
