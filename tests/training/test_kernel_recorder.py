import keras
import numpy as np
import pytest

from mnist_keras.errors import InputError
from mnist_keras.models import build_model
from mnist_keras.recipes import get_recipe
from mnist_keras.training.checkpoints.state import (
    changed_attributes,
    decode,
    encode,
    serializable_attributes,
)
from mnist_keras.training.kernel_recorder import KernelRecorder
from mnist_keras.training.settings import TrainingOptions
from mnist_keras.training.train import train


def test_kernels_are_recorded_before_training_and_after_each_epoch(tiny):
    recorder = KernelRecorder(maximum=4)
    options = TrainingOptions(callbacks=[recorder], verbose=False)
    result = train(get_recipe("linear", epochs=2, batch_size=40), tiny, options=options)
    assert recorder.epochs == [0, 1, 2]
    assert (recorder.kernels[0] == 0).all()
    assert [kernels.shape for kernels in recorder.kernels] == [(4, 28, 28)] * 3
    trained = result.model.get_weights()[0].reshape(28, 28, 10).transpose(2, 0, 1)
    assert (recorder.kernels[2] == trained[:4]).all()
    assert not (recorder.kernels[1] == recorder.kernels[2]).all()


def test_kernels_of_a_convolution_have_its_size():
    recorder, model = KernelRecorder(), build_model("compact_1k")
    recorder.set_model(model)
    recorder.on_train_begin()
    kernel = next(layer for layer in model.layers if hasattr(layer, "kernel")).get_weights()[0]
    assert (recorder.kernels[0] == kernel[:, :, 0].transpose(2, 0, 1)[:16]).all()


def test_a_layer_of_several_channels_is_refused():
    model = keras.Sequential([keras.Input((28, 28, 3)), keras.layers.Conv2D(2, 3)], name="colored")
    recorder = KernelRecorder()
    recorder.set_model(model)
    with pytest.raises(InputError, match="kernels of colored are no images.+Received: a kernel of shape"):
        recorder.on_train_begin()
    assert np.size(recorder.kernels) == 0


def test_a_checkpoint_keeps_what_was_recorded():
    recorder, arrays = KernelRecorder(), {}
    first = serializable_attributes(recorder)
    recorder.set_model(build_model("compact_1k"))
    recorder.on_train_begin()
    recorder.on_epoch_end(0)
    kept = decode(encode(changed_attributes(recorder, first), arrays), arrays)
    assert kept["epochs"] == [0, 1]
    assert (np.array(kept["kernels"]) == np.array(recorder.kernels)).all()
