"""A job that is stopped resumes without a repeated or a missing row; another job is refused."""

import io
import json
import pathlib
import pickle
import uuid

import pytest

pytest.importorskip("pyarrow")

import fsspec
from batch_images import DeadlyPredictor, png, rows_of
from PIL import Image, ImageDraw

from mnist_keras.errors import InputError
from mnist_keras.inference.batch.chunks import list_chunks
from mnist_keras.inference.batch.job import start_job
from mnist_keras.inference.batch.output import OutputFolder
from mnist_keras.inference.batch.workers import ChunkActor, ChunkWorker
from mnist_keras.inference.images import predict_file, predict_number
from mnist_keras.inference.predictor import load_predictor


def run(job, chunks=None):
    """Predicts the remaining chunks, or so many of them, in this process. Returns their numbers."""
    worker = ChunkWorker(job.predictor, job.output.address, job.all_digits)
    todo = list(job.remaining().items())[:chunks]
    for number, chunk in todo:
        worker.predict(number, chunk)
    return [number for number, _ in todo]


@pytest.fixture
def start(predictor, images, tmp_path):
    return lambda **options: start_job(predictor, [str(images)], str(tmp_path / "out"), **{"batch_size": 7, **options})


def test_rows_are_the_predictions_of_each_image(start, predictor, tmp_path):
    run(start())
    rows = rows_of(tmp_path / "out")
    assert len(rows) == 30
    for row in rows:
        if not row["error"]:
            (expected,) = predict_file(predictor, row["path"])
            assert row["digits"] == expected.class_name
            assert row["boxes"] == [list(expected.normalized.box)]
            assert row["probabilities"] == [[float(value) for value in expected.probabilities]]
            assert row["is_digit"] == [pytest.approx(expected.normalized.is_digit)]
            assert tuple(row["warnings"]) == expected.warnings


def test_all_digits_of_each_image(start, predictor, tmp_path):
    run(start(all_digits=True))
    rows = [row for row in rows_of(tmp_path / "out") if not row["error"]]
    numbers = [predict_number(predictor, row["path"]) for row in rows]
    assert [row["digits"] for row in rows] == [number.text for number in numbers]
    assert {len(row["boxes"]) for row in rows} >= {1, 2}
    assert [len(row["probabilities"]) for row in rows] == [len(number.digits) for number in numbers]


def test_a_damaged_image_gets_a_row_with_an_error(start, tmp_path):
    job = start()
    run(job)
    errors = {pathlib.Path(row["path"]).name: row for row in rows_of(tmp_path / "out") if row["error"]}
    assert sorted(errors) == ["04.png", "17.png"]
    assert "cannot be read as an image" in errors["04.png"]["error"]
    assert errors["04.png"]["digits"] is None and errors["04.png"]["boxes"] == []
    assert job.finish() == (30, 2)


def test_an_error_nobody_expected_is_a_row_too(start, tmp_path, monkeypatch):
    monkeypatch.setattr("mnist_keras.inference.batch.rows.predict_file", lambda *_, **__: 1 / 0)
    job = start()
    run(job)
    assert job.finish() == (30, 30)
    assert "cannot be predicted: ZeroDivisionError: division by zero" in rows_of(tmp_path / "out")[0]["error"]


def test_an_empty_page_has_no_digits(predictor, tmp_path):
    Image.new("L", (40, 40), 240).save(tmp_path / "empty.png")
    run(start_job(predictor, [str(tmp_path / "empty.png")], str(tmp_path / "out")))
    (row,) = rows_of(tmp_path / "out")
    assert (row["digits"], row["boxes"], row["probabilities"], row["error"]) == ("", [], [], None)
    assert row["warnings"] == ["no ink"]


@pytest.mark.parametrize("finished", [0, 2, 5])
def test_a_stopped_job_goes_on_with_the_chunks_it_has_not_written(start, tmp_path, finished):
    assert run(start(), finished) == list(range(finished))
    # A killed worker leaves counts of attempts, and the beginnings of files under temporary names.
    OutputFolder(str(tmp_path / "out")).count_attempt(3)
    for name in ("part-000004.parquet", "_attempts-000004", "_job.json"):
        (tmp_path / "out" / f".{name}.{uuid.uuid4().hex}").write_bytes(b"PAR1")
    before = {part: part.stat().st_mtime_ns for part in (tmp_path / "out").glob("part-*")}
    job = start()
    assert run(job) == list(range(finished, 5))
    assert all(part.stat().st_mtime_ns == time for part, time in before.items())
    names = [row["path"] for row in rows_of(tmp_path / "out")]
    assert sorted(names) == sorted(map(str, (tmp_path / "images").rglob("*.png")))
    assert job.finish() == (30, 2)
    parts = {f"part-{chunk:06}.parquet" for chunk in range(5)}
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"_job.json", *parts}


