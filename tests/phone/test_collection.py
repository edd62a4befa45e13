"""Samples of handwriting that the phone page collects, from the drawing to the dataset in Python."""

import io
import json
import zipfile

import numpy as np
import pytest
from browser import CROSS, EXPORT, address_of, draw, draw_strokes, upload, wait_for_prediction, wait_until
from paper import file_of, photo
from PIL import Image

from mnist_keras.data import load_digits
from mnist_keras.errors import InputWarning


def collect(page):
    page.get_by_role("button", name="Collect").click()


def label(page, name):
    return page.locator(f"#labels [title='{name}']")


def save_as(page, name, count=1):
    """Taps a label, and waits until the sample is saved as the `count`-th one of its class."""
    label(page, name).click()
    page.wait_for_function(
        "([name, count]) => document.querySelector(`#labels [title='${name}'] .count`).textContent === count",
        arg=[name, str(count)],
    )
    wait_for_prediction(page)


def download(page, folder):
    with page.expect_download() as started:
        page.get_by_role("button", name="Download").click()
    path = folder / started.value.suggested_filename
    started.value.save_as(path)
    return path


def network_input(page):
    return np.array(page.evaluate("[...input.getContext('2d').getImageData(0, 0, 28, 28).data]"))[::4].reshape(28, 28)


def test_drawn_digits_become_a_dataset_with_the_tapped_labels(page, tmp_path):
    collect(page)
    shown = {}
    # The 1 is said to be a 9.
    for name, digit in (("7", 7), ("4", 4), ("9", 1)):
        for count in (1, 2):
            draw(page, digit, left=0.1 * count, top=0.1, size=0.6 + 0.1 * count)
            assert label(page, str(digit)).get_attribute("aria-pressed") == "true"
            assert page.locator("#labels [aria-pressed=true]").count() == 1
            shown[name, count] = network_input(page)
            save_as(page, name, count)
            assert page.inner_text("#instruction") == f"Saved as {name}. Draw the next digit."
            assert page.locator("#hint").is_visible()
    assert page.inner_text("#total") == "6 samples, only on this device"
    path = download(page, tmp_path)
    assert path.name == "my_digits.zip"
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert sorted(archive.namelist()) == [f"{name}/{n:04}.png" for name in "479" for n in (1, 2)]
    with pytest.warns(InputWarning, match="no test set"):
        digits = load_digits("folder", path, "digit")
    assert digits.class_names == ("4", "7", "9")
    labels = np.concatenate([digits.train_labels, digits.test_labels])
    assert sorted(labels) == [0, 0, 1, 1, 2, 2]
    for image, number in zip(np.concatenate([digits.train_images, digits.test_images]), labels, strict=True):
        # What the network saw on the page.
        inputs = [shown[digits.class_names[number], count].astype(float) for count in (1, 2)]
        assert min(np.abs(image - seen).mean() for seen in inputs) < 3


def test_a_sample_of_a_photo_is_the_digit_and_paper_around_it(page, tmp_path):
    collect(page)
    image = photo(4)
    upload(page, file_of(image, "JPEG", quality=90))
    save_as(page, "4")
    with zipfile.ZipFile(download(page, tmp_path)) as archive:
        sample = Image.open(io.BytesIO(archive.read("4/0001.png")))
    scale = np.sqrt(320 * 320 / (image.width * image.height))
    # The strokes are 200 wide and 390 high, with half of that around them.
    np.testing.assert_allclose(sample.size, [scale * (200 + 390), scale * 2 * 390], rtol=0.1)
    pixels = np.asarray(sample.convert("L"))
    assert pixels[:, 0].min() > 100 and pixels.min() < 80


def test_what_is_no_digit_to_the_model_can_be_saved(page, tmp_path):
    collect(page)
    draw_strokes(page, CROSS)
    assert page.inner_text("#headline") == "No digit found."
    assert page.locator("#labels [aria-pressed=true]").count() == 0
    save_as(page, "8")
    with zipfile.ZipFile(download(page, tmp_path)) as archive:
        sample = np.asarray(Image.open(io.BytesIO(archive.read("8/0001.png"))).convert("RGBA"))
    assert sample[0, 0].tolist() == [255] * 4 and sample[..., 0].min() == 0


def test_several_digits_are_no_sample(page):
    collect(page)
    upload(page, file_of(photo(4, 7)))
    assert page.inner_text("#instruction") == "2 digits: save one at a time."
    assert not any(button.is_enabled() for button in page.locator("#labels button").all())
    page.get_by_role("button", name="Clear").click()
    wait_for_prediction(page)
    assert page.inner_text("#instruction") == "Draw or photograph one digit."
    assert not label(page, "7").is_enabled()


