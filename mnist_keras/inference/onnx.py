"""Predicts with an ONNX file in onnxruntime. Must not import TensorFlow."""

import pathlib

import numpy as np

from mnist_keras.errors import InputError
from mnist_keras.inference.class_names import is_number_of_classes
from mnist_keras.inference.input_form import EXPECTED, match_classes, match_input
from mnist_keras.inference.input_range import LoadedModel
from mnist_keras.inference.tflite import first_digit

# The numpy names of onnxruntime's types.
_DTYPES = {
    "tensor(float16)": "float16",
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(uint8)": "uint8",
    "tensor(int32)": "int32",
    "tensor(int64)": "int64",
}


def load_onnx(path: pathlib.Path) -> LoadedModel:
    """Loads a file that maps `pixels`, float32 (any, 28, 28, 1), to `probabilities`, (any, classes).

    Or another author's, see `input_form.EXPECTED`, with an input and an output of any name. Or one that maps `picture`,
    uint8 (1, height, width), to `probabilities`, of one digit or of all, see `first_digit`.

    Raises:
        InputError: the file is damaged or has other inputs or outputs, or onnxruntime is not installed.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise InputError(f"{path} needs onnxruntime: pip install 'mnist_keras[onnx]'.") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(
            path.read_bytes(), options, providers=["CPUExecutionProvider"], enable_fallback=0
        )
    except Exception as error:  # onnxruntime has a class for each of its statuses, in a private module.
        raise InputError(f"{path} cannot be loaded as an ONNX model: {_reason(error)}") from error
    sources, targets = session.get_inputs(), session.get_outputs()
    received = {source.name: (source.type, len(source.shape)) for source in sources}
    takes_pictures = received == {"picture": ("tensor(uint8)", 3)}
    output = "probabilities" if "probabilities" in [target.name for target in targets] else targets[0].name
    form, classes = None, None
    if takes_pictures:
        classes = {target.name: (target.shape or [None])[-1] for target in targets}.get("probabilities")
    elif len(sources) == 1 and (len(targets) == 1 or output == "probabilities"):
        form = match_input(sources[0].shape, _DTYPES.get(sources[0].type, ""))
        classes = match_classes(next(target.shape for target in targets if target.name == output))
    if not is_number_of_classes(classes) or not (takes_pictures or form):
        raise InputError(
            f"{path} is no digit model: it must map {EXPECTED}, or `picture`, uint8 (1, height, width), to "
            f"`probabilities`. Received: {received} to {_outputs(session)}."
        )

    def answer(**inputs: np.ndarray) -> np.ndarray:
        try:
            return session.run([output], inputs)[0]
        except Exception as error:
            raise InputError(f"{path} is a damaged ONNX file: {_reason(error)}") from error

    def predict(images: np.ndarray, white: int) -> np.ndarray:
        if form is None:
            return np.concatenate([first_digit(answer(picture=image[np.newaxis])) for image in images])
        return form.predict(lambda batch: answer(**{sources[0].name: batch}), images, white)

    if form is None:
        return LoadedModel(predict, None, classes=classes)
    white = None if form.takes_bytes else 1
    return LoadedModel(predict, white, classes=classes, input_shape=form.shape, output_kind=None)


def _outputs(session) -> str:
    return ", ".join(f"{target.name} {target.shape}" for target in session.get_outputs())


def _reason(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
