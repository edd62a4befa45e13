"""The phone page as a whole: offline, on small and large screens, without its model."""

import json
import pathlib

import pytest
from browser import HASH, PHONE, address_of, draw, draw_strokes, served, wait_until

from mnist_keras.export.web_demo import PAGE


def test_all_requests_go_to_the_pages_server_and_the_page_opens_offline(context):
    requested, failed = [], []
    page = context.new_page()
    page.on("request", lambda request: requested.append(request.url))
    page.on("requestfailed", lambda request: failed.append(request.url))
    page.on("pageerror", lambda error: failed.append(str(error)))
    with served() as server:
        address = address_of(server)
        page.goto(f"{address}index.html?from=mail")
        wait_until(page, "offline")
        draw(page, 7)
    assert len(requested) > 10
    assert all(url.startswith(address) for url in requested)
    assert failed == []
    # The server has stopped. An installed page opens this address.
    page.goto(address)
    wait_until(page, "ready", "offline")
    draw(page, 4)
    assert page.inner_text("#number") == "4"


def test_a_missing_model_gives_a_message(context, server):
    context.route("**/mnist_canvas_numbers.tflite", lambda route: route.abort())
    page = context.new_page()
    page.goto(address_of(server))
    wait_until(page, "failed")
    assert page.inner_text("#headline").startswith("The model could not be loaded.")


def test_the_page_works_without_its_service_worker(context):
    with served() as server:
        pathlib.Path(server.RequestHandlerClass.keywords["directory"], "service_worker.js").unlink()
        page = context.new_page()
        page.goto(address_of(server))
        wait_until(page, "ready")
        draw(page, 7)
        assert page.inner_text("#number") == "7"
        assert page.evaluate("document.documentElement.dataset.state") == "ready"


@pytest.mark.parametrize("size", [(320, 568), (390, 844), (844, 390), (1280, 900)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_the_screen(browser, server, size, scheme):
    viewport = {"width": size[0], "height": size[1]}
    with browser.new_context(**{**PHONE, "viewport": viewport}, color_scheme=scheme) as context:
        page = context.new_page()
        # Only the layout.
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


@pytest.mark.parametrize("size", [(320, 568), (390, 844), (844, 390), (1280, 900)])
def test_the_drawing_area_stays_in_its_place(browser, server, size):
    with browser.new_context(**{**PHONE, "viewport": dict(zip(("width", "height"), size, strict=True))}) as context:
        page = context.new_page()
        page.goto(address_of(server))
        wait_until(page, "ready", "offline")
        boxes = [page.locator("#pad").bounding_box()]
        for number in range(6):
            draw(page, 7, left=0.3 * (number % 3), top=0.5 * (number // 3), size=0.4)
            boxes.append(page.locator("#pad").bounding_box())
        assert boxes == boxes[:1] * 7
        assert page.evaluate("document.body.scrollWidth") <= size[0]


def longest_empty_part(page):
    """Returns the height of the longest part of the page from top to bottom that shows nothing, in pixels."""
    shown = "h1, #number span, #headline, #bars .name, .largest .bar, #input, .help li, #pad, button, #state"
    parts = [element.bounding_box() for element in page.locator(shown).all() if element.is_visible()]
    parts = sorted((part["y"], part["y"] + part["height"]) for part in parts)
    longest, bottom = 0, 0
    for top, end in [*parts, (page.viewport_size["height"],) * 2]:
        longest, bottom = max(longest, top - bottom), max(bottom, end)
    return longest


@pytest.mark.parametrize("state", ["empty", "a digit", "no digit"])
def test_a_phone_has_little_empty_space(page, state):
    if state == "a digit":
        draw(page, 7)
    if state == "no digit":
        draw_strokes(page, HASH)
    assert longest_empty_part(page) < 110


def test_a_wide_window_has_the_drawing_area_beside_the_prediction(page):
    page.set_viewport_size({"width": 1440, "height": 900})
    draw(page, 7)
    pad, number = (page.locator(part).bounding_box() for part in ("#pad", "#number"))
    assert pad["x"] + pad["width"] < number["x"] and pad["width"] > 500
    # In the middle of the window.
    assert pad["y"] + pad["height"] / 2 == pytest.approx(450, abs=10)


def test_the_offline_cache_has_the_version_of_litert():
    version = json.loads((PAGE / "package.json").read_text())["dependencies"]["@litertjs/core"]
    assert f'"digits-litert-{version}"' in (PAGE / "service_worker.js").read_text()
    installed = json.loads((PAGE / "node_modules" / "@litertjs" / "core" / "package.json").read_text())
    assert installed["version"] == version
