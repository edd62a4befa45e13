import numpy as np
import pytest

from mnist_keras.benchmarks.preprocessing import SIZES, draw_picture, preprocessing_contenders, run_here, run_opencv
from mnist_keras.inference.preprocessing.normalize import preprocess_image


def test_the_picture_shows_one_digit_of_every_size():
    for size in SIZES:
        preprocessed = preprocess_image(draw_picture(*size))
        assert preprocessed.has_ink and not preprocessed.has_other_digits
        top, left, bottom, right = np.array(preprocessed.box) / min(size)
        assert 0.5 < bottom - top < 0.7 and 0.35 < right - left < 0.6


def test_contenders_take_the_same_images():
    here, all_digits, opencv = preprocessing_contenders(60, 50, 3)
    assert here.options == opencv.options == {"height": 60, "width": 50, "images": 3}
    assert all_digits.options == {**here.options, "all_digits": True}
    for contender in (here, all_digits):
        run_here(**contender.options)()


def test_opencv_runs():
    pytest.importorskip("cv2")
    run_opencv(60, 50, 2)()
