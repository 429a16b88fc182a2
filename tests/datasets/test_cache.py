"""What is kept is checked at every load, and nothing half-written is ever read."""

import json
import os
import random
import re
import subprocess
import sys
from pathlib import Path

from workbook import datasets, paths
from workbook.datasets import cache, search
from workbook.datasets.catalogue import CATALOGUE
from workbook_staff import data

import numpy as np
import pandas as pd
import pytest
from filelock import FileLock


@pytest.fixture
def decoded(monkeypatch):
    """Count how many times files are decoded."""
    calls = []
    read = search.Candidate.read

    def counted(self):
        calls.append(self.where)
        return read(self)

    monkeypatch.setattr(search.Candidate, "read", counted)
    return calls


def first_image(dataset):
    return dataset.load_data()[0][0][0]


def test_second_load_decodes_nothing(course, decoded):
    course.npz("mnist", course.data / "mnist.npz")
    first, second = datasets.load("mnist"), datasets.load("mnist")
    assert len(decoded) == 1
    assert repr(first) == repr(second)
    np.testing.assert_array_equal(first_image(first), first_image(second))


def test_changed_source_is_decoded_again(course, decoded):
    path = course.npz("mnist", course.data / "mnist.npz")
    datasets.load("mnist")
    course.arrays["mnist"]["X_train"] = 255 - course.arrays["mnist"]["X_train"]
    course.npz("mnist", path)
    os.utime(path, ns=(1, 1))
    dataset = datasets.load("mnist")
    assert len(decoded) == 2
    assert not dataset.verified
    np.testing.assert_array_equal(first_image(dataset), course.arrays["mnist"]["X_train"][0])


def test_removed_source_is_not_remembered(course):
    path = course.npz("mnist", course.data / "mnist.npz")
    datasets.load("mnist")
    path.unlink()
    assert datasets.load("mnist").practice


@pytest.mark.parametrize(
    "damage", ["cut", "changed", "empty", "removed", "pickle", "header", "record"]
)
def test_damaged_cache_is_rebuilt(damage, course, decoded):
    course.npz("mnist", course.data / "mnist.npz")
    datasets.load("mnist")
    folder = paths.CACHE / "mnist"
    images = max(folder.glob("*.npy"), key=lambda path: path.stat().st_size)
    data = images.read_bytes()
    if damage == "cut":
        images.write_bytes(data[:-1000])
    elif damage == "changed":
        images.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    elif damage == "empty":
        images.write_bytes(b"")
    elif damage == "removed":
        images.unlink()
    elif damage == "pickle":
        np.save(images, np.array([{}], object), allow_pickle=True)
    elif damage == "header":
        images.write_bytes(data.replace(b"{'descr'", b"({'desc'"))
    else:
        (folder / "placed.json").write_text("{")
    dataset = datasets.load("mnist")
    assert len(decoded) == 2
    assert dataset.verified
    np.testing.assert_array_equal(first_image(dataset), course.arrays["mnist"]["X_train"][0])
    assert images.read_bytes() == data


def test_record_of_another_version_is_stale(course, decoded, monkeypatch):
    course.npz("mnist", course.data / "mnist.npz")
    datasets.load("mnist")
    monkeypatch.setattr(cache, "VERSION", cache.VERSION + 1)
    datasets.load("mnist")
    assert len(decoded) == 2


def test_loading_works_where_the_cache_cannot_be_written(course, capsys):
    course.csv("digit-recognizer", course.data, sep=";")
    paths.CACHE.write_text("a file where the folder should be")
    dataset = datasets.load("digit-recognizer")
    assert dataset.verified
    assert "not kept for the next time: data/cache cannot be written" in capsys.readouterr().out
    with pytest.raises(datasets.DataError, match="cannot be written"):
        dataset.csv("train.csv")


def test_no_space_left(course, monkeypatch, capsys):
    course.csv("digit-recognizer", course.data)

    def full(*args, **options):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(np, "save", full)
        dataset = datasets.load("digit-recognizer")
    assert "No space left on device" in capsys.readouterr().out
    assert dataset.verified
    kept = [path for path in paths.CACHE.rglob("*") if path.suffix in (".npy", ".json")]
    assert not kept


@pytest.fixture
def zipped(course):
    return course.zip("digit-recognizer", course.data / "digit-recognizer.zip")


def test_a_disk_that_fills_while_writing(course, zipped, full_disk, capsys):
    before = zipped.read_bytes(), zipped.stat().st_mtime_ns
    with full_disk():
        dataset = datasets.load("digit-recognizer")
    assert dataset.verified
    printed = capsys.readouterr().out
    assert re.search(
        r"cannot be written \(.* written\)\. Free some space", printed
    )  # np.save's words
    with full_disk(), pytest.raises(datasets.DataError, match=r"train\.csv: cannot be written"):
        dataset.csv("train.csv")
    assert not [path for path in paths.CACHE.rglob("*") if path.suffix in (".npy", ".csv")]
    assert not list(paths.CACHE.rglob(".*"))
    assert (zipped.read_bytes(), zipped.stat().st_mtime_ns) == before


