"""Predicts with a TFLite file in LiteRT. Must not import TensorFlow."""

import pathlib
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

from mnist_keras.errors import InputError
from mnist_keras.inference.c_array import read_tflite
from mnist_keras.inference.class_names import is_number_of_classes
from mnist_keras.inference.input_form import OWN_SHAPE, SHAPES, match_classes, match_input
from mnist_keras.inference.input_range import LoadedModel
from mnist_keras.inference.output_kind import OutputKind
from mnist_keras.inference.sharing import Pool

# Height and width of the image that MediaPipe's files take.
_MEDIAPIPE = (224, 224)
_DTYPES = (np.float32, np.int8, np.uint8)


# Maps an image, uint8 (28, 28), and the pixel value of white ink to probabilities, (classes,).
_PredictOne = Callable[[Interpreter, np.ndarray, int], np.ndarray]


class _Contract(NamedTuple):
    """What a file takes and returns; the last five fields are those of `LoadedModel`."""

    predict_one: _PredictOne
    white: int | None
    is_certain: bool
    classes: int
    input_shape: tuple[int, ...] = OWN_SHAPE
    output_kind: OutputKind | None = OutputKind.PROBABILITIES


def load_tflite(path: pathlib.Path) -> LoadedModel:
    """Loads a file that maps pixels, (1, 28, 28, 1), to probabilities, (1, classes).

    Or from another of the shapes in `input_form.SHAPES`, or to logits, as other people's files.
    Both are float32, or int8 or uint8 with a scale and a zero point in the file. Or one whose signature maps
    `picture`, uint8 (1, height, width), `image`, uint8 (1, 224, 224, 3), or `rgba` and `size`, the pixels of a canvas,
    to `probabilities`; of those that read all digits of an image, the function predicts the first digit. Or the C array
    of a file with int8 input and output.

    Threads can share the function: each has an interpreter of its own while it predicts.

    Raises:
        InputError: the file is damaged or has other inputs or outputs.
    """
    content = read_tflite(path)
    if content[4:8] != b"TFL3":
        raise InputError(f"{path} is no TFLite file: bytes 4 to 8 must be TFL3. Received: {content[4:8]!r}.")
    try:
        pool = Pool(lambda: _create_interpreter(content))
    except (ValueError, RuntimeError) as error:
        raise InputError(f"{path} is a damaged TFLite file: {error}") from error
    interpreter = pool.take()
    try:
        contract = _by_contract(path, interpreter)
    except (ValueError, RuntimeError, KeyError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path} is a damaged TFLite file: {error}") from error
    pool.give_back(interpreter)

    def predict(images: np.ndarray, white: int) -> np.ndarray:
        probabilities = np.empty((len(images), contract.classes), np.float32)
        try:
            interpreter = pool.take()
            for row, image in zip(probabilities, images, strict=True):
                row[:] = contract.predict_one(interpreter, image, white)
            pool.give_back(interpreter)
        except (ValueError, RuntimeError, KeyError) as error:
            raise InputError(f"{path} is a damaged TFLite file: {error}") from error
        return probabilities

    return LoadedModel(predict, *contract[1:])


def _create_interpreter(content: bytes) -> Interpreter:
    interpreter = Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    return interpreter


def _by_contract(path: pathlib.Path, interpreter: Interpreter) -> _Contract:
    """Returns the function for the file's inputs and outputs, and what is known of them."""
    inputs = {(end["dtype"], tuple(end["shape_signature"])) for end in interpreter.get_input_details()}

    def by_signature(feed: Callable[[np.ndarray], dict[str, np.ndarray]]) -> _Contract:
        outputs = interpreter.get_signature_runner("serving_default").get_output_details()
        classes = _check_classes(path, outputs["probabilities"]["shape"])
        return _Contract(lambda interpreter, image, _: _run(interpreter, **feed(image)), None, True, classes)

    if inputs == {(np.uint8, (1, -1, -1))}:
        return by_signature(lambda image: {"picture": image[np.newaxis]})
    if inputs == {(np.uint8, (1, *_MEDIAPIPE, 3))}:
        return by_signature(lambda image: {"image": _enlarged(image)[np.newaxis]})
    canvas = max(int(end["shape"].max(initial=0)) for end in interpreter.get_input_details())
    if inputs == {(np.float32, (canvas,)), (np.int32, (2,))}:
        return by_signature(lambda image: _on_canvas(image, canvas))
    return _by_shapes(path, interpreter)


