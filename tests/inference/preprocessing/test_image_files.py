import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image, features

from mnist_keras.errors import InputError
from mnist_keras.inference.preprocessing import image_files
from mnist_keras.inference.preprocessing.image_files import load_image


@pytest.fixture
def gray():
    pixels = np.full((30, 40), 250, np.uint8)
    pixels[6:22, 12:16] = 0
    return pixels


@pytest.mark.parametrize(("mode", "channels"), [("L", 1), ("1", 1), ("LA", 2), ("RGB", 3), ("RGBA", 4), ("P", 3)])
def test_modes(gray, tmp_path, mode, channels):
    gray[gray > 0] = 255
    Image.fromarray(gray).convert(mode).save(tmp_path / "one.png")
    picture = load_image(tmp_path / "one.png")
    assert picture.dtype == np.uint8
    assert picture.shape == (30, 40, channels)
    np.testing.assert_array_equal(picture[..., 0], gray)


def test_sixteen_bits(gray, tmp_path):
    Image.fromarray(gray.astype(np.uint16) * 257).save(tmp_path / "one.png")
    np.testing.assert_array_equal(load_image(tmp_path / "one.png")[..., 0], gray)


def test_transparency_in_a_palette(gray, tmp_path):
    Image.fromarray(gray).convert("P").save(tmp_path / "one.png", transparency=250)
    assert load_image(tmp_path / "one.png").shape == (30, 40, 4)


def test_the_first_frame_is_read(gray, tmp_path):
    Image.fromarray(gray).save(tmp_path / "one.gif", save_all=True, append_images=[Image.new("L", (40, 30))] * 2)
    np.testing.assert_array_equal(load_image(tmp_path / "one.gif")[..., 0], gray)


def test_cmyk(gray, tmp_path):
    Image.fromarray(gray).convert("RGB").convert("CMYK").save(tmp_path / "one.jpg", quality=95)
    picture = load_image(tmp_path / "one.jpg")
    assert picture.shape == (30, 40, 3)
    assert np.abs(picture.mean(axis=2) - gray).mean() < 5


def test_a_photograph_is_turned_upright(gray, tmp_path):
    notes = Image.Exif()
    notes[0x0112] = 6  # Orientation: turn clockwise.
    Image.fromarray(gray).save(tmp_path / "one.png", exif=notes)
    np.testing.assert_array_equal(load_image(tmp_path / "one.png")[..., 0], np.rot90(gray, -1))


@pytest.mark.parametrize("kind", ["avif", "heic"])
def test_photos_of_phones(gray, tmp_path, kind):
    if kind == "heic":
        pillow_heif = pytest.importorskip("pillow_heif")
        pillow_heif.from_pillow(Image.fromarray(gray).convert("RGB")).save(tmp_path / "one.heic", quality=95)
    elif not features.check("avif"):
        pytest.skip("this Pillow reads no AVIF")
    else:
        Image.fromarray(gray).save(tmp_path / "one.avif", quality=95)
    picture = load_image(tmp_path / f"one.{kind}")
    assert picture.shape[:2] == (30, 40)
    assert np.abs(picture.mean(axis=2) - gray).mean() < 8


@pytest.mark.parametrize(
    ("name", "message"),
    [("one.heic", r"needs the module pillow_heif. Run: pip install -e '.\[heic\]'"), ("one.avif", "needs Pillow 11.3")],
)
def test_a_missing_decoder_is_named(tmp_path, monkeypatch, name, message):
    monkeypatch.setattr(image_files, "_kinds", lambda: ("PNG",))
    (tmp_path / name).write_bytes(b"\0\0\0\x18ftyp" + bytes(40))
    refuse(tmp_path / name, message)


def test_standard_input_is_read_once(gray):
    buffer = io.BytesIO()
    Image.fromarray(gray).save(buffer, "PNG")
    code = "from mnist_keras import load_image as load; print((load('-') == load('-')).all(), load('-').sum())"
    result = subprocess.run([sys.executable, "-c", code], input=buffer.getvalue(), capture_output=True, check=True)
    assert result.stdout.decode().split() == ["True", str(gray.sum())]
    result = subprocess.run([sys.executable, "-c", code], input=b"text", capture_output=True)
    assert b"standard input cannot be read as an image" in result.stderr


def refuse(path, message):
    with pytest.raises(InputError, match=message):
        load_image(path)


def test_a_file_that_is_no_image_raises(gray, tmp_path):
    refuse(tmp_path / "none.png", "There is no such file")
    refuse(tmp_path, "is a folder. Expected: image files")
    (tmp_path / "text.png").write_text("seven")
    refuse(tmp_path / "text.png", "cannot be read as an image")
    Image.new("F", (5, 5)).save(tmp_path / "floats.tiff")
    refuse(tmp_path / "floats.tiff", "floating-point numbers; save it with 8 or 16 bits")
    Image.fromarray(gray).save(tmp_path / "cut.png")
    content = (tmp_path / "cut.png").read_bytes()
    for size in range(0, len(content) - 20, 7):
        (tmp_path / "cut.png").write_bytes(content[:size])
        refuse(tmp_path / "cut.png", "cannot be read as an image")


def test_a_huge_picture_is_refused_before_it_is_decoded(tmp_path):
    Image.new("1", (10000, 8000)).save(tmp_path / "bomb.png")
    refuse(
        tmp_path / "bomb.png",
        "has 10000x8000 pixels. Expected: at most 50,000,000, and at most 20,000 a side. Scale it",
    )
    Image.new("1", (30000, 30000)).save(tmp_path / "bomb.png")
    refuse(tmp_path / "bomb.png", "30000x30000|decompression bomb")