def test_samples_survive_a_reload_and_are_deleted_after_a_confirmation(page, tmp_path):
    collect(page)
    assert not page.get_by_role("button", name="Download").is_enabled()
    for digit in (7, 4):
        draw(page, digit)
        save_as(page, str(digit))
    page.reload()
    wait_until(page, "ready", "offline")
    collect(page)
    assert page.inner_text("#total") == "2 samples, only on this device"
    assert label(page, "7").get_attribute("aria-label") == "7, 1 sample"
    page.get_by_role("button", name="Delete last").click()
    page.get_by_text("Deleted the last sample, of 4.").wait_for()
    with zipfile.ZipFile(download(page, tmp_path)) as archive:
        assert archive.namelist() == ["7/0001.png"]
    questions = []
    answers = [False, True]

    def answer(dialog):
        questions.append(dialog.message)
        dialog.accept() if answers.pop(0) else dialog.dismiss()

    page.on("dialog", answer)
    for total in ("1 sample", "0 samples"):
        with page.expect_event("dialog"):
            page.get_by_role("button", name="Delete all").click()
        page.get_by_text(f"{total}, only on this device").wait_for()
    assert questions == ["Delete 1 sample from this device? This cannot be undone."] * 2
    assert not page.get_by_role("button", name="Delete all").is_enabled()


def test_samples_are_saved_by_keyboard(page):
    page.get_by_role("button", name="Collect").focus()
    page.keyboard.press("Enter")
    draw(page, 7)
    page.get_by_role("button", name="7, 0 samples").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Saved as 7.").wait_for()
    # The next digit can be drawn, and the tapped button is disabled.
    assert page.evaluate("document.activeElement.id") == "pad"


NAMES = ["T-shirt/top", "あ", "い", "う", "え", "お", "か", "き", "く", "100%"]


def test_other_classes_have_their_names(context, server, tmp_path):
    card = json.loads((EXPORT / "card.json").read_text())
    card["dataset"] = {**card["dataset"], "class_names": NAMES}
    context.route("**/model/card.json", lambda route: route.fulfill(json=card))
    context.route("**/mnist_canvas.tflite", lambda route: route.fulfill(path=EXPORT / "mnist_canvas.tflite"))
    page = context.new_page()
    page.goto(address_of(server))
    wait_until(page, "ready", "offline")
    collect(page)
    for name in ("T-shirt/top", "あ", "100%"):
        for count in (1, 2):
            draw(page, 7)
            assert page.inner_text("#instruction") == "Tap the right name to save it."
            save_as(page, name, count)
    path = download(page, tmp_path)
    assert path.name == "my_images.zip"
    with pytest.warns(InputWarning, match="no test set"):
        assert load_digits("folder", path, "digit").class_names == ("100%", "T-shirt/top", "あ")


def test_the_predicted_one_of_many_classes_is_in_sight(context, server):
    names = [f"class {number}" for number in range(300)] + ["7"]
    page = context.new_page()
    page.goto(address_of(server))
    wait_until(page, "ready", "offline")
    collect(page)
    page.evaluate(
        """async (names) => {
             const { setUpCollection } = await import("./collection.js");
             const offer = await setUpCollection(names, "image", {});
             offer({ found: 1, predicted: names.length - 1 });
           }""",
        names,
    )
    labels, predicted = page.locator("#labels").bounding_box(), label(page, "7").bounding_box()
    assert labels["height"] > 100
    assert predicted["y"] >= labels["y"] and predicted["y"] + predicted["height"] <= labels["y"] + labels["height"] + 1
    assert page.evaluate("[scrollX, scrollY]") == [0, 0]


def test_samples_of_other_classes_are_kept_apart(context, server):
    page = context.new_page()
    page.goto(address_of(server))
    wait_until(page, "ready", "offline")
    collect(page)
    draw(page, 7)
    save_as(page, "7")
    counts = page.evaluate(
        """async () => {
             const { Samples } = await import("./samples.js");
             const names = ["7", "8"];
             return (await Samples.open(names)).counts(names);
           }"""
    )
    assert counts == [0, 0]


@pytest.mark.parametrize("size", [(320, 568), (390, 844), (844, 390), (1440, 900)])
def test_the_samples_fit_the_screen(page, size):
    page.set_viewport_size({"width": size[0], "height": size[1]})
    collect(page)
    draw(page, 7)
    assert page.evaluate("[document.body.scrollWidth, document.body.scrollHeight]") == list(size)
    boxes = [page.locator(part).bounding_box() for part in ("#pad", "#instruction", "#labels", ".samples", ".tools")]
    assert boxes[0]["width"] > min(0.6 * min(size), 450)
    for button in page.locator("#labels button, .samples button").all():
        assert button.bounding_box()["height"] >= 40 and button.bounding_box()["width"] >= 40
    for number, box in enumerate(boxes):
        assert box["x"] >= 0 and box["x"] + box["width"] <= size[0] and box["y"] + box["height"] <= size[1]
        for other in boxes[:number]:
            apart_y = box["y"] >= other["y"] + other["height"] or other["y"] >= box["y"] + box["height"]
            apart_x = box["x"] >= other["x"] + other["width"] or other["x"] >= box["x"] + box["width"]
            assert apart_y or apart_x


def test_without_indexed_db_the_page_recognizes_and_collects_nothing(context, server):
    context.add_init_script("Object.defineProperty(window, 'indexedDB', { value: { open() { throw Error('no'); } } })")
    page = context.new_page()
    page.goto(address_of(server))
    wait_until(page, "ready", "offline")
    assert not page.get_by_role("button", name="Collect").is_enabled()
    draw(page, 7)
    assert page.inner_text("#number") == "7"
