"""A job: predicts all images of an input into an output folder, and resumes where it was stopped."""

import dataclasses
import hashlib
from collections.abc import Iterator, Sequence

from mnist_keras.errors import InputError, check
from mnist_keras.files import sha256
from mnist_keras.inference.batch.chunks import Chunk, list_chunks
from mnist_keras.inference.batch.output import OutputFolder, Summary
from mnist_keras.inference.batch.workers import predict_with_ray
from mnist_keras.inference.images import check_reads_numbers
from mnist_keras.inference.predictor import Predictor
from mnist_keras.inference.preprocessing.normalize import NORMALIZER


@dataclasses.dataclass(frozen=True)
class Job:
    """The chunks of an input and the folder of their predictions."""

    predictor: Predictor
    output: OutputFolder
    #: All chunks of the input.
    chunks: list[Chunk]
    #: Whether all digits of an image are predicted.
    all_digits: bool

    def remaining(self) -> dict[int, Chunk]:
        """Returns the chunks without a part file, by their numbers."""
        finished = self.output.finished_chunks()
        return {number: chunk for number, chunk in enumerate(self.chunks) if number not in finished}

    def run(self, workers: int | None = None, cluster: str = "local") -> Iterator[int]:
        """Predicts the remaining chunks and yields the number of images after each; see `predict_with_ray`."""
        check(workers is None or workers >= 1, "at least 1", "workers", workers)
        remaining = self.remaining()
        if remaining:
            self.output.remove_leftovers()
            yield from predict_with_ray(self.predictor, self.output, remaining, self.all_digits, workers, cluster)

    def finish(self) -> Summary:
        """Returns the number of predicted images and of errors.

        Raises:
            InputError: chunks have no part file.
        """
        missing = self.remaining()
        self.output.remove_leftovers()
        if missing:
            first = next(iter(missing.values()))
            raise InputError(
                f"{len(missing):,} of {len(self.chunks):,} part files are missing in {self.output.address}: their "
                f"workers failed, or write to another place. The first has the images {first.files[0]} to "
                f"{first.files[-1]}. Check that all machines share the folder and have enough memory and disk, then "
                "run the same command again."
            )
        return self.output.summarize()


def start_job(
    predictor: Predictor, inputs: Sequence[str], output: str, all_digits: bool = False, batch_size: int = 1000
) -> Job:
    """Lists the images and starts a job, or resumes the job in the output folder.

    Args:
        predictor: from `load_predictor`.
        inputs: files and folders, see `list_chunks`.
        output: the folder of the predictions: a path, or an address that fsspec opens.
        all_digits: predict all digits on each image, as `predict_number` does.
        batch_size: maximum number of images of a part file, see `list_chunks`.

    Raises:
        InputError: an input is invalid, the model predicts no whole numbers, or the output folder contains another job
            or is inside an input.
    """
    if all_digits:
        check_reads_numbers(predictor)
    folder = OutputFolder(output)
    for each in inputs:
        if f"{folder.address}/".startswith(f"{OutputFolder(each).address}/"):
            raise InputError(f"The output {output} is inside the input {each}. Choose a folder outside of it.")
    chunks = list_chunks(inputs, batch_size)
    sizes = {file: size for chunk in chunks for file, size in zip(chunk.files, chunk.sizes, strict=True)}
    folder.start(
        {
            "model_sha256": sha256(predictor.path),
            "input_range": predictor.input_range,
            "preprocessing_sha256": sha256(NORMALIZER),
            "all_digits": all_digits,
            "batch_size": batch_size,
            "files": len(sizes),
            # Another modification time is not another input: a copy has one.
            "names_and_sizes_sha256": hashlib.sha256(repr(sizes).encode(errors="surrogatepass")).hexdigest(),
        }
    )
    return Job(predictor, folder, chunks, all_digits)
