"""Predictors of every format shared by threads, after a fork, and pickled."""

import concurrent.futures
import pickle
import subprocess
import sys
import threading

import numpy as np
import pytest
from pictures import DIGITS, as_picture, ink_of, page

from mnist_keras.files import project_folder
from mnist_keras.inference.predictor import load_predictor
from mnist_keras.inference.preprocessing.normalize import preprocess_image

SHIPPED = [
    "cnn_robust/mnist.tflite",
    "cnn_robust/mnist_uint8_io.tflite",
    "cnn_robust/mnist_picture.tflite",
    "cnn_robust/mnist_canvas.tflite",
    "cnn_robust/saved_model",
    "cnn_augmented/mnist_float16.tflite",
    "cnn_augmented/mnist_int8.tflite",
    "compact_10k/mnist_int8_io.tflite",
    "cnn_augmented/mnist.onnx",
    "cnn_augmented/mnist_picture.onnx",
]
RUN = "a run's model.keras"
THREADS = 8


@pytest.fixture(params=[*SHIPPED, RUN])
def predictor(request, trained_run):
    if request.param.endswith(".onnx"):
        pytest.importorskip("onnxruntime")
    return load_predictor(trained_run if request.param == RUN else project_folder("exported") / request.param)


@pytest.fixture(scope="module")
def images():
    images = np.stack([preprocess_image(as_picture(page(ink_of(digit, 110)))).digit for digit in DIGITS])
    assert len(images) >= 4
    return images


def check_threads(predictor, images, calls):
    """Predicts one image per call in several threads; each answer must equal that of one thread."""
    # Of another predictor: the first calls of this one come from several threads, too.
    alone = load_predictor(predictor.path)
    expected = [alone.predict(image[np.newaxis]) for image in images]
    start = threading.Barrier(THREADS)

    def work(thread):
        start.wait()
        wrong = 0
        for call in range(calls // THREADS):
            index = (thread + call) % len(images)
            wrong += not np.array_equal(predictor.predict(images[index : index + 1]), expected[index])
        return wrong

    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        assert sum(pool.map(work, range(THREADS))) == 0


def test_threads_share_a_predictor(predictor, images):
    check_threads(predictor, images, calls=160)


@pytest.mark.slow
def test_20000_calls_of_eight_threads(predictor, images):
    check_threads(predictor, images, calls=20_000)


def test_threads_share_the_preprocessing():
    pictures = [as_picture(page(ink_of(digit, 110))) for digit in DIGITS]
    expected = [preprocess_image(picture).digit for picture in pictures]
    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        received = list(pool.map(lambda picture: preprocess_image(picture).digit, pictures * 4))
    np.testing.assert_array_equal(received, expected * 4)


def test_a_pickled_predictor_predicts_the_same(predictor, images):
    again = pickle.loads(pickle.dumps(predictor))
    assert again.path == predictor.path.absolute()
    assert again.trained_on == predictor.trained_on
    np.testing.assert_array_equal(again.predict(images), predictor.predict(images))


FORK = """
import multiprocessing, sys
import numpy as np
from mnist_keras.inference.predictor import load_predictor

images = np.zeros((2, 28, 28), np.uint8)
def child(predictor, expected):
    try:
        print("same" if np.array_equal(predictor.predict(images), expected) else "other", flush=True)
    except Exception as error:
        print(type(error).__name__, error, flush=True)
for path in sys.argv[1:]:
    predictor = load_predictor(path)
    arguments = predictor, predictor.predict(images)
    process = multiprocessing.get_context("fork").Process(target=child, args=arguments)
    process.start()
    process.join(30)
    assert process.exitcode == 0, process.exitcode
"""


def test_a_forked_process_predicts_the_same_or_is_refused(trained_run):
    pytest.importorskip("onnxruntime")
    refused = "InputError TensorFlow cannot run in process"
    expected = {
        "cnn_robust/mnist.tflite": "same",
        "cnn_robust/mnist_picture.tflite": "same",
        "cnn_augmented/mnist.onnx": "same",
        "cnn_augmented/saved_model": refused,
        trained_run: refused,
    }
    paths = [project_folder("exported") / path for path in expected]
    command = [sys.executable, "-c", FORK, *map(str, paths)]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=100)
    received = result.stdout.splitlines()
    assert len(received) == len(expected)
    assert all(map(str.startswith, received, expected.values())), received
