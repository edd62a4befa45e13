import numpy as np

from mnist_keras.evaluation.tta import with_tta


def test_each_image_is_seen_eighteen_times_slightly_moved(tiny):
    seen = []

    def predict(images):
        assert (images.shape, images.dtype) == ((30, 28, 28), np.uint8)
        seen.append(images)
        return np.full((30, 10), len(seen), np.float32)

    probabilities = with_tta(predict)(tiny.test_images)
    np.testing.assert_allclose(probabilities, np.mean(range(1, 19)))
    assert len({images.tobytes() for images in seen}) == 18
    columns = [images.sum(axis=(0, 1), dtype=float) for images in (tiny.test_images, *seen)]
    middle, *centres = [values @ np.arange(28) / values.sum() for values in columns]
    # As many views to the left as to the right, by a pixel.
    assert abs(np.mean(centres) - middle) < 0.05
    assert 1.8 < max(centres) - min(centres) < 2.3
