"""Decodes image files to gray pixels; as a program, makes a large image small: an image file on stdin, a PNG on stdout.

    python examples/prepare_image.py < photo.jpg > small.png

Needs Pillow. `server.py` decodes small images with `to_gray`, and runs this file as a process of its own for large
ones: decoding a large image takes hundreds of megabytes, which the system has back afterwards, and all of a core, which
requests with small images get first.
"""

import io
import os
import sys

from PIL import Image, ImageChops, ImageOps, ImageStat

# Maximum length of a side. A digit a tenth as long still has more pixels than the network sees.
SIDE = 320
FORMATS = ("PNG", "JPEG", "BMP", "WEBP")
Image.MAX_IMAGE_PIXELS = None  # The server has its own limit.


def to_gray(image: Image.Image, side: int | None = None) -> Image.Image:
    """Decodes an opened image to gray, 8 bits, upright. What is transparent becomes white behind dark ink, else black.

    A JPEG file may be decoded smaller: to sides of at least `side` pixels. Raises an exception of any class for a
    damaged file.
    """
    # A JPEG file has its gray values apart from its colors.
    image.draft("L", (side, side) if side else image.size)
    ImageOps.exif_transpose(image, in_place=True)
    if image.mode.startswith("I"):
        # 16 bits, which Pillow would cut off at 255.
        gray = image.point(lambda value: value * (1 / 256)).convert("L")
    elif "A" in image.getbands() or "transparency" in image.info:
        gray, alpha = image.convert("RGBA").convert("LA").split()
        is_dark = 255 * ImageStat.Stat(ImageChops.multiply(gray, alpha)).sum[0] < 128 * ImageStat.Stat(alpha).sum[0]
        gray = Image.composite(gray, Image.new("L", image.size, 255 if is_dark else 0), alpha)
    else:
        gray = (image if image.mode in ("1", "L", "RGB") else image.convert("RGB")).convert("L")
    return gray


def prepare(file: bytes) -> bytes:
    """Returns an image upright and gray, with sides of at most `SIDE` pixels, as a PNG file."""
    with Image.open(io.BytesIO(file), formats=FORMATS) as image:
        gray = to_gray(image, SIDE)
    buffer = io.BytesIO()
    gray.reduce(max(1, -(-max(gray.size) // SIDE))).save(buffer, "PNG")
    return buffer.getvalue()


if __name__ == "__main__":
    os.nice(19)
    try:
        sys.stdout.buffer.write(prepare(sys.stdin.buffer.read()))
    except Exception as error:  # Decoders raise whatever a damaged file leads them into.
        sys.exit(f"The image cannot be decoded: {error}")
