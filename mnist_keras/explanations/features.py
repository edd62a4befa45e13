"""Outputs of a network's penultimate layer: the most similar training images, and a map of a test set."""

import dataclasses

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from mnist_keras.data import Digits
from mnist_keras.errors import InputError, check

_BATCH = 500
# t-SNE starts from so many principal components.
_MAX_COMPONENTS = 50
_MIN_MAP_IMAGES = 10


def penultimate_model(model: keras.Model) -> keras.Model:
    """Returns a model from pixels to features, float32 (batch, features): the inputs of the last layer with a kernel.

    The features of an ensemble are those of all members. The features of a network of one layer are its scaled pixels.

    Args:
        model: of this package, or an ensemble of such models.
    """
    members = [layer for layer in model.layers if isinstance(layer, keras.Model)]
    if members:
        pixels = keras.Input((28, 28, 1))
        return keras.Model(pixels, layers.Concatenate()([penultimate_model(member)(pixels) for member in members]))
    last = [layer for layer in model.layers if hasattr(layer, "kernel")][-1]
    return keras.Model(model.inputs, layers.Flatten(name="features")(last.input))


def predict_features(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """Returns the features, float32 (examples, features), of uint8 images (examples, 28, 28).

    Args:
        model: from `penultimate_model`.
        images: the images.
    """
    features = tf.function(lambda pixels: model(pixels, training=False), reduce_retracing=True)
    batches = (images[start : start + _BATCH, ..., np.newaxis] for start in range(0, len(images), _BATCH))
    return np.concatenate([features(tf.constant(batch, tf.float32)).numpy() for batch in batches])


@dataclasses.dataclass(frozen=True)
class Neighbors:
    """The training images that are most similar to an image for a network, the most similar first."""

    #: uint8 (count, 28, 28).
    images: np.ndarray
    #: Integers (count,).
    labels: np.ndarray
    #: float32 (count,), Euclidean distances between the features.
    distances: np.ndarray
    #: int64 (count,), positions in the training set.
    indices: np.ndarray


class TrainingFeatures:
    """Features of training images, computed once and compared with those of any number of images.

    Args:
        model: of this package, from pixels in 0..255, (batch, 28, 28, 1), to logits, (batch, classes).
        digits: the dataset, of which the training set is used.
        maximum: number of training images. Of a larger training set, as many are chosen at random, the same in each
            call. 0: all of them.

    Raises:
        InputError: `maximum` is negative, or the dataset has another number of classes.
    """

    def __init__(self, model: keras.Model, digits: Digits, maximum: int = 10_000):
        check(type(maximum) is int and maximum >= 0, "a whole number from 0", "maximum", maximum)
        classes = model.output_shape[-1]
        if classes != len(digits.class_names):
            raise InputError(
                f"The model and the dataset {digits.name} have other classes. Expected: {classes} classes. Received: "
                f"{len(digits.class_names)}. Choose the dataset that the model was trained on."
            )
        self._digits = digits
        self._indices = _choose(len(digits.train_images), maximum)
        self._model = penultimate_model(model)
        self._features = predict_features(self._model, digits.train_images[self._indices])

    def __len__(self) -> int:
        return len(self._indices)

    def nearest(self, image: np.ndarray, count: int = 5) -> Neighbors:
        """Returns the training images with the nearest features.

        Args:
            image: uint8 (28, 28), white ink on black.
            count: number of training images, at most that of all.
        """
        features = predict_features(self._model, image[np.newaxis])
        distances = np.linalg.norm(self._features - features, axis=1)
        order = distances.argsort(kind="stable")[:count]
        found = self._indices[order]
        return Neighbors(self._digits.train_images[found], self._digits.train_labels[found], distances[order], found)


@dataclasses.dataclass(frozen=True)
class FeatureMap:
    """The features of test images in two dimensions."""

    #: float32 (examples, 2): the two principal components with the largest variances.
    pca: np.ndarray
    #: float32 (examples, 2): t-SNE, which keeps neighbors together. Its axes and large distances have no meaning.
    tsne: np.ndarray
    #: Share of the variance of all features that `pca` keeps, 0 to 1.
    explained_variance: float
    #: Integers (examples,).
    labels: np.ndarray
    #: Integers (examples,), the classes that the model predicts.
    predictions: np.ndarray


def feature_map(model: keras.Model, digits: Digits, maximum: int = 0, seed: int = 0) -> FeatureMap:
    """Maps the features of test images to two dimensions, by PCA and by t-SNE (van der Maaten, Hinton 2008).

    Args:
        model: of this package, from pixels in 0..255, (batch, 28, 28, 1), to logits, (batch, classes).
        digits: the dataset, of which the test set is used.
        maximum: number of test images. Of a larger test set, as many are chosen at random, the same in each call. 0:
            all of them.
        seed: of t-SNE.

    Raises:
        InputError: fewer than 10 images.
    """
    # Its import takes a second.
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    chosen = _choose(len(digits.test_images), maximum)
    if len(chosen) < _MIN_MAP_IMAGES:
        raise InputError(f"A map needs at least {_MIN_MAP_IMAGES} test images. Received: {len(chosen)}.")
    images = digits.test_images[chosen]
    features = predict_features(penultimate_model(model), images)
    logits = predict_features(model, images)
    pca = PCA(min(_MAX_COMPONENTS, *features.shape), random_state=seed)
    components = pca.fit_transform(features)
    # Twice the perplexity must be below the number of images. 30 is the default of scikit-learn.
    tsne = TSNE(perplexity=min(30, (len(chosen) - 1) / 3), init="pca", random_state=seed)
    # Threads that wait for each other while other programs run: 2,000 images took 145 s with two, 50 s with one.
    with threadpool_limits(1):
        embedded = tsne.fit_transform(components)
    return FeatureMap(
        components[:, :2],
        embedded,
        float(pca.explained_variance_ratio_[:2].sum()),
        digits.test_labels[chosen],
        logits.argmax(axis=1),
    )


def _choose(examples: int, maximum: int) -> np.ndarray:
    """Returns the indices of at most `maximum` of so many images, in their order; 0: of all."""
    if not maximum or maximum >= examples:
        return np.arange(examples)
    return np.sort(np.random.default_rng(0).choice(examples, maximum, replace=False))
