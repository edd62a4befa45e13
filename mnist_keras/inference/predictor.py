"""What every format of a model is loaded as."""

import dataclasses
import os
import pathlib
import warnings
from collections.abc import Callable, Sequence

import numpy as np

from mnist_keras.data import base_dataset
from mnist_keras.data.digits import DIGIT_NAMES
from mnist_keras.errors import InputError, InputWarning
from mnist_keras.files import FORMAT_FILES, MODEL_FILE, check_regular_file, project_folder, read_json, sha256
from mnist_keras.inference.class_names import read_class_names
from mnist_keras.inference.input_range import find_assumptions
from mnist_keras.inference.loading import HDF5_SUFFIXES, check_in_subprocess, load_model
from mnist_keras.inference.output_kind import OutputKind, sum_tolerance, to_probabilities


@dataclasses.dataclass(frozen=True)
class Predictor:
    """A loaded model, whatever its format."""

    #: uint8 (examples, 28, 28), white ink on black -> float32 (examples, classes), rows with a sum of 1.
    _probabilities: Callable[[np.ndarray], np.ndarray]
    #: The file or folder that was loaded.
    path: pathlib.Path
    #: Name of the dataset it was trained on, where a config or card beside it says so.
    trained_on: str | None = None
    #: As passed to `load_predictor`; "1" or "255" if it was found by predicting.
    input_range: str = "auto"
    #: The name of each class, see `read_class_names`.
    class_names: tuple[str, ...] = DIGIT_NAMES

    def __reduce__(self) -> tuple[Callable, tuple]:
        """Pickles the path, from which the model is loaded again: its functions cannot be pickled."""
        return load_predictor, (str(self.path.absolute()), True, self.input_range)

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Probabilities of the classes, in the order of `class_names`.

        Args:
            images: uint8 (examples, 28, 28), white ink on black.

        Returns:
            float32 (examples, classes).

        Raises:
            InputError: images of another shape or dtype; or the model's answers are no probabilities.
        """
        images = np.asarray(images)
        if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (28, 28):
            raise InputError(
                "A model needs uint8 images of shape (examples, 28, 28). "
                f"Received: {images.dtype} of shape {images.shape}."
            )
        if not len(images):
            return np.zeros((0, len(self.class_names)), np.float32)
        probabilities = self._probabilities(images)
        sums = probabilities.sum(axis=1, keepdims=True)
        difference = np.abs(sums - 1).max()
        # `not (... < ...)`, because NaN must fail too.
        if not (difference < sum_tolerance(len(self.class_names)) and sums.min() >= 0):
            raise InputError(
                f"{self.path} does not predict probabilities. Expected: a sum of 1 per image. Received: sums from "
                f"{sums.min():.4g} to {sums.max():.4g}. The file is damaged, or its softmax is missing."
            )
        if difference < 1e-4:
            return probabilities
        # The steps of ten classes add up to 0.99 to 1.01. A row does not depend on the others.
        # 1,000 improbable classes may add up to 0.
        scaled = np.divide(
            probabilities, sums, out=np.full_like(probabilities, 1 / len(self.class_names)), where=sums > 0
        )
        return np.where(np.abs(sums - 1) < 1e-4, probabilities, scaled)

    def check_classes(self, class_names: Sequence[str]) -> None:
        """Raises InputError if the model predicts other classes than those of a dataset."""
        if len(class_names) != len(self.class_names):
            raise InputError(
                f"{self.path} predicts {len(self.class_names)} classes. Expected: the {len(class_names)} classes of "
                "the dataset. Choose the model's dataset by --dataset and --data_dir."
            )
        differing = [pair for pair in zip(self.class_names, class_names, strict=True) if pair[0] != pair[1]]
        if differing:
            raise InputError(
                f"{self.path} predicts classes of other names. Expected: those of the dataset, as in "
                f"{differing[0][1]!r}. Received: {differing[0][0]!r}. Choose the model's dataset by --dataset and "
                "--data_dir."
            )

    def check_not_trained_on(self, dataset: str) -> None:
        """Raises InputError if the test images of that dataset were training images of this model."""
        if self.trained_on is None or dataset == self.trained_on:
            return
        source = base_dataset(self.trained_on)
        # Validation images are training images of their source; so are the sample's, of MNIST.
        if dataset != source and (
            base_dataset(dataset) == source or (source, base_dataset(dataset)) == ("mnist", "sample")
        ):
            raise InputError(
                f"{self.path} was trained on {self.trained_on}, whose training images include test images of "
                f"{dataset}: the score would be too good. Score it on {source}, by --dataset and --data_dir."
            )


# The formats of a model that ships, in order of preference.
_SHIPPED_FORMATS = ("float32", "float16")


def shipped_models() -> dict[str, pathlib.Path]:
    """Returns the TFLite file of each model in exported/ by name: the models that ship, and own exports beside them."""
    files = {
        path.parent.name: path
        for name in reversed(_SHIPPED_FORMATS)
        for path in project_folder("exported").glob(f"*/{FORMAT_FILES[name]}")
    }
    return dict(sorted(files.items()))


def load_predictor(path: str | os.PathLike, trusted: bool = False, input_range: str = "auto") -> Predictor:
    """Loads a trained model of any format. Threads can share the predictor.

    Args:
        path: a `.keras`, `.h5`, `.tflite` or `.onnx` file, a C source of the format `c_array`, a SavedModel, a run's
            folder (its `model.keras`), an export's folder (its SavedModel), or the name of a model that ships (its
            TFLite file). Other people's models have one input of a shape in `input_form.SHAPES` and one output,
            probabilities or logits; an `InputWarning` says what was assumed about them.
        trusted: the file is one of this package, though no card confirms its checksum: it is neither loaded in a
            subprocess first nor is its input range found by predicting.
        input_range: "1" or "255", the pixel value of white ink that a model with float inputs receives. "auto": the
            range of this package's models, where a card or a run's config is beside the file; that of the file's
            scaling layer or quantization; otherwise the range in which the model classifies ten known digits, which
            an `InputWarning` reports.

    Raises:
        InputError: there is no such model, it does not classify 28x28 images, its checksum is not that in the card, or
            its labels are those of another number of classes.
    """
    path = pathlib.Path(path)
    if not path.exists():
        path = shipped_models().get(str(path), path)
    if not path.exists():
        raise InputError(
            f"There is no such file or folder: {path}. Models known by their name, in {project_folder('exported')}: "
            f"{', '.join(shipped_models())}."
        )
    check_regular_file(path)
    for inside in (FORMAT_FILES["saved_model"], MODEL_FILE):
        if (path / inside).exists():
            path = path / inside
            break
    trained_on, recorded = _described(path)
    if recorded and sha256(path) != recorded:
        raise InputError(
            f"{path} is not the one that card.json beside it describes: their SHA-256 differ. It is damaged or was "
            "replaced. Export it again, or move it to another folder."
        )
    if not (recorded or trusted):
        is_saved_model = (path / "saved_model.pb").is_file()
        if is_saved_model:
            warnings.warn(
                f"{path} is a SavedModel that no card confirms. It is a program, which can read and write files "
                "when it is loaded or predicts. Load it only if you trust its author.",
                InputWarning,
                stacklevel=2,
            )
        # The libraries that read these formats can crash the process. A .keras file has checksums.
        if is_saved_model or path.suffix in (".tflite", ".c", *HDF5_SUFFIXES):
            check_in_subprocess(path)
    model = load_model(path)
    if recorded:
        # Every file of an export predicts probabilities, but for logits that the file proves.
        model = model._replace(output_kind=model.output_kind or OutputKind.PROBABILITIES)
    is_own = bool(trusted or recorded or (trained_on and path.name == MODEL_FILE))
    usual_range = str(model.white or 255)
    assumed = find_assumptions(model, path, usual_range if is_own and input_range == "auto" else input_range)
    white, kind = assumed.white, assumed.output_kind
    if assumed.message and not is_own:
        warnings.warn(assumed.message, InputWarning, stacklevel=2)
        input_range = str(white)
    class_names = read_class_names(path, model.classes)
    return Predictor(
        lambda images: to_probabilities(model.predict(images, white), kind), path, trained_on, input_range, class_names
    )


def _described(path: pathlib.Path) -> tuple[str | None, str | None]:
    """Dataset and SHA-256 of the file, where the config of a run or the card of an export beside it says them."""
    for name in ("config.json", "card.json"):
        try:
            content = read_json(path.parent / name)
            dataset = str(content["dataset"]["name"])
        except (OSError, ValueError, KeyError, TypeError, IndexError):
            continue
        try:
            return dataset, str(content["files"][path.name]["sha256"])
        except (KeyError, TypeError):
            return dataset, None
    return None, None


def list_models() -> list[str]:
    """Returns the names of the models in exported/: those that ship, and own exports beside them."""
    return list(shipped_models())


def load_pretrained(name: str = "cnn_robust") -> Predictor:
    """Loads a shipped model, by LiteRT; its card lies beside `Predictor.path`.

    Args:
        name: one of `list_models`.

    Raises:
        InputError: no such model is shipped.
    """
    return load_predictor(find_shipped(name))


def find_shipped(name: str) -> pathlib.Path:
    """Returns the TFLite file of a model in exported/.

    Raises:
        InputError: there is none of that name.
    """
    models = shipped_models()
    if name not in models:
        raise InputError(
            f"No model of that name is in {project_folder('exported')}: {name!r}. Expected: {', '.join(models)}."
        )
    return models[name]
