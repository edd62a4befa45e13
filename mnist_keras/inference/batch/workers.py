"""Predicts chunks of images by workers of Ray, each with the model loaded once."""

import pickle
from collections.abc import Iterator, Mapping
from typing import Any

from mnist_keras.distribution.ray_cluster import connected_ray
from mnist_keras.errors import InputError
from mnist_keras.inference.batch.chunks import Chunk
from mnist_keras.inference.batch.isolation import predict_rows_isolated
from mnist_keras.inference.batch.output import OutputFolder
from mnist_keras.inference.batch.reading import read_chunk
from mnist_keras.inference.batch.rows import predict_row
from mnist_keras.inference.predictor import Predictor

# An image can crash the libraries that read it. After so many dead workers, a second process predicts the chunk; after
# so many more, its files get an error unread. Machines that are taken away count too, hence the distance.
_DEATHS_BEFORE_ISOLATION = 2
_MAX_DEATHS = 10
# Chunks beyond it share blocks of Ray Data, of which each is an object.
_MAX_BLOCKS = 20_000


class ChunkWorker:
    """Predicts one chunk after another with the same model."""

    def __init__(self, predictor: Predictor, output: str, all_digits: bool):
        self._predictor = predictor
        self._output = OutputFolder(output)
        self._all_digits = all_digits

    def predict(self, number: int, chunk: Chunk) -> int:
        """Writes the part file of a chunk, whose number is given, and returns the number of its rows."""
        deaths = self._output.count_attempt(number)
        if deaths >= _MAX_DEATHS:
            error = InputError(f"Each of {deaths} workers that read it died.")
            rows = [predict_row(self._predictor, file, error, self._all_digits) for file in chunk.files]
        elif deaths >= _DEATHS_BEFORE_ISOLATION:
            rows = list(predict_rows_isolated(self._predictor, read_chunk(chunk), self._all_digits))
        else:
            images = read_chunk(chunk)
            rows = [predict_row(self._predictor, path, content, self._all_digits) for path, content in images]
        self._output.write_part(number, rows)
        return len(rows)


class ChunkActor:
    """A `ChunkWorker` as an actor of Ray Data, which takes and returns rows.

    It raises no exception for what ends the job: Ray would start an actor without a model again and again.
    """

    def __init__(self, predictor: bytes, output: str, all_digits: bool):
        self._output = output
        self._failure = ""
        try:
            # The pickle of a predictor is its path: this loads the model.
            self._worker = ChunkWorker(pickle.loads(predictor), output, all_digits)
        except InputError as error:
            self._failure = f"A worker cannot load the model: {error}"

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """Predicts the chunk in a row. Returns the number of images, or why the job cannot continue."""
        if self._failure:
            return {"images": 0, "failure": self._failure}
        try:
            return {"images": self._worker.predict(row["number"], pickle.loads(row["chunk"])), "failure": ""}
        except OSError as error:
            return {"images": 0, "failure": f"{self._output} cannot be written: {error}"}


def predict_with_ray(
    predictor: Predictor,
    output: OutputFolder,
    chunks: Mapping[int, Chunk],
    all_digits: bool,
    workers: int | None,
    cluster: str,
) -> Iterator[int]:
    """Predicts chunks by several workers and yields the number of images after each chunk.

    Ray Data starts a killed worker again and repeats its chunk, without a limit.

    Args:
        predictor: from `load_predictor`. Its file must be on each machine, at the same path.
        output: must be reachable from each machine.
        chunks: by their numbers.
        all_digits: predict all digits, as `predict_number` does.
        workers: number of workers, each on one core; None: one per core.
        cluster: "local" starts Ray on this machine alone; "auto" and addresses connect to a cluster.

    Raises:
        InputError: there is no such cluster, the model cannot be loaded there, or the output cannot be written.
    """
    with connected_ray(cluster, workers) as ray:
        from ray.data import ActorPoolStrategy, DataContext, from_items

        workers = workers or int(ray.cluster_resources().get("CPU", 1))
        context = DataContext.get_current()
        context.enable_progress_bars = False
        context.max_errored_blocks = -1
        rows = [{"number": number, "chunk": pickle.dumps(chunk)} for number, chunk in chunks.items()]
        results = from_items(rows, override_num_blocks=min(len(rows), _MAX_BLOCKS)).map(
            ChunkActor,
            fn_constructor_args=(pickle.dumps(predictor), output.address, all_digits),
            compute=ActorPoolStrategy(size=min(workers, len(rows)), max_tasks_in_flight_per_actor=2),
            num_cpus=1,
        )
        try:
            for result in results.iter_rows():
                if result["failure"]:
                    raise InputError(result["failure"])
                yield result["images"]
        except ray.exceptions.RayError as error:
            raise InputError(f"The workers cannot predict: {str(error).strip().splitlines()[-1]}") from error
