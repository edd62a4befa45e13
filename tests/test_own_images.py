import numpy as np
import pytest
from PIL import Image

from mnist_keras.errors import InputError
from mnist_keras.own_images import read_digit


@pytest.fixture
def digit():
    pixels = np.zeros((28, 28), np.uint8)
    pixels[6:22, 12:16] = 230
    return pixels


@pytest.mark.parametrize("mode", ["L", "RGB", "1", "P"])
def test_a_picture_like_mnist(digit, tmp_path, mode):
    digit[digit > 0] = 255
    Image.fromarray(digit).convert(mode).save(tmp_path / "one.png")
    np.testing.assert_array_equal(read_digit(tmp_path / "one.png"), digit)


def test_sixteen_bits(digit, tmp_path):
    Image.fromarray(digit.astype(np.uint16) * 257).save(tmp_path / "one.png")
    np.testing.assert_array_equal(read_digit(tmp_path / "one.png"), digit)


def test_the_first_of_several_pictures(digit, tmp_path):
    empty = [Image.new("L", (28, 28))] * 2
    Image.fromarray(digit).save(tmp_path / "one.gif", save_all=True, append_images=empty)
    np.testing.assert_array_equal(read_digit(tmp_path / "one.gif"), digit)


def test_cmyk(digit, tmp_path):
    Image.fromarray(digit).convert("RGB").convert("CMYK").save(tmp_path / "one.jpg", quality=95)
    assert np.abs(read_digit(tmp_path / "one.jpg").astype(int) - digit).mean() < 3


def refuse(path, message):
    with pytest.raises(InputError, match=message):
        read_digit(path)


def test_pictures_of_other_kinds(digit, tmp_path):
    Image.fromarray(255 - digit).save(tmp_path / "dark.png")
    refuse(tmp_path / "dark.png", "is dark ink on a light ground .its border is 255 of 255.*Invert it first")
    Image.new("L", (280, 100)).save(tmp_path / "large.png")
    refuse(tmp_path / "large.png", "must be a picture of 28x28 pixels.*Received: 280x100")
    Image.new("RGBA", (28, 28)).save(tmp_path / "clear.png")
    refuse(tmp_path / "clear.png", "partly transparent")


def test_what_is_no_picture(digit, tmp_path):
    refuse(tmp_path / "none.png", "There is no such file")
    refuse(tmp_path, "is a folder. Expected: picture files")
    (tmp_path / "text.png").write_text("seven")
    refuse(tmp_path / "text.png", "cannot be read as a picture")
    Image.fromarray(digit).save(tmp_path / "cut.png")
    content = (tmp_path / "cut.png").read_bytes()
    for size in range(0, len(content) - 20, 7):
        (tmp_path / "cut.png").write_bytes(content[:size])
        refuse(tmp_path / "cut.png", "cannot be read as a picture")


def test_a_huge_picture_is_refused_before_it_is_decoded(tmp_path):
    Image.new("1", (30000, 30000)).save(tmp_path / "bomb.png")
    refuse(tmp_path / "bomb.png", "Received: 30000x30000|decompression bomb")
