"""Measures batch jobs of 20,000 images by 1, 2 and 4 workers of Ray, and kills a worker of one of them.

    MNIST_KERAS_DATA_DIR=mnist python tests/batch_table.py

The images are MNIST's test digits, each at two places of a page of 64x64 pixels, as PNG files; every hundredth file is
cut off. The rows of each job must equal those of one process without Ray. Prints a row of a Markdown table per job:
images per second after the first part, seconds with the start of Ray, and how many cores the workers got, which other
programs on the machine reduce.
"""

import argparse
import contextlib
import io
import os
import pathlib
import signal
import tempfile
import time

import numpy as np
from batch_images import rows_of
from PIL import Image
from process_tree import descendants

from mnist_keras.data import load_digits
from mnist_keras.inference.batch.job import Job, start_job
from mnist_keras.inference.batch.workers import ChunkWorker
from mnist_keras.inference.predictor import load_predictor


def write_pages(folder: pathlib.Path, images: int) -> int:
    """Writes the pages and returns the number of damaged ones."""
    digits = load_digits("mnist").test_images
    for number in range(images):
        row, column = 2 + number % 29, 3 + number % 31
        page = np.full((64, 64), 255, np.uint8)
        page[row : row + 28, column : column + 28] -= digits[number % len(digits)]
        buffer = io.BytesIO()
        Image.fromarray(page).save(buffer, "PNG")
        content = buffer.getvalue()
        (folder / f"{number:05}.png").write_bytes(content[: len(content) // 2] if number % 100 == 50 else content)
    return len(range(50, images, 100))


def run(job: Job, workers: int | None, kills: bool) -> tuple[float, float, float]:
    """Runs a job. Returns images per second after the first part, seconds of all of it, and cores that it got."""
    start = time.monotonic()
    images: list[int] = []
    cpu: dict[int, float] = {}
    for count in job.run(workers) if workers else in_this_process(job):
        images.append(count)
        # After each part, because workers without further work end.
        last_time, cpu = time.monotonic(), cpu | cpu_seconds(workers)
        if len(images) == 1:
            first_time, first_cpu = last_time, sum(cpu.values())
        if kills and len(images) == len(job.chunks) // 2:
            os.kill(descendants("ChunkActor")[0], signal.SIGKILL)
            kills = False
    assert not kills, "no worker was killed"
    seconds = last_time - first_time
    return sum(images[1:]) / seconds, time.monotonic() - start, (sum(cpu.values()) - first_cpu) / seconds


def cpu_seconds(workers: int | None) -> dict[int, float]:
    """Returns the processor time of each worker, or of this process, by process id."""
    used = {}
    for pid in descendants("ChunkActor") if workers else [os.getpid()]:
        # A worker may end in between.
        with contextlib.suppress(OSError):
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            used[pid] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return used


def in_this_process(job: Job):
    """Yields the number of images after each chunk."""
    worker = ChunkWorker(job.predictor, job.output.address, job.all_digits)
    for number, chunk in job.remaining().items():
        yield worker.predict(number, chunk)


def main(images: int, model: str, batch_size: int) -> None:
    """Prints the table."""
    predictor = load_predictor(model)
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        (root / "pages").mkdir()
        damaged = write_pages(root / "pages", images)
        print(f"{images:,} images, {damaged} of them damaged; {model}; {os.cpu_count()} cores\n")
        print("| job | images/s | seconds with the start | cores it got | rows | equal rows |")
        print("|---|---|---|---|---|---|", flush=True)
        jobs = {"one process, no Ray": (None, False)}
        jobs |= {f"{count} worker{'s' * (count > 1)}": (count, False) for count in (1, 2, 4)}
        jobs["2 workers, one killed"] = (2, True)
        for number, (text, (workers, kills)) in enumerate(jobs.items()):
            job = start_job(predictor, [str(root / "pages")], str(root / str(number)), batch_size=batch_size)
            rate, seconds, cores = run(job, workers, kills)
            assert job.finish() == (images, damaged)
            rows = rows_of(root / str(number))
            expected = rows_of(root / "0")
            assert len({row["path"] for row in rows}) == images
            equal = sum(row == other for row, other in zip(rows, expected, strict=True))
            print(f"| {text} | {rate:,.0f} | {seconds:,.0f} | {cores:.2f} | {len(rows):,} | {equal:,} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--model", default="cnn_robust")
    parser.add_argument("--batch_size", type=int, default=500)
    main(**vars(parser.parse_args()))
