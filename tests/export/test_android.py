"""The Android app of the phone page, where Debian's tools for it are installed; see examples/android/README.md."""

import os
import pathlib
import shutil
import subprocess
import zipfile

import pytest

from mnist_keras.files import project_folder

ROOT = project_folder("exported").parent
TOOLS = ("aapt", "apksigner", "javac", "keytool", "zipalign")
JARS = (
    os.environ.get("ANDROID_JAR", "/usr/lib/android-sdk/platforms/android-23/android.jar"),
    os.environ.get("DX", "/usr/share/java/com.android.dx.jar"),
)


def missing():
    files = [*JARS, ROOT / "examples" / "phone" / "node_modules" / "idb"]
    return [tool for tool in TOOLS if not shutil.which(tool)] + [str(f) for f in files if not pathlib.Path(f).exists()]


@pytest.mark.slow
@pytest.mark.skipif(bool(missing()), reason=f"missing: {', '.join(missing())}")
def test_the_app_is_built_signed_and_asks_for_no_permission(tmp_path):
    apk = tmp_path / "digits.apk"
    build = [ROOT / "examples" / "android" / "build.sh", ROOT / "exported" / "cnn_robust", apk]
    subprocess.run(build, check=True, capture_output=True)
    subprocess.run(["apksigner", "verify", apk], check=True, capture_output=True)
    badging = subprocess.run(["aapt", "dump", "badging", apk], check=True, capture_output=True, text=True).stdout
    assert "package: name='org.mnistkeras.digits'" in badging
    assert "targetSdkVersion:'35'" in badging
    assert "launchable-activity: name='org.mnistkeras.digits.MainActivity'" in badging
    assert "uses-permission" not in badging
    with zipfile.ZipFile(apk) as archive:
        inside = {name.removeprefix("assets/page/") for name in archive.namelist()}
        assert {"index.html", "main.js", "litert/core/dist/index.js", "model/mnist_canvas_numbers.tflite"} <= inside
        model = archive.read("assets/page/model/mnist_canvas_numbers.tflite")
        assert model == (ROOT / "exported" / "cnn_robust" / "mnist_canvas_numbers.tflite").read_bytes()


def test_the_app_says_what_is_missing(tmp_path):
    environment = {**os.environ, "ANDROID_JAR": str(tmp_path / "none.jar")}
    build = [ROOT / "examples" / "android" / "build.sh", ROOT / "exported" / "cnn_robust", tmp_path / "digits.apk"]
    result = subprocess.run(build, capture_output=True, text=True, env=environment)
    assert result.returncode == 1
    assert " is missing. See " in result.stderr and "README.md" in result.stderr
    assert not (tmp_path / "digits.apk").exists()
