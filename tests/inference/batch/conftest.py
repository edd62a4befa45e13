"""Images of batch jobs."""

import pytest
from batch_images import png

from mnist_keras.inference.predictor import load_predictor


@pytest.fixture(scope="session")
def predictor():
    return load_predictor("compact_1k")


@pytest.fixture
def images(tmp_path):
    """A folder of 30 files in three folders, of which two are damaged."""
    folder = tmp_path / "images"
    for number in range(30):
        path = folder / str(number % 3) / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"no image" if number in (4, 17) else png(number))
    return folder
