"""The phone page in a real browser, with the model that ships, against Python with the same model."""

import io
import json
import re

import numpy as np
import pytest
from browser import EXPORT, STROKES, address_of, chromium, draw, missing, served, wait_for_rest, wait_until
from paper import photo
from PIL import Image

from mnist_keras.phone_page import PAGE
from mnist_keras.prediction import load_predictor
from mnist_keras.reading import read_file

pytestmark = pytest.mark.skipif(missing() is not None, reason=f"{missing()}")

PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True, "is_mobile": True}
GOLDEN = [
    (vector["label"], np.round(255 * np.array(vector["pixels"])).astype(np.uint8).reshape(28, 28))
    for vector in json.loads((EXPORT / "golden.json").read_text())["vectors"]
]


@pytest.fixture(scope="module")
def server():
    with served() as server:
        yield server


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture
def context(browser):
    with browser.new_context(**PHONE) as context:
        yield context


@pytest.fixture
def page(context, server):
    page = context.new_page()
    page.goto(address_of(server))
    wait_until(page, "ready", "offline")
    return page


def file_of(picture, kind="PNG", **options):
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return {"name": f"picture.{kind.lower()}", "mimeType": f"image/{kind.lower()}", "buffer": buffer.getvalue()}


def upload(page, file):
    page.get_by_label("Picture", exact=True).set_input_files(file)
    wait_for_rest(page)


def test_the_golden_digits_get_the_numbers_that_python_gives_them(context, server):
    page = context.new_page()
    # The reader by itself: LiteRT.js loads once a page.
    page.route("**/main.js", lambda route: route.abort())
    page.goto(address_of(server))
    answers = page.evaluate(
        """async (digits) => {
             const { loadReader } = await import("./reader.js");
             const reader = await loadReader("./litert/core/wasm/", "model/mnist_canvas.tflite");
             const answers = [];
             for (const rgba of digits) {
               answers.push(await reader.read(new ImageData(Uint8ClampedArray.from(rgba), 28, 28)));
             }
             return answers;
           }""",
        [np.dstack([image] * 3 + [np.full_like(image, 255)]).ravel().tolist() for _, image in GOLDEN],
    )
    expected = load_predictor(EXPORT / "mnist_canvas.tflite").predict(np.stack([image for _, image in GOLDEN]))
    received = np.array([answer["probabilities"] for answer in answers])
    assert received.argmax(axis=1).tolist() == expected.argmax(axis=1).tolist() == [label for label, _ in GOLDEN]
    np.testing.assert_allclose(received, expected, atol=1e-3)
    for (_, image), answer in zip(GOLDEN, answers, strict=True):
        assert np.abs(np.reshape(answer["seen"], (28, 28)) - image).mean() < 3
        assert (answer["hasInk"], answer["touchesBorder"], answer["several"]) == (True, False, False)


def test_the_javascript_of_the_exports_page_runs(context, server):
    blocks = re.findall(r"```javascript\n(.*?)```", (EXPORT / "README.md").read_text(), re.DOTALL)
    assert len(blocks) == 2
    # What is evaluated is no module: the import becomes a call.
    code = re.sub(r"import (\{.*?\}) from (.*?);", r"const \1 = await import(\2);", "\n".join(blocks))
    printed = []
    context.route("**/*.tflite", lambda route: route.fulfill(path=EXPORT / route.request.url.rsplit("/", 1)[1]))
    page = context.new_page()
    page.route("**/main.js", lambda route: route.abort())
    page.on("console", lambda message: printed.append(message.args[0]) if message.type == "log" else None)
    page.goto(address_of(server))
    page.evaluate(f"async () => {{ {code} }}")
    answers = [argument.json_value() for argument in printed[-2:]]
    assert [len(answer) for answer in answers] == [10, 10]
    np.testing.assert_allclose(np.sum(answers, axis=1), 1, atol=1e-4)


@pytest.mark.parametrize("digit", STROKES)
def test_a_drawn_digit_is_read(page, digit):
    draw(page, digit)
    assert page.inner_text("#digit") == str(digit)
    assert page.inner_text("#headline").startswith(f"{digit}, ")
    assert page.inner_text("#spoken") == page.inner_text("#headline")
    shares = [float(bar.get_attribute("style").split(":")[1].strip(" ;")) for bar in page.locator("#bars li").all()]
    assert np.argmax(shares) == digit
    assert np.isclose(sum(shares), 1, atol=1e-4)


def test_a_finger_draws_and_does_not_scroll(context, page):
    box = page.locator("#pad").bounding_box()
    touch = context.new_cdp_session(page)
    (stroke,) = STROKES[1]
    for kind, (x, y) in zip(("touchStart", "touchMove", "touchMove"), stroke, strict=True):
        point = {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]}
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    wait_for_rest(page)
    assert page.inner_text("#digit") == "1"
    assert page.evaluate("[scrollX, scrollY, visualViewport.scale]") == [0, 0, 1]


def test_bars_move_while_the_pen_is_down(page):
    box = page.locator("#pad").bounding_box()
    page.mouse.move(box["x"] + 150, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 150, box["y"] + 260, steps=5)
    page.wait_for_function("document.getElementById('digit').textContent === '1'")
    assert page.inner_text("#spoken") == "Draw a digit."
    page.mouse.up()


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
    (expected,) = read_file(load_predictor(EXPORT / "mnist.tflite"), path)
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


