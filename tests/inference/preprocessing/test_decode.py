"""Picture files as the exports read them."""

import io
import struct
import zlib

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from mnist_keras.inference.preprocessing.decode import decode_picture
from mnist_keras.inference.preprocessing.image_files import MAX_PIXELS


@pytest.fixture
def picture():
    pixels = np.zeros((30, 40, 3), np.uint8)
    pixels[5:20, 10:35] = (250, 120, 30)
    return Image.fromarray(pixels)


def encoded(picture, kind, **options):
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("kind", "options"),
    [("PNG", {}), ("BMP", {}), ("WEBP", {"lossless": True}), ("WEBP", {"quality": 100}), ("JPEG", {"quality": 95})],
)
def test_kinds(picture, kind, options):
    pixels = decode_picture(tf.constant(encoded(picture, kind, **options))).numpy()
    assert pixels.shape == (30, 40, 3)
    assert np.abs(pixels.astype(int) - np.asarray(picture)).mean() < 10


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "P", "1", "CMYK", "I;16"])
def test_modes(picture, mode):
    converted = picture.convert("L").convert("I;16") if mode == "I;16" else picture.convert(mode)
    pixels = decode_picture(tf.constant(encoded(converted, "JPEG" if mode == "CMYK" else "PNG"))).numpy()
    assert pixels.dtype == np.uint8
    assert pixels.shape[:2] == (30, 40)
    assert 1 <= pixels.shape[2] <= 4


def test_the_first_frame_is_read(picture):
    black = Image.new("RGB", picture.size)
    file = encoded(picture, "WEBP", save_all=True, append_images=[black, black], lossless=True)
    np.testing.assert_allclose(decode_picture(tf.constant(file)).numpy()[..., :3], np.asarray(picture), atol=2)


def png_of(width, height):
    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def jpeg_of(picture, width, height):
    file = bytearray(encoded(picture, "JPEG"))
    frame = file.index(b"\xff\xc0")
    file[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    return bytes(file)


def bmp_of(picture, width, height):
    file = bytearray(encoded(picture, "BMP"))
    file[18:26] = struct.pack("<ii", width, height)
    return bytes(file)


def webp_of(chunk, content):
    return b"RIFF" + struct.pack("<I", 100) + b"WEBP" + chunk + struct.pack("<I", 50) + content + bytes(40)


@pytest.mark.parametrize(
    ("name", "width", "height"),
    [
        ("png", 30000, 30000),
        ("jpeg", 60000, 60000),
        ("bmp", 30000, 30000),
        ("bmp upside down", 30000, -30000),
        ("webp lossy", 16383, 16383),
        ("webp lossless", 16384, 16384),
        ("webp extended", 20000, 20000),
    ],
)
def test_a_decompression_bomb_is_refused_by_its_header(picture, name, width, height):
    file = {
        "png": lambda: png_of(width, height),
        "jpeg": lambda: jpeg_of(picture, width, height),
        "bmp": lambda: bmp_of(picture, width, height),
        "bmp upside down": lambda: bmp_of(picture, width, height),
        "webp lossy": lambda: webp_of(b"VP8 ", b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", width, height)),
        "webp lossless": lambda: webp_of(b"VP8L", b"\x2f" + struct.pack("<I", width - 1 | (height - 1) << 14)),
        "webp extended": lambda: webp_of(b"VP8X", bytes(4) + 2 * (width - 1).to_bytes(3, "little")),
    }[name]()
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=f"(?s)more than {MAX_PIXELS} pixels.*{abs(width * height)}"
    ):
        decode_picture(tf.constant(file))


def test_a_large_photograph_is_accepted():
    file = encoded(Image.new("L", (5000, 4000), 255), "PNG")
    assert decode_picture(tf.constant(file)).shape == (4000, 5000, 1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no PNG, JPEG, BMP or WebP"),
        (b"no picture", "no PNG, JPEG, BMP or WebP"),
        (b"GIF89a" + bytes(50), "no PNG, JPEG, BMP or WebP"),
        (png_of(2**32 - 1, 2**32 - 1), "PNG"),
        (png_of(10, 10), "PNG"),
        (b"\xff\xd8\xff", "JPEG"),
        (b"BM", "bmp"),
        (b"RIFF\0\0\0\0WEBP", "WEBP|WebP|[Ii]nvalid"),
    ],
)
def test_a_file_that_is_no_image_raises(content, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        decode_picture(tf.constant(content))
