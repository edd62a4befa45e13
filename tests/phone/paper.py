"""Photographs of digits on paper, made in code, and files of them."""

import io

import numpy as np
from browser import STROKES
from PIL import Image, ImageDraw, ImageFilter


def photo(*digits):
    """Dark digits on paper side by side, each 450 pixels wide, with a shadow over the lower right."""
    size = (450 * len(digits) + 450, 1200)
    picture = Image.new("RGB", size, (214, 208, 196))
    pen = ImageDraw.Draw(picture)
    for number, digit in enumerate(digits):
        for stroke in STROKES[digit]:
            points = [(450 * (0.4 + number + x), 120 + 600 * y) for x, y in stroke]
            pen.line(points, fill=(40, 44, 90), width=18, joint="curve")
    shadow = Image.new("L", size, 255)
    ImageDraw.Draw(shadow).polygon([(size[0], 0), size, (0, size[1])], fill=150)
    shadow = shadow.filter(ImageFilter.GaussianBlur(60))
    return Image.fromarray((np.asarray(picture) * (np.asarray(shadow)[..., np.newaxis] / 255)).astype(np.uint8))


def file_of(picture, kind="PNG", **options):
    """A picture as Playwright uploads it."""
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return {"name": f"picture.{kind.lower()}", "mimeType": f"image/{kind.lower()}", "buffer": buffer.getvalue()}
