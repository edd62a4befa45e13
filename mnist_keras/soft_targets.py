"""Training targets that are not labels: spread a little over all digits, or what a teacher says."""

import keras
from keras import ops


class SoftTargets(keras.Model):
    """A functional model that is trained towards probabilities, and evaluated on labels.

    Args:
        model: pixels to logits (batch, 10); its variables are shared.
        smoothing: share of each target that is spread evenly over the digits (Szegedy et al. 2016).
        teacher: pixels to logits too; its probabilities for the images as the model sees them replace the labels
            (Hinton et al. 2015, with the temperature on the teacher's side alone). It is not trained, and its
            variables are not this model's.
        temperature: divides the teacher's logits.
    """

    def __init__(
        self,
        model: keras.Model,
        smoothing: float = 0.0,
        teacher: keras.Model | None = None,
        temperature: float = 1.0,
    ):
        super().__init__(model.inputs, model.outputs, name=model.name)
        self._smoothing = smoothing
        # A function, since Keras would take a layer for a part of this model.
        self._teach = teacher and (lambda x: ops.softmax(teacher(x, training=False) / temperature))

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        classes = y_pred.shape[-1]
        targets = ops.one_hot(y, classes)
        if training:
            if self._teach:
                targets = ops.stop_gradient(self._teach(x))
            targets = (1 - self._smoothing) * targets + self._smoothing / classes
        return super().compute_loss(x, targets, y_pred, sample_weight, training)
