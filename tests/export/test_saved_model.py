import numpy as np
import tensorflow as tf

from mnist_keras.export.saved_model import write_saved_model
from mnist_keras.models import build_model
from mnist_keras.recipes import get_recipe


def test_a_large_model_is_spread_over_several_files_and_no_weight_is_cut(tmp_path, tiny):
    model = build_model(get_recipe("mlp", network_options={"hidden_units": (400, 400, 400, 400)}))
    write_saved_model(model, tmp_path / "saved_model")
    sizes = [file.stat().st_size for file in (tmp_path / "saved_model").rglob("*") if file.is_file()]
    assert sum(sizes) > 4 * model.count_params() and max(sizes) < 2_000_000
    # OpenVINO cannot read a weight that is cut into slices.
    wide = build_model(get_recipe("mlp", network_options={"hidden_units": (1024,)}))
    write_saved_model(wide, tmp_path / "wide")
    assert max(file.stat().st_size for file in (tmp_path / "wide" / "variables").iterdir()) >= 4 * 784 * 1024
    predict = tf.saved_model.load(tmp_path / "saved_model").signatures["serving_default"]
    logits = model(tiny.test_images)
    np.testing.assert_allclose(
        predict(images=tf.constant(tiny.test_images))["probabilities"], tf.nn.softmax(logits), atol=1e-5
    )
