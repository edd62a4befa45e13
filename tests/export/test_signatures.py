"""The signatures of a SavedModel, called as an application without this package calls them."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image


@pytest.fixture(scope="module")
def loaded(export):
    return tf.saved_model.load(str(export / "saved_model"))


@pytest.fixture(scope="module")
def signatures(loaded):
    return loaded.signatures


def png_bytes(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def page_with(digit):
    """A light page with the digit in dark ink, enlarged three times."""
    page = np.full((150, 200, 3), 240, np.uint8)
    page[30:114, 90:174] -= (digit.repeat(3, axis=0).repeat(3, axis=1)[..., np.newaxis] * 0.9).astype(np.uint8)
    return page


def test_all_signatures_predict_the_same(signatures, tiny):
    images = tiny.test_images
    direct = signatures["serving_default"](images=tf.constant(images))
    pixels = signatures["serve_float"](pixels=tf.constant(images[..., np.newaxis] / np.float32(255)))
    np.testing.assert_allclose(direct["probabilities"], pixels["probabilities"], atol=1e-5)
    # The tiny digits lack MNIST's geometry, so the normalized ones are the reference.
    pictures = signatures["any_size"](pictures=tf.constant(images[..., np.newaxis]))
    normalized = signatures["serving_default"](images=pictures["digits"])
    files = signatures["encoded"](files=tf.constant([png_bytes(image) for image in images]))
    for outputs in (pictures, files):
        assert outputs["has_ink"].numpy().all()
        np.testing.assert_array_equal(outputs["classes"], normalized["classes"])
        np.testing.assert_allclose(outputs["probabilities"], normalized["probabilities"], atol=1e-5)


@pytest.mark.parametrize("kind", ["PNG", "RGBA", "palette", "16 bits", "BMP", "WEBP", "JPEG"])
def test_image_files_are_decoded_and_normalized(signatures, kind):
    digit = np.zeros((28, 28), np.uint8)
    digit[4:24, 12:16] = 255
    page = Image.fromarray(page_with(digit))
    if kind == "RGBA":
        page = page.convert("RGBA")
    if kind == "palette":
        page = page.quantize(8)
    if kind == "16 bits":
        page = Image.fromarray(np.asarray(page.convert("L")).astype(np.uint16) * 257)
    options = {"WEBP": {"lossless": True}, "JPEG": {"quality": 90}}.get(kind, {})
    buffer = io.BytesIO()
    page.save(buffer, kind if kind in ("BMP", "WEBP", "JPEG") else "PNG", **options)
    normalized = signatures["encoded"](files=tf.constant([buffer.getvalue()]))["digits"][0].numpy()
    # The center of mass is rounded to whole pixels.
    moved = [np.roll(normalized, shift, axis=(0, 1)) for shift in ((0, 0), (-1, 0), (0, -1), (-1, -1))]
    assert min(np.abs(image.astype(float) - digit).mean() for image in moved) < 5


def test_an_image_without_ink_has_class_minus_one(signatures):
    outputs = signatures["any_size"](pictures=tf.fill((2, 30, 40, 4), tf.constant(200, tf.uint8)))
    assert outputs["classes"].numpy().tolist() == [-1, -1]
    assert not outputs["has_ink"].numpy().any()
    np.testing.assert_allclose(outputs["probabilities"], 0.1)


@pytest.mark.parametrize(
    ("name", "empty"),
    [
        ("serving_default", {"images": tf.zeros((0, 28, 28), tf.uint8)}),
        ("serve_float", {"pixels": tf.zeros((0, 28, 28, 1))}),
        ("any_size", {"pictures": tf.zeros((0, 30, 40, 3), tf.uint8)}),
        ("encoded", {"files": tf.zeros((0,), tf.string)}),
    ],
)
def test_an_empty_batch_returns_empty_outputs(signatures, name, empty):
    outputs = signatures[name](**empty)
    assert outputs["probabilities"].shape == (0, 10)
    assert outputs["classes"].shape == (0,)


@pytest.mark.parametrize(
    ("shape", "message"),
    [((1, 0, 40, 3), r"1 to 4 channels\. Received the shape:.*\[0 40 3\]"), ((2, 30, 40, 5), r"\[30 40 5\]")],
)
def test_invalid_image_shapes_raise(signatures, shape, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        signatures["any_size"](pictures=tf.zeros(shape, tf.uint8))


@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (1, 1, 50, 3), (1, 50, 1, 4)])
def test_tiny_images_have_no_ink(signatures, shape):
    assert signatures["any_size"](pictures=tf.fill(shape, tf.constant(9, tf.uint8)))["classes"].numpy() == [-1]
