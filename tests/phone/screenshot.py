"""Makes the README's screenshot of the phone page: a drawn digit in light mode, a photographed number in dark mode.

    python tests/phone/screenshot.py docs/phone.png

The README shows it with a height of 360 pixels, half of its own for screens of twice the resolution.
"""

import io
import pathlib
import sys
import tempfile

from browser import address_of, chromium, draw, served, upload, wait_until
from paper import photo
from PIL import Image

WIDTH, HEIGHT = 360, 640
PICTURE_HEIGHT = 720
GAP = 24
# A color that the page does not have becomes transparent.
BETWEEN = (255, 0, 255)


def main(output):
    with tempfile.TemporaryDirectory() as folder, served() as server, chromium() as browser:
        file = pathlib.Path(folder, "photo.jpg")
        photo(4, 1, 7).save(file)
        halves = [
            shown(browser, server, "light", lambda page: draw(page, 7)),
            shown(browser, server, "dark", lambda page: upload(page, file)),
        ]
    width, height = halves[0].size
    both = Image.new("RGB", (2 * width + GAP, height), BETWEEN)
    for number, half in enumerate(halves):
        both.paste(half, (number * (width + GAP), 0))
    # A third of the bytes of all colors.
    both = both.quantize(128, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    both.save(output, optimize=True, transparency=both.getpixel((width, 0)))


def shown(browser, server, scheme, act):
    phone = {
        "viewport": {"width": WIDTH, "height": HEIGHT},
        "device_scale_factor": PICTURE_HEIGHT / HEIGHT,
        "has_touch": True,
        "is_mobile": True,
    }
    with browser.new_context(**phone, color_scheme=scheme) as context:
        page = context.new_page()
        page.goto(address_of(server))
        wait_until(page, "offline")
        act(page)
        # The bars are animated.
        page.wait_for_timeout(300)
        return Image.open(io.BytesIO(page.screenshot()))


if __name__ == "__main__":
    main(*sys.argv[1:])