def leftovers(spec):
    """Make what runs that were killed leave, and a photograph with a dot; return their paths."""
    inside = (".a.1.npy", ".placed.1.json", "csv-0/.train.1.csv", "photographs/0/A/.A1.jpg")
    made = [cache.folder(spec) / name for name in inside]
    for path in made:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return made


def test_leftovers_are_removed_but_photographs_are_not_searched(course):
    *partial, photograph = leftovers(CATALOGUE["mnist"])
    with cache.lock(CATALOGUE["mnist"]):
        assert not any(path.exists() for path in partial)
    assert photograph.exists()


def test_a_leftover_that_cannot_be_removed_is_left(course, monkeypatch):
    """As on Windows, where another process may have it open."""
    first, second, *_ = leftovers(CATALOGUE["mnist"])
    unlink = Path.unlink

    def refusing(path, **options):
        if path == first:
            raise PermissionError(13, "used by another process")
        unlink(path, **options)

    monkeypatch.setattr(Path, "unlink", refusing)
    with cache.lock(CATALOGUE["mnist"]):
        assert first.exists() and not second.exists()


def test_practice_data_is_kept_by_version(course, monkeypatch):
    import workbook

    monkeypatch.setenv("WORKBOOK_DATA", "practice")
    calls = []
    draw = workbook.practice.draw
    workbook.practice.draw = lambda name: calls.append(name) or draw(name)
    datasets.load("mnist")
    datasets.load("mnist")
    assert calls == ["mnist"]
    workbook.practice.VERSION += 1
    datasets.load("mnist")
    assert calls == ["mnist", "mnist"]


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("digit-recognizer", "train.csv"),
        ("digit-recognizer", "test.csv"),
        ("sign-language-mnist", "sign_mnist_train.csv"),
        ("sign-language-mnist", "sign_mnist_test.csv"),
    ],
)
def test_csv_of_a_zip(name, file, course):
    course.zip(name, course.data / f"{name}.zip")
    dataset = datasets.load(name)
    path = dataset.csv(file)
    assert path.is_relative_to(paths.CACHE)
    pd.testing.assert_frame_equal(pd.read_csv(path), course.frames(name)[file], check_dtype=False)
    written = path.stat().st_mtime_ns
    assert dataset.csv(file).stat().st_mtime_ns == written


def test_placed_csv_of_another_form_is_written_anew(course):
    course.csv("digit-recognizer", course.data, sep=";")
    path = datasets.load("digit-recognizer").csv("train.csv")
    assert path.is_relative_to(paths.CACHE)
    frame = course.frames("digit-recognizer")["train.csv"]
    pd.testing.assert_frame_equal(pd.read_csv(path), frame, check_dtype=False)


def test_unknown_csv(course):
    course.npz("mnist", course.data / "mnist.npz")
    with pytest.raises(datasets.DataError, match="not published as CSV"):
        datasets.load("mnist").csv("train.csv")
    course.csv("digit-recognizer", course.data)
    with pytest.raises(datasets.DataError, match=r"train.csv or test.csv\."):
        datasets.load("digit-recognizer").csv("labels.csv")


# A process of its own, with the small datasets of the fixture: argv holds checkout and spec.
CHILD = """
import json, sys
from dataclasses import replace
from pathlib import Path
from workbook import datasets, paths
from workbook.datasets import cache, search
from workbook.datasets.catalogue import CATALOGUE
import pandas, filelock
root, fields, log = Path(sys.argv[1]), json.loads(sys.argv[2]), Path(sys.argv[3])
paths.ROOT, paths.DATA, paths.CACHE = root, root / "data", root / "data" / "cache"
fields["train_class_counts"] = tuple(fields["train_class_counts"])
CATALOGUE["digit-recognizer"] = replace(CATALOGUE["digit-recognizer"], **fields)
read = search.Candidate.read
def logged(self):
    with log.open("a") as file:
        file.write("decoded ")
    return read(self)
search.Candidate.read = logged
print("ready", flush=True)
dataset = datasets.load("digit-recognizer")
dataset.csv("train.csv")
print(dataset.verified, int(dataset.load_data()[0][0].sum()), flush=True)
"""


@pytest.fixture
def child(course, tmp_path, monkeypatch):
    """Return how to start a process that loads, and the log of what all of them decoded."""
    course.zip("digit-recognizer", course.data / "digit-recognizer.zip")
    spec = CATALOGUE["digit-recognizer"]
    fields = {
        "n_train": spec.n_train,
        "n_test": spec.n_test,
        "images_sha256": spec.images_sha256,
        "train_class_counts": [int(n) for n in spec.train_class_counts],
    }
    log = tmp_path / "log"
    command = [sys.executable, "-c", CHILD, str(paths.ROOT), json.dumps(fields), str(log)]

    def start():
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    return start, log


