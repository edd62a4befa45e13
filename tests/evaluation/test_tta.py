import numpy as np

from mnist_keras.evaluation.tta import with_tta


def test_with_tta_averages_18_transformed_copies(tiny):
    batches = []

    def predict(images):
        assert (images.shape, images.dtype) == ((30, 28, 28), np.uint8)
        batches.append(images)
        return np.full((30, 10), len(batches), np.float32)

    probabilities = with_tta(predict)(tiny.test_images)
    np.testing.assert_allclose(probabilities, np.mean(range(1, 19)))
    assert len({images.tobytes() for images in batches}) == 18
    columns = [images.sum(axis=(0, 1), dtype=float) for images in (tiny.test_images, *batches)]
    center, *centers = [values @ np.arange(28) / values.sum() for values in columns]
    # As many copies are shifted to the left as to the right, by one pixel.
    assert abs(np.mean(centers) - center) < 0.05
    assert 1.8 < max(centers) - min(centers) < 2.3
