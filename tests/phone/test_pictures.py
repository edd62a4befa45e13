"""Pictures that are chosen on the phone page."""

import numpy as np
import pytest
from browser import EXPORT, GOLDEN, upload
from paper import file_of, photo
from PIL import Image

from mnist_keras.inference.images import predict_file
from mnist_keras.inference.predictor import load_predictor


@pytest.mark.parametrize("kind", ["photo", "light on dark", "transparent", "sideways", "tiny"])
def test_a_picture_is_read_as_python_reads_it(page, tmp_path, kind):
    picture, options = photo(4), {"kind": "JPEG", "quality": 90}
    if kind == "light on dark":
        picture = Image.fromarray(255 - np.asarray(picture))
    if kind == "transparent":
        ink = Image.fromarray(255 - np.asarray(picture.convert("L"))).point(lambda value: 255 * (value > 140))
        picture, options = Image.new("RGBA", picture.size), {"kind": "PNG"}
        picture.paste((0, 0, 0, 255), mask=ink)
    if kind == "sideways":
        # As cameras do it: the pixels lie, and a tag says so.
        picture, options["exif"] = picture.transpose(Image.Transpose.ROTATE_90), Image.Exif()
        options["exif"][0x0112] = 6
    if kind == "tiny":
        picture, options = Image.fromarray(GOLDEN[4][1]), {"kind": "PNG"}
    file = file_of(picture, **options)
    path = tmp_path / file["name"]
    path.write_bytes(file["buffer"])
    (expected,) = predict_file(load_predictor(EXPORT / "mnist.tflite"), path)
    upload(page, file)
    assert page.inner_text("#digit") == str(expected.digit) == "4"
    assert page.inner_text("#notes") == ""


def test_what_is_wrong_with_a_picture_is_told(page):
    upload(page, file_of(photo(7).crop((250, 268, 650, 768))))
    assert "touches the border" in page.inner_text("#notes")
    upload(page, file_of(photo(7, 4)))
    assert page.inner_text("#digit") in ("4", "7")
    assert "more than one digit" in page.inner_text("#notes")
    upload(page, file_of(Image.new("L", (300, 400), 200)))
    assert page.inner_text("#headline") == "No ink was found."
    assert page.inner_text("#digit") == ""
    upload(page, {"name": "notes.png", "mimeType": "image/png", "buffer": b"no picture"})
    assert page.inner_text("#spoken") == "notes.png cannot be read as a picture. Take a PNG or a JPEG file."