def _by_shapes(path: pathlib.Path, interpreter: Interpreter) -> _Contract:
    """Returns the contract of a file that maps pixels to classes, of this package or another author."""
    ends = [interpreter.get_input_details(), interpreter.get_output_details()]
    received = [[(end["dtype"], tuple(int(size) for size in end["shape"])) for end in side] for side in ends]
    form = match_input(received[0][0][1], "float32") if len(ends[0]) == 1 else None
    classes = match_classes(received[1][0][1]) if len(ends[1]) == 1 else None
    dtypes = [dtype for side in received for dtype, _ in side]
    if form is None or classes is None or any(dtype not in _DTYPES for dtype in dtypes):
        raise InputError(
            f"{path} must map (1, 28, 28, 1) to (1, classes), 2 to 1,000 classes, float32, int8 or uint8. An input may "
            f"also have one of the shapes {', '.join(map(str, SHAPES))} behind the batch. Received: "
            + " to ".join(", ".join(f"{dtype.__name__} {shape}" for dtype, shape in side) for side in received)
        )
    source, target = ends[0][0], ends[1][0]
    # Integers without a scale are the pixels themselves.
    takes_bytes = source["dtype"] is np.uint8 and not source["quantization"][0]
    for end in (source, target):
        if end["dtype"] is not np.float32 and not end["quantization"][0] and not (takes_bytes and end is source):
            raise InputError(
                f"{path} has {end['dtype'].__name__} numbers without a scale. Expected: a scale and a zero point for "
                "int8 inputs and outputs. Convert the model again, with float32 inputs and outputs."
            )

    def predict_one(interpreter: Interpreter, image: np.ndarray, white: int) -> np.ndarray:
        pixels = np.broadcast_to(form.convert(image[np.newaxis], white), source["shape"])
        interpreter.set_tensor(source["index"], pixels.astype(np.uint8) if takes_bytes else _quantize(pixels, source))
        interpreter.invoke()
        return _dequantize(interpreter.get_tensor(target["index"])[0], target)

    contract = _Contract(predict_one, 1, False, classes, form.shape, None)
    if source["dtype"] is np.float32:
        return contract
    if takes_bytes:
        return contract._replace(white=None)
    scale, zero = source["quantization"]
    maximum = scale * (np.iinfo(source["dtype"]).max - zero)
    return contract._replace(white=1 if maximum < 16 else 255, is_certain=True)


def _check_classes(path: pathlib.Path, shape: Sequence[int]) -> int:
    classes = int(shape[-1])
    if not is_number_of_classes(classes):
        raise InputError(
            f"{path} must have an output of 2 to 1,000 classes. Received: probabilities of shape "
            f"{tuple(map(int, shape))}. Export a model of digits or other classes."
        )
    return classes


def _run(interpreter: Interpreter, **inputs: np.ndarray) -> np.ndarray:
    outputs = interpreter.get_signature_runner("serving_default")(**inputs)
    return first_digit(outputs["probabilities"])[0]


def first_digit(probabilities: np.ndarray) -> np.ndarray:
    """Returns the probabilities of the first of all digits, (images, digits, 10), each 0.1 without one.

    Those of one digit or another class, (images, classes), are returned unchanged.
    """
    if probabilities.ndim == 2:
        return probabilities
    first = probabilities[:, 0]
    return np.where(first.sum(axis=1, keepdims=True) > 0, first, np.float32(0.1))


def _enlarged(image: np.ndarray) -> np.ndarray:
    """Returns an image in the size and with the channels that MediaPipe passes on."""
    if image.shape == (28, 28):
        image = enlarge(image[np.newaxis])[0]
    return np.repeat(image[..., np.newaxis], 3, axis=2)


def enlarge(images: np.ndarray) -> np.ndarray:
    """Returns digits, uint8 (examples, 28, 28), resized bilinearly to 224x224 pixels, as MediaPipe does."""
    size = _MEDIAPIPE[::-1]
    return np.stack([np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BILINEAR)) for image in images])


def _on_canvas(image: np.ndarray, size: int) -> dict[str, np.ndarray]:
    rgba = np.zeros(size, np.float32)
    pixels = rgba[: 4 * image.size].reshape(-1, 4)
    pixels[:, :3] = image.reshape(-1, 1)
    pixels[:, 3] = 255
    return {"rgba": rgba, "size": np.array(image.shape, np.int32)}


def _quantize(values: np.ndarray, end: dict) -> np.ndarray:
    if end["dtype"] is np.float32:
        return values
    scale, zero = end["quantization"]
    limits = np.iinfo(end["dtype"])
    return np.clip(np.round(values / scale + zero), limits.min, limits.max).astype(end["dtype"])


def _dequantize(values: np.ndarray, end: dict) -> np.ndarray:
    if end["dtype"] is np.float32:
        return values
    scale, zero = end["quantization"]
    return (values.astype(np.float32) - zero) * np.float32(scale)
