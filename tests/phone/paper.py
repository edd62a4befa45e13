"""Synthetic photographs of digits on paper, and image files of them."""

import io

import numpy as np
from browser import STROKES
from PIL import Image, ImageDraw, ImageFilter


def photo(*digits):
    """Returns an image of dark digits on paper side by side, each 450 pixels wide, with a shadow at the lower right."""
    size = (450 * len(digits) + 450, 1200)
    image = Image.new("RGB", size, (214, 208, 196))
    pen = ImageDraw.Draw(image)
    for number, digit in enumerate(digits):
        for stroke in STROKES[digit]:
            points = [(450 * (0.4 + number + x), 120 + 600 * y) for x, y in stroke]
            pen.line(points, fill=(40, 44, 90), width=18, joint="curve")
    shadow = Image.new("L", size, 255)
    ImageDraw.Draw(shadow).polygon([(size[0], 0), size, (0, size[1])], fill=150)
    shadow = shadow.filter(ImageFilter.GaussianBlur(60))
    return Image.fromarray((np.asarray(image) * (np.asarray(shadow)[..., np.newaxis] / 255)).astype(np.uint8))


def file_of(image, kind="PNG", **options):
    """Returns an image as the dict of name, type and content that Playwright uploads."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return {"name": f"image.{kind.lower()}", "mimeType": f"image/{kind.lower()}", "buffer": buffer.getvalue()}
