"""Image files that are chosen on the phone page."""

import numpy as np
import pytest
from browser import EXPORT, GOLDEN, upload
from paper import file_of, photo
from PIL import Image

from mnist_keras.inference.images import predict_file
from mnist_keras.inference.predictor import load_predictor


@pytest.mark.parametrize("kind", ["photo", "light on dark", "transparent", "sideways", "tiny"])
def test_the_prediction_equals_that_of_python(page, tmp_path, kind):
    image, options = photo(4), {"kind": "JPEG", "quality": 90}
    if kind == "light on dark":
        image = Image.fromarray(255 - np.asarray(image))
    if kind == "transparent":
        ink = Image.fromarray(255 - np.asarray(image.convert("L"))).point(lambda value: 255 * (value > 140))
        image, options = Image.new("RGBA", image.size), {"kind": "PNG"}
        image.paste((0, 0, 0, 255), mask=ink)
    if kind == "sideways":
        # As cameras do: the pixels are rotated, and a tag has the orientation.
        image, options["exif"] = image.transpose(Image.Transpose.ROTATE_90), Image.Exif()
        options["exif"][0x0112] = 6
    if kind == "tiny":
        image, options = Image.fromarray(GOLDEN[4][1]), {"kind": "PNG"}
    file = file_of(image, **options)
    path = tmp_path / file["name"]
    path.write_bytes(file["buffer"])
    (expected,) = predict_file(load_predictor(EXPORT / "mnist.tflite"), path)
    upload(page, file)
    assert page.inner_text("#digit") == str(expected.digit) == "4"
    assert page.inner_text("#warnings") == ""


def test_warnings_about_an_image_are_shown(page):
    upload(page, file_of(photo(7).crop((250, 268, 650, 768))))
    assert "touches the border" in page.inner_text("#warnings")
    upload(page, file_of(photo(7, 4)))
    assert page.inner_text("#digit") in ("4", "7")
    assert "more than one digit" in page.inner_text("#warnings")
    upload(page, file_of(Image.new("L", (300, 400), 200)))
    assert page.inner_text("#headline") == "The image has no ink."
    assert page.inner_text("#digit") == ""
    upload(page, {"name": "notes.png", "mimeType": "image/png", "buffer": b"no image"})
    assert page.inner_text("#spoken") == "notes.png is not a readable image. Choose a PNG or JPEG file."
