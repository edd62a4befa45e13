"""Predictions of a `.tflite` file, by LiteRT; TensorFlow is not needed."""

import pathlib
from collections.abc import Callable

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from mnist_keras.errors import InputError


def load_tflite(path: pathlib.Path) -> Callable[[np.ndarray], np.ndarray]:
    """Loads a file with the usual contract: float32 (1, 28, 28, 1) in 0..1 -> float32 (1, 10), summing to 1.

    Raises:
        InputError: the file is damaged, or its contract another one.
    """
    content = path.read_bytes()
    if content[4:8] != b"TFL3":
        raise InputError(f"{path} is no TFLite file: bytes 4 to 8 must be TFL3. Received: {content[4:8]!r}.")
    try:
        interpreter = Interpreter(model_content=content, num_threads=1)
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise InputError(f"{path} is a damaged TFLite file: {error}") from error
    ends = [details()[0] for details in (interpreter.get_input_details, interpreter.get_output_details)]
    received = [(end["dtype"].__name__, tuple(int(size) for size in end["shape"])) for end in ends]
    if received != [("float32", (1, 28, 28, 1)), ("float32", (1, 10))]:
        raise InputError(
            f"{path} must map float32 (1, 28, 28, 1) to float32 (1, 10). Received: "
            + " to ".join(f"{dtype} {shape}" for dtype, shape in received)
        )
    source, target = (end["index"] for end in ends)

    def predict(images: np.ndarray) -> np.ndarray:
        answers = np.empty((len(images), 10), np.float32)
        for index, image in enumerate(images):
            interpreter.set_tensor(source, image.reshape(1, 28, 28, 1).astype(np.float32) / np.float32(255))
            interpreter.invoke()
            answers[index] = interpreter.get_tensor(target)[0]
        return answers

    return predict
