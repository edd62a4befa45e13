"""Makes a large or turned image small and upright: an image file on stdin, a BMP file on stdout. Needs Pillow.

    python examples/prepare_image.py < photo.jpg > small.bmp

`server.py` runs it as a process of its own: decoding a large image takes hundreds of megabytes, which the system has
back afterwards, and all of a core, which requests with small images get first.
"""

import io
import os
import sys

from PIL import Image, ImageOps

# Maximum length of a side. A digit a tenth as long still has more pixels than the network sees.
SIDE = 320
FORMATS = ("PNG", "JPEG", "BMP", "WEBP")
# EXIF tag of the orientation.
ORIENTATION = 0x0112
Image.MAX_IMAGE_PIXELS = None  # The server has its own limit.


def prepare(file: bytes) -> bytes:
    """Returns an image upright, on white, with sides of at most `SIDE` pixels, as a BMP file."""
    with Image.open(io.BytesIO(file), formats=FORMATS) as image:
        image.draft(None, (SIDE, SIDE))
        if image.mode.startswith("I"):
            # 16 bits, which Pillow would cut off at 255.
            plain = image.point(lambda value: value * (1 / 256)).convert("L")
        elif "A" in image.getbands() or "transparency" in image.info:
            plain = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))
        else:
            plain = image.convert("L" if image.mode in ("1", "L") else "RGB")
        small = plain.reduce(max(1, -(-max(image.size) // SIDE)))
        orientation = image.getexif().get(ORIENTATION, 1)
    small.getexif()[ORIENTATION] = orientation
    buffer = io.BytesIO()
    ImageOps.exif_transpose(small).convert("RGB").save(buffer, "BMP")
    return buffer.getvalue()


if __name__ == "__main__":
    os.nice(19)
    try:
        sys.stdout.buffer.write(prepare(sys.stdin.buffer.read()))
    except Exception as error:  # Decoders raise whatever a damaged file leads them into.
        sys.exit(f"The image cannot be decoded: {error}")