def test_a_worker_killed_before_the_rename_leaves_its_chunk_to_do(start, tmp_path, monkeypatch):
    job = start()
    monkeypatch.setattr(pathlib.Path, "replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        run(job)
    monkeypatch.undo()
    assert run(start()) == list(range(5))
    assert job.finish() == (30, 2)


def test_missing_part_files_are_an_error(start):
    job = start()
    run(job, 3)
    with pytest.raises(InputError, match="2 of 5 part files are missing in .*run the same command again"):
        job.finish()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 8}, "Expected: batch_size 7. Received: batch_size 8."),
        ({"all_digits": True}, "Expected: all_digits False. Received: all_digits True."),
    ],
)
def test_the_folder_of_a_job_with_other_settings_is_refused(start, options, message):
    start()
    with pytest.raises(InputError, match=f"contains the predictions of another job. {message}"):
        start(**options)


def test_the_folder_of_a_job_with_another_input_or_model_is_refused(start, images, tmp_path):
    start()
    with pytest.raises(InputError, match="Expected: model_sha256"):
        start_job(load_predictor("compact_6k"), [str(images)], str(tmp_path / "out"), batch_size=7)
    (images / "new.png").write_bytes(b"image")
    with pytest.raises(InputError, match="Expected: files 30, names_and_sizes_sha256 .* Received: files 31"):
        start()


def test_a_folder_with_other_files_is_refused_and_stays_as_it_is(start, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("thesis")
    with pytest.raises(InputError, match="contains files of something else. .* Received: thesis.txt."):
        start()
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["thesis.txt"]


def test_a_damaged_record_of_the_job_is_refused(start, tmp_path):
    start()
    (tmp_path / "out" / "_job.json").write_text("{")
    with pytest.raises(InputError, match="_job.json is damaged"):
        start()


def test_an_output_inside_the_input_is_refused(predictor, images):
    with pytest.raises(InputError, match="is inside the input .*. Choose a folder outside of it."):
        start_job(predictor, [str(images)], str(images / "out"))


def test_the_record_of_a_job_says_what_decides_its_predictions(start, tmp_path):
    start()
    settings = json.loads((tmp_path / "out" / "_job.json").read_text())
    assert settings["files"] == 30 and settings["batch_size"] == 7
    assert {"model_sha256", "preprocessing_sha256", "all_digits", "input_range"} <= set(settings)


def test_input_and_output_may_be_on_another_storage(predictor, images):
    storage = fsspec.filesystem("memory")
    for path in images.rglob("*.png"):
        storage.pipe_file(f"/remote/images/{path.name}", path.read_bytes())
    job = start_job(predictor, ["memory://remote/images"], "memory://remote/out", batch_size=20)
    assert run(job) == [0, 1]
    assert job.finish() == (30, 2)
    assert start_job(predictor, ["memory://remote/images"], "memory://remote/out", batch_size=20).remaining() == {}


def test_a_full_disk_is_reported_with_the_folder(start, monkeypatch):
    job = start()
    actor = ChunkActor(pickle.dumps(job.predictor), job.output.address, False)
    monkeypatch.setattr(pathlib.Path, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left")))
    result = actor({"number": 0, "chunk": pickle.dumps(job.chunks[0])})
    assert result["images"] == 0
    assert result["failure"].startswith(f"{job.output.address} cannot be written: [Errno 28] No space left")


@pytest.fixture
def errors_after(tmp_path):
    """Returns a function that predicts three images after so many deaths of workers, and returns their errors.

    The second image ends the process that predicts it.
    """
    ring = io.BytesIO()
    page = Image.new("L", (40, 40), 240)
    ImageDraw.Draw(page).ellipse([8, 8, 32, 32], outline=20, width=3)
    page.save(ring, "PNG")
    folder = tmp_path / "deadly"
    folder.mkdir()
    for number, content in enumerate((png(0), ring.getvalue(), png(2))):
        (folder / f"{number}.png").write_bytes(content)
    (chunk,) = list_chunks([str(folder)], 10)
    (tmp_path / "out").mkdir()

    def predict(deaths):
        for _ in range(deaths):
            OutputFolder(str(tmp_path / "out")).count_attempt(0)
        ChunkWorker(DeadlyPredictor(), str(tmp_path / "out"), False).predict(0, chunk)
        return [row["error"] for row in rows_of(tmp_path / "out")]

    return predict


def test_an_image_that_ends_two_workers_gets_an_error_and_its_neighbors_are_predicted(errors_after):
    first, second, third = errors_after(2)
    assert (first, third) == (None, None)
    assert second.endswith("1.png ends the process that predicts it.")


def test_a_chunk_that_ends_ten_workers_is_given_up(errors_after):
    assert errors_after(10) == ["Each of 10 workers that read it died."] * 3


def test_attempts_are_counted_anew_when_a_job_goes_on(start):
    job = start()
    assert [job.output.count_attempt(0) for _ in range(3)] == [0, 1, 2]
    job.output.remove_leftovers()
    assert job.output.count_attempt(0) == 0