def test_an_unsure_reading_says_so(context, server):
    # Whatever the model says is below the card's threshold then.
    card = json.loads((EXPORT / "card.json").read_text()) | {"sure_from": 1.1}
    context.route("**/model/card.json", lambda route: route.fulfill(json=card))
    page = context.new_page()
    page.goto(address_of(server))
    wait_until(page, "ready", "offline")
    draw(page, 7)
    assert page.inner_text("#digit") == "?"
    assert page.inner_text("#headline").startswith("Not sure: 7 (")


def test_undo_and_clear(page):
    undo, clear = (page.get_by_role("button", name=name) for name in ("Undo", "Clear"))
    assert page.inner_text("#headline") == "Draw a digit."
    assert not undo.is_enabled() and not clear.is_enabled()
    draw(page, 1)
    draw(page, 4)
    for _ in STROKES[4]:
        undo.click()
    wait_for_rest(page)
    assert page.inner_text("#digit") == "1"
    upload(page, file_of(photo(2)))
    assert page.inner_text("#digit") == "2"
    page.keyboard.press("Control+z")
    wait_for_rest(page)
    assert page.inner_text("#digit") == "1"
    clear.click()
    wait_for_rest(page)
    assert page.inner_text("#headline") == "Draw a digit."
    assert page.locator("#hint").is_visible()
    # A stroke on a picture begins a new drawing.
    upload(page, file_of(photo(2)))
    draw(page, 7)
    assert page.inner_text("#digit") == "7"


def test_undo_in_the_midst_of_a_stroke(page):
    box = page.locator("#pad").bounding_box()
    page.mouse.move(box["x"] + 50, box["y"] + 50)
    page.mouse.down()
    page.keyboard.press("Control+z")
    page.mouse.move(box["x"] + 90, box["y"] + 90)
    page.mouse.up()
    wait_for_rest(page)
    assert page.inner_text("#headline") == "Draw a digit."


def test_the_keyboard_draws(page):
    page.get_by_role("application").focus()
    page.keyboard.press("Space")
    for _ in range(14):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    wait_for_rest(page)
    assert page.inner_text("#digit") == "1"
    page.keyboard.press("Delete")
    wait_for_rest(page)
    assert page.inner_text("#headline") == "Draw a digit."


def test_all_is_named_and_reached_by_the_keyboard(page):
    draw(page, 7)
    page.get_by_role("application").focus()
    reached = []
    for _ in range(4):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id"))
    assert reached == ["undo", "clear", "camera", "picture"]
    assert page.get_by_role("status").inner_text().startswith("7, ")
    names = [
        item.get_attribute("aria-label") for item in page.get_by_role("list", name="Probabilities").locator("li").all()
    ]
    assert [name.split(":")[0] for name in names] == list("0123456789")
    assert page.get_by_role("img", name="pixels that the network gets").is_visible()


def test_nothing_comes_from_elsewhere_and_it_opens_offline(context):
    asked, failed = [], []
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.on("requestfailed", lambda request: failed.append(request.url))
    page.on("pageerror", lambda error: failed.append(str(error)))
    with served() as server:
        address = address_of(server)
        page.goto(address)
        wait_until(page, "offline")
        draw(page, 7)
    assert len(asked) > 10
    assert all(url.startswith(address) for url in asked)
    assert failed == []
    # The server has gone.
    page.reload()
    wait_until(page, "ready", "offline")
    draw(page, 4)
    assert page.inner_text("#digit") == "4"


def test_a_model_that_cannot_be_loaded(context, server):
    context.route("**/mnist_canvas.tflite", lambda route: route.abort())
    page = context.new_page()
    page.goto(address_of(server))
    wait_until(page, "failed")
    assert page.inner_text("#headline").startswith("The reader could not be loaded.")


@pytest.mark.parametrize("size", [(320, 568), (390, 844), (844, 390), (1280, 900)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_screens(browser, server, size, scheme):
    viewport = {"width": size[0], "height": size[1]}
    with browser.new_context(**{**PHONE, "viewport": viewport}, color_scheme=scheme) as context:
        page = context.new_page()
        # The looks alone.
        page.route("**/main.js", lambda route: route.abort())
        page.goto(address_of(server))
        width, height = page.evaluate("[document.body.scrollWidth, document.body.scrollHeight]")
        assert width <= size[0] and height <= size[1]
        for button in page.locator(".tools > *").all():
            box = button.bounding_box()
            assert box["height"] >= 44 and box["y"] + box["height"] <= size[1]
        pad = page.locator("#pad").bounding_box()
        assert pad["width"] == pytest.approx(pad["height"]) and pad["width"] > 0.38 * min(size)
        light = [
            sum(map(int, page.evaluate(f"getComputedStyle(document.body).{name}")[4:-1].split(",")))
            for name in ("color", "backgroundColor")
        ]
        assert (light[0] < light[1]) == (scheme == "light")
        assert abs(light[0] - light[1]) > 3 * 150
        assert page.locator("#pad").evaluate("pad => getComputedStyle(pad).touchAction") == "none"


def test_what_is_kept_offline_bears_the_version_of_what_is_installed():
    version = json.loads((PAGE / "package.json").read_text())["dependencies"]["@litertjs/core"]
    assert f'"digits-litert-{version}"' in (PAGE / "service_worker.js").read_text()
    installed = json.loads((PAGE / "node_modules" / "@litertjs" / "core" / "package.json").read_text())
    assert installed["version"] == version
