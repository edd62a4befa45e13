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
    assert page.inner_text("#number") == str(expected.digit) == "4"
    assert page.inner_text("#warnings") == ""


def test_a_photographed_number_is_read_with_boxes(page):
    image = photo(4, 1, 7)
    upload(page, file_of(image, "JPEG", quality=90))
    assert page.inner_text("#number") == "417"
    assert page.inner_text("#warnings") == ""
    boxes = [box.bounding_box() for box in page.locator(".box").all()]
    pad = page.locator("#pad").bounding_box()
    # The photo has the pad's width, and its digits are above its middle.
    lefts = [(box["x"] - pad["x"]) / pad["width"] * image.width for box in boxes]
    np.testing.assert_allclose(lefts, [450 * (0.4 + n + x) for n, x in enumerate((0.28, 0.42, 0.3))], atol=40)
    assert all(box["y"] + box["height"] < pad["y"] + pad["height"] / 2 + 10 for box in boxes)


def test_an_image_without_digits_is_shown_as_such(page):
    upload(page, file_of(photo(4, 7)))
    assert page.locator(".box").count() == 2
    upload(page, file_of(Image.new("L", (300, 400), 200)))
    assert page.inner_text("#headline") == "No digit found."
    assert page.inner_text("#number") == ""
    assert page.locator(".box").count() == 0
    upload(page, {"name": "notes.png", "mimeType": "image/png", "buffer": b"no image"})
    assert page.inner_text("#spoken") == "notes.png is not a readable image. Choose a PNG or JPEG file."


@pytest.mark.parametrize(("signs", "words"), [(1, "1 letter or sign"), (2, "2 letters or signs"), (0, None)])
def test_letters_beside_digits_give_a_warning(page, signs, words):
    page.evaluate(
        """async (signs) => {
             const { showPrediction, speak } = await import("./prediction.js");
             const digit = { digit: 7, probability: 1, probabilities: new Array(10).fill(0), line: 0, pixels: [] };
             showPrediction({ digits: [digit], signs }, 0.8);
             speak();
           }""",
        signs,
    )
    expected = f"The image also has {words}." if words else ""
    assert page.inner_text("#warnings") == expected
    assert page.inner_text("#spoken") == ". ".join(filter(None, ["7, 100.0 % sure", expected]))
