import keras
import numpy as np
import pytest
import tensorflow as tf

from mnist_keras.training.fast_methods import use_fused_update


def trained(rate, strategy=None, fused=True, **options):
    """Weights and slots after five steps by the same gradients."""
    with (strategy or tf.distribute.get_strategy()).scope():
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4), keras.layers.Dense(2)])
        optimizer = keras.optimizers.SGD(rate, **options)
        if fused:
            use_fused_update(optimizer)
        model.compile(optimizer, "mse")
    chance = np.random.default_rng(0)
    model.set_weights([chance.normal(size=weight.shape) for weight in model.get_weights()])
    inputs, targets = chance.normal(size=(20, 3)), chance.normal(size=(20, 2))
    model.fit(inputs, targets, batch_size=4, shuffle=False, verbose=0)
    return [np.asarray(variable) for variable in (*model.weights, *model.optimizer.variables)]


@pytest.mark.parametrize("options", [{}, dict(momentum=0.9)])
@pytest.mark.parametrize("rate", [0.1, keras.optimizers.schedules.CosineDecay(0.1, 5)])
def test_the_same_steps_as_keras(options, rate):
    received, expected = (trained(rate, fused=fused, **options) for fused in (True, False))
    assert len(received) == len(expected)
    for one, other in zip(received, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


def test_several_devices_run_the_update_of_keras():
    strategy = tf.distribute.MirroredStrategy(["CPU:0"])
    received, expected = trained(0.1, strategy), trained(0.1, fused=False)
    for one, other in zip(received, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


def test_options_without_a_kernel_are_refused():
    with pytest.raises(ValueError, match="Nesterov.*Received: nesterov=True"):
        use_fused_update(keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True))
