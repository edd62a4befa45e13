import numpy as np
import tensorflow as tf

from mnist_keras.export.saved_model import write_saved_model
from mnist_keras.models import build_model
from mnist_keras.recipes import get_recipe


def test_a_large_model_is_split_over_several_files(tmp_path, tiny):
    model = build_model(get_recipe("mlp", network_options={"hidden_units": (1024,)}))
    write_saved_model(model, tmp_path / "saved_model")
    sizes = [file.stat().st_size for file in (tmp_path / "saved_model").rglob("*") if file.is_file()]
    assert sum(sizes) > 4 * model.count_params() and max(sizes) < 2_000_000
    predict = tf.saved_model.load(tmp_path / "saved_model").signatures["serving_default"]
    logits = model(tiny.test_images)
    np.testing.assert_allclose(
        predict(images=tf.constant(tiny.test_images))["probabilities"], tf.nn.softmax(logits), atol=1e-5
    )
