"""Benchmark of preprocessing on one thread: from the pixels of an image to a 28x28 digit, here and with OpenCV."""

from collections.abc import Callable, Iterator

import numpy as np

from mnist_keras.benchmarks.harness import Contender, Timings, run_interleaved

# Height and width of the images, and the number of images per turn.
SIZES = {(28, 28): 300, (280, 280): 300, (640, 640): 200, (1280, 1280): 100, (3000, 4000): 12}


def measure_preprocessing(turns: int) -> Iterator[tuple[str, str, dict[str, Timings], float]]:
    """Yields task, unit of the times, timings by contender, and 0 for FLOPs that were not counted, of each size.

    Args:
        turns: number of turns of each contender.
    """
    for (height, width), images in SIZES.items():
        timings = run_interleaved(preprocessing_contenders(height, width, images), turns, images)
        yield f"preprocessing, {width}x{height} pixels", "ms per image", timings, 0


def preprocessing_contenders(height: int, width: int, images: int) -> list[Contender]:
    """Returns this package's preprocessing of one digit and of all digits, and OpenCV's usual steps."""
    options = dict(height=height, width=width, images=images)
    return [
        Contender("mnist_keras", run_here, options),
        Contender("mnist_keras, all digits", run_here, dict(options, all_digits=True)),
        Contender("OpenCV", run_opencv, options),
    ]


def run_here(height: int, width: int, images: int, all_digits: bool = False) -> Callable[[], None]:
    """Returns a function that preprocesses `images` images with LiteRT."""
    from mnist_keras.inference.preprocessing.normalize import preprocess_image, preprocess_number

    picture = draw_picture(height, width)
    preprocess = preprocess_number if all_digits else preprocess_image

    def run():
        for _ in range(images):
            preprocess(picture)

    return run


def run_opencv(height: int, width: int, images: int) -> Callable[[], None]:
    """Returns a function that preprocesses `images` images as tutorials do.

    Blur, Otsu's threshold, bounding box of the largest contour, resizing to a box of 20 pixels, center of mass.
    """
    import cv2

    cv2.setNumThreads(1)
    picture = draw_picture(height, width)

    def preprocess():
        gray = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        kind = cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU
        _, ink = cv2.threshold(cv2.GaussianBlur(gray, (5, 5), 0), 0, 255, kind)
        contours, _ = cv2.findContours(ink, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        left, top, box_width, box_height = cv2.boundingRect(max(contours, key=cv2.contourArea))
        scale = 20 / max(box_width, box_height)
        size = max(1, round(box_width * scale)), max(1, round(box_height * scale))
        digit = cv2.resize(ink[top : top + box_height, left : left + box_width], size, interpolation=cv2.INTER_AREA)
        page = np.zeros((28, 28), np.uint8)
        page[4 : 4 + size[1], 4 : 4 + size[0]] = digit
        moments = cv2.moments(page)
        shift = (round(14 - moments[name] / moments["m00"]) for name in ("m10", "m01"))
        return cv2.warpAffine(page, np.array([[1, 0, next(shift)], [0, 1, next(shift)]], np.float32), (28, 28))

    def run():
        for _ in range(images):
            preprocess()

    return run


def draw_picture(height: int, width: int) -> np.ndarray:
    """Draws a 7 with a dark pen on noisy paper, uint8 (height, width, 3)."""
    gray = 225 + np.random.default_rng(0).normal(0, 4, (height, width, 1))
    side = min(height, width)
    top, left, pen = (height - side) // 2 + side // 5, (width - side) // 2 + side // 4, max(2, side // 14)
    gray[top : top + pen, left : left + side // 2] = 50
    rows = np.arange(top, top + 3 * side // 5)
    for row in rows:
        first = left + side // 2 - pen - (row - top) * side // 4 // len(rows)
        gray[row, first : first + pen] = 50
    return np.clip(gray, 0, 255).astype(np.uint8).repeat(3, axis=2)
