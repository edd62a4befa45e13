"""Digits drawn by mouse, finger and keyboard in a real browser."""

import json
import re

import numpy as np
import pytest
from browser import (
    CROSS,
    EXPORT,
    HASH,
    STROKES,
    address_of,
    draw,
    draw_strokes,
    upload,
    wait_for_prediction,
    wait_until,
)
from paper import file_of, photo


@pytest.mark.parametrize("digit", STROKES)
def test_a_drawn_digit_is_recognized(page, digit):
    draw(page, digit)
    assert page.inner_text("#number") == str(digit)
    # The digit is shown once, and said.
    assert re.fullmatch(r"\d\d\.\d % sure", page.inner_text("#headline"))
    assert page.inner_text("#spoken") == f"{digit}, {page.inner_text('#headline')}"
    shares = [float(bar.get_attribute("style").split(":")[1].strip(" ;")) for bar in page.locator("#bars li").all()]
    assert np.argmax(shares) == digit
    assert np.isclose(sum(shares), 1, atol=1e-4)


def test_digits_side_by_side_are_a_number_with_a_box_around_each(page):
    draw(page, 4, left=0.0, top=0.25, size=0.5)
    draw(page, 7, left=0.5, top=0.25, size=0.5)
    assert page.inner_text("#number") == "47"
    assert page.inner_text("#headline").startswith("2 digits, the least certain ")
    assert page.inner_text("#spoken").startswith("47. 2 digits, the least certain ")
    assert "of 2, least certain" in page.inner_text("#caption")
    # The digit of the bars is underlined.
    detailed = page.locator("#number .detailed").inner_text()
    assert page.inner_text("#caption").startswith(f"digit {'47'.index(detailed) + 1} ")
    assert page.inner_text("#bars .largest") == detailed
    pad = page.locator("#pad").bounding_box()
    boxes = [box.bounding_box() for box in page.locator(".box").all()]
    received = [
        [(box["x"] - pad["x"]) / pad["width"], (box["x"] + box["width"] - pad["x"]) / pad["width"]] for box in boxes
    ]
    # Left and right of the strokes.
    np.testing.assert_allclose(received, [[0.14, 0.36], [0.65, 0.85]], atol=0.04)
    page.get_by_role("button", name="Clear").click()
    wait_for_prediction(page)
    assert page.locator(".box").count() == 0


def test_lines_are_below_each_other(page):
    draw(page, 2, size=0.5)
    draw(page, 7, left=0.4, size=0.5)
    draw(page, 4, top=0.5, size=0.5)
    assert page.inner_text("#number") == "27\n4"
    assert page.inner_text("#spoken").startswith("27, 4. 3 digits")


@pytest.mark.parametrize("strokes", [CROSS, HASH], ids=["cross", "hash"])
def test_a_sign_is_no_digit(page, strokes):
    draw_strokes(page, strokes)
    assert page.inner_text("#number") == ""
    assert page.inner_text("#headline") == page.inner_text("#spoken") == "No digit found."
    assert page.locator(".box").count() == 0
    # In place of bars without a height and an empty input.
    assert page.get_by_text("Letters, signs and scribbles are no digits.").is_visible()
    assert not page.locator("#bars").is_visible() and not page.locator("#input").is_visible()
    draw(page, 7, size=0.5)
    page.get_by_role("button", name="Clear").click()
    wait_for_prediction(page)
    assert page.get_by_text("Camera and Image predict the digits of a photo.").is_visible()


def test_boxes_do_not_change_what_is_classified(page):
    def shown():
        boxes = [box.bounding_box() for box in page.locator(".box").all()]
        return page.inner_text("#headline"), page.evaluate("document.getElementById('input').toDataURL()"), boxes

    draw(page, 7, size=0.5)
    first = shown()
    draw(page, 1, left=0.5, size=0.5)
    assert page.locator(".box").count() == 2
    # The drawing without the second digit is classified while both have boxes.
    page.get_by_role("button", name="Undo").click()
    wait_for_prediction(page)
    assert shown() == first