def expected_output(course):
    return f"True {int(course.arrays['digit-recognizer']['X_train'].sum())}"


def test_eight_processes_at_once_decode_once(course, child):
    start, log = child
    processes = [start() for _ in range(8)]
    lines = [process.communicate(timeout=400)[0].splitlines() for process in processes]
    outputs = [line for _, *told, line in lines if all("Waiting for" in one for one in told)]
    assert outputs == [expected_output(course)] * 8
    assert log.read_text() == "decoded "


def test_a_process_that_waits_for_another_one_says_so(course, monkeypatch):
    spec = CATALOGUE["mnist"]
    cache.folder(spec).mkdir(parents=True)
    other = FileLock(cache.folder(spec) / "lock")
    other.acquire()
    told = []

    def end(text):
        told.append(text)
        other.release()

    monkeypatch.setattr(cache, "WAIT_SECONDS", 0)
    monkeypatch.setattr(cache, "print", end, raising=False)
    with cache.lock(spec):
        assert told == ["Waiting for another notebook or process, which is loading MNIST."]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork and no SIGKILL")
def test_killed_at_any_moment_of_unpacking_and_writing_the_next_run_is_right(course, killed):
    zipped = course.zip("digit-recognizer", course.data / "digit-recognizer.zip")
    before = zipped.read_bytes(), zipped.stat().st_mtime_ns
    moments = random.Random(3)
    died, verified, total = killed("digit-recognizer", [moments.uniform(0, 0.1) for _ in range(50)])
    assert died >= 10
    assert verified
    assert total == course.arrays["digit-recognizer"]["X_train"].sum()
    assert not list(Path(paths.CACHE).rglob(".*"))
    assert (zipped.read_bytes(), zipped.stat().st_mtime_ns) == before


def test_a_pickle_in_the_cache_is_never_run(course, tmp_path):
    course.npz("mnist", course.data / "mnist.npz")
    datasets.load("mnist")

    class Runs:
        def __reduce__(self):
            return Path.touch, (tmp_path / "ran",)

    for path in (paths.CACHE / "mnist").glob("*.npy"):
        np.save(path, np.array([Runs()], object), allow_pickle=True)
    assert datasets.load("mnist").verified
    assert not (tmp_path / "ran").exists()


def test_a_csv_is_written_anew_for_other_images(course, monkeypatch):
    course.zip("digit-recognizer", course.data / "digit-recognizer.zip")
    real = datasets.load("digit-recognizer").csv("train.csv").read_bytes()
    monkeypatch.setenv("WORKBOOK_DATA", "practice")
    assert datasets.load("digit-recognizer").csv("train.csv").read_bytes() != real


def test_a_csv_holds_what_the_arrays_hold(tmp_path):
    part = CATALOGUE["digit-recognizer"].csv_parts["train.csv"]
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 256, (4500, 28, 28), np.uint8), rng.integers(0, 10, 4500, np.uint8)
    cache._write_images(tmp_path / "train.csv", part, {"X_train": X, "y_train": y})
    table = pd.read_csv(tmp_path / "train.csv").to_numpy()
    np.testing.assert_array_equal(table[:, 0], y)
    np.testing.assert_array_equal(table[:, 1:], X.reshape(-1, 784))


def test_the_digest_of_a_dataset_changes_with_its_arrays_and_reads_none(course, decoded):
    assert data.digest("mnist") == ""
    path = course.npz("mnist", course.data / "mnist.npz")
    unread = data.digest("mnist")
    assert unread and not decoded
    datasets.load("mnist")
    read = data.digest("mnist")
    course.arrays["mnist"]["X_train"] = 255 - course.arrays["mnist"]["X_train"]
    course.npz("mnist", path)
    os.utime(path, ns=(1, 1))
    datasets.load("mnist")
    assert len(decoded) == 2
    other = data.digest("mnist")
    assert len({unread, read, other}) == 3
    assert len(decoded) == 2
    # The same images, put there anew, are the same data once they were loaded.
    course.arrays["mnist"]["X_train"] = 255 - course.arrays["mnist"]["X_train"]
    course.npz("mnist", path)
    os.utime(path, ns=(2, 2))
    datasets.load("mnist")
    assert data.digest("mnist") == read


def test_the_digest_of_practice_data_is_not_that_of_a_dataset(course, monkeypatch):
    course.npz("mnist", course.data / "mnist.npz")
    real = data.digest("mnist")
    monkeypatch.setenv("WORKBOOK_DATA", "practice")
    assert data.digest("mnist") not in ("", real)