def test_a_finger_draws_and_does_not_scroll(context, page):
    box = page.locator("#pad").bounding_box()
    touch = context.new_cdp_session(page)
    (stroke,) = STROKES[1]
    for kind, (x, y) in zip(("touchStart", "touchMove", "touchMove"), stroke, strict=True):
        point = {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]}
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    wait_for_prediction(page)
    assert page.inner_text("#number") == "1"
    assert page.evaluate("[scrollX, scrollY, visualViewport.scale]") == [0, 0, 1]


def test_bars_change_while_the_pen_is_down(page):
    box = page.locator("#pad").bounding_box()
    page.mouse.move(box["x"] + 150, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 150, box["y"] + 260, steps=5)
    page.wait_for_function("document.getElementById('number').textContent === '1'")
    assert page.inner_text("#spoken") == "Draw a digit or a number."
    page.mouse.up()


def test_a_prediction_below_the_threshold_is_marked_as_not_sure(context, server):
    # Every probability is below this threshold.
    card = json.loads((EXPORT / "card.json").read_text()) | {"sure_from": 1.1}
    context.route("**/model/card.json", lambda route: route.fulfill(json=card))
    page = context.new_page()
    page.goto(address_of(server))
    wait_until(page, "ready", "offline")
    draw(page, 7, size=0.5)
    assert page.inner_text("#number") == "?"
    assert page.inner_text("#headline").startswith("Not sure: 7 (")
    assert page.inner_text("#spoken") == page.inner_text("#headline")
    assert page.locator(".box.unsure").count() == 1
    draw(page, 4, left=0.5, size=0.5)
    assert page.inner_text("#number") == "74"
    assert page.locator("#number .unsure").count() == page.locator(".box.unsure").count() == 2
    assert page.inner_text("#headline").startswith("Not sure of 2 of 2 digits (")


def test_undo_and_clear(page):
    undo, clear = (page.get_by_role("button", name=name) for name in ("Undo", "Clear"))
    assert page.inner_text("#headline") == "Draw a digit or a number."
    assert not undo.is_enabled() and not clear.is_enabled()
    draw(page, 1, size=0.5)
    draw(page, 4, left=0.5, size=0.5)
    assert page.inner_text("#number") == "14"
    for _ in STROKES[4]:
        undo.click()
    wait_for_prediction(page)
    assert page.inner_text("#number") == "1"
    upload(page, file_of(photo(2)))
    assert page.inner_text("#number") == "2"
    page.keyboard.press("Control+z")
    wait_for_prediction(page)
    assert page.inner_text("#number") == "1"
    clear.click()
    wait_for_prediction(page)
    assert page.inner_text("#headline") == "Draw a digit or a number."
    assert page.locator("#hint").is_visible()
    # A stroke on an image begins a new drawing.
    upload(page, file_of(photo(2)))
    draw(page, 7)
    assert page.inner_text("#number") == "7"


def test_undo_during_a_stroke(page):
    box = page.locator("#pad").bounding_box()
    page.mouse.move(box["x"] + 50, box["y"] + 50)
    page.mouse.down()
    page.keyboard.press("Control+z")
    page.mouse.move(box["x"] + 90, box["y"] + 90)
    page.mouse.up()
    wait_for_prediction(page)
    assert page.inner_text("#headline") == "Draw a digit or a number."


def test_the_keyboard_draws(page):
    page.get_by_role("application").focus()
    page.keyboard.press("Space")
    for _ in range(14):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    wait_for_prediction(page)
    assert page.inner_text("#number") == "1"
    page.keyboard.press("Delete")
    wait_for_prediction(page)
    assert page.inner_text("#headline") == "Draw a digit or a number."


def test_every_element_has_a_name_and_is_reached_by_keyboard(page):
    draw(page, 7)
    page.get_by_role("application").focus()
    focused = []
    for _ in range(5):
        page.keyboard.press("Tab")
        focused.append(page.evaluate("document.activeElement.id"))
    assert focused == ["undo", "clear", "camera", "image", "collect"]
    assert page.get_by_role("status").inner_text().startswith("7, ")
    names = [
        item.get_attribute("aria-label") for item in page.get_by_role("list", name="Probabilities").locator("li").all()
    ]
    assert [name.split(":")[0] for name in names] == list("0123456789")
    assert page.get_by_role("img", name="Input of the network").is_visible()
