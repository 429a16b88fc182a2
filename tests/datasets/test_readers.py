"""The right data loads, verified, from every container that it usually comes in."""

import gzip
import os
import shutil
import zipfile

from workbook import datasets
from workbook.datasets.catalogue import CATALOGUE
from workbook.datasets.files import canonical

import numpy as np
import pytest


def npz_of_odd_keys_and_types(course):
    arrays = {k: v.astype(np.int64) for k, v in course.arrays["mnist"].items()}
    np.savez(course.data / "mnist.npz", **arrays)


def idx_in_archive(course):
    course.idx("mnist", course.data / "loose", suffix="", dots=True)
    (course.data / "mnist").mkdir()
    with zipfile.ZipFile(course.data / "mnist" / "archive.zip", "w") as archive:
        for path in (course.data / "loose").iterdir():
            archive.write(path, f"{path.name.replace('.', '-')}/{path.name.replace('.', '-')}")
            archive.write(path, path.name)
    shutil.rmtree(course.data / "loose")


def packed_csvs(course, suffix):
    course.csv("digit-recognizer", course.data)
    for name in ("train.csv", "test.csv"):
        path = course.data / name
        packed = course.data / (name + suffix)
        if suffix == ".gz":
            packed.write_bytes(gzip.compress(path.read_bytes()))
        else:
            with zipfile.ZipFile(packed, "w") as archive:
                archive.write(path, name)
        path.unlink()


def folders_named_as_files(course):
    for name in ("train.csv", "test.csv"):
        (course.data / name).mkdir()
        course.csv("digit-recognizer", course.data / "out")
        (course.data / "out" / name).rename(course.data / name / name)
    shutil.rmtree(course.data / "out")


def edited_csvs(course, edit):
    course.csv("digit-recognizer", course.data)
    for name in ("train.csv", "test.csv"):
        path = course.data / name
        path.write_bytes(edit(path.read_bytes()))


def quoted(data):
    rows = data.splitlines()
    return b"\n".join(b'"' + row.replace(b",", b'","') + b'"' for row in rows) + b"\n"


def floats(data):
    header, _, body = data.partition(b"\n")
    return header + b"\n" + body.replace(b",", b".0,").replace(b"\n", b".0\n")


def reordered_columns(course):
    for name, frame in course.frames("digit-recognizer").items():
        frame[frame.columns[::-1]].to_csv(course.data / name, index=False)


def renamed(course, **names):
    course.csv("digit-recognizer", course.data)
    for old, new in names.items():
        (course.data / f"{old}.csv").rename(course.data / new)


HONEST = {
    "npz": ("mnist", lambda c: c.npz("mnist", c.data / "mnist.npz")),
    "npz in a subfolder": ("mnist", lambda c: c.npz("mnist", c.data / "MNIST" / "mnist.npz")),
    "npz in capitals": ("mnist", lambda c: c.npz("mnist", c.data / "MNIST.NPZ")),
    "npz downloaded twice": ("mnist", lambda c: c.npz("mnist", c.data / "mnist (1).npz")),
    "npz of other keys and integers": ("mnist", npz_of_odd_keys_and_types),
    "idx gz": ("fashion-mnist", lambda c: c.idx("fashion-mnist", c.data / "fashion-mnist")),
    "idx gz with no subfolder": ("fashion-mnist", lambda c: c.idx("fashion-mnist", c.data)),
    "idx": ("mnist", lambda c: c.idx("mnist", c.data / "mnist", suffix="")),
    "idx with dots": ("mnist", lambda c: c.idx("mnist", c.data, suffix="", dots=True)),
    "idx in archive.zip": ("mnist", idx_in_archive),
    "csv": ("digit-recognizer", lambda c: c.csv("digit-recognizer", c.data)),
    "csv in a subfolder": (
        "digit-recognizer",
        lambda c: c.csv("digit-recognizer", c.data / "Digit-Recognizer"),
    ),
    "csv.gz": ("digit-recognizer", lambda c: packed_csvs(c, ".gz")),
    "csv.zip": ("digit-recognizer", lambda c: packed_csvs(c, ".zip")),
    "csv in folders of the same name": ("digit-recognizer", folders_named_as_files),
    "csv with quotes": ("digit-recognizer", lambda c: edited_csvs(c, quoted)),
    "csv of floats": ("digit-recognizer", lambda c: edited_csvs(c, floats)),
    "csv with a byte order mark and CRLF": (
        "digit-recognizer",
        lambda c: edited_csvs(c, lambda d: b"\xef\xbb\xbf" + d.replace(b"\n", b"\r\n")),
    ),
    "csv with semicolons": (
        "digit-recognizer",
        lambda c: edited_csvs(c, lambda d: d.replace(b",", b";")),
    ),
    "csv in another column order": ("digit-recognizer", reordered_columns),
    "csv named by a browser": (
        "digit-recognizer",
        lambda c: renamed(c, train="Train (1).CSV", test="test (2).csv"),
    ),
    "kaggle zip": (
        "digit-recognizer",
        lambda c: c.zip("digit-recognizer", c.data / "digit-recognizer.zip"),
    ),
    "kaggle zip downloaded twice": (
        "sign-language-mnist",
        lambda c: c.zip("sign-language-mnist", c.data / "sign-language-mnist (3).zip"),
    ),
    "archive.zip": (
        "sign-language-mnist",
        lambda c: c.zip("sign-language-mnist", c.data / "archive.zip", inside="some/folder/"),
    ),
    "archive.zip unpacked": (
        "sign-language-mnist",
        lambda c: c.csv("sign-language-mnist", c.data / "sign-language-mnist" / "archive"),
    ),
}


@pytest.mark.parametrize(("name", "place"), HONEST.values(), ids=HONEST)
def test_right_data_loads_from(name, place, course, monkeypatch):
    place(course)
    monkeypatch.setenv("WORKBOOK_DATA", "real")
    dataset = datasets.load(name)
    (X_train, y_train), (X_test, y_test) = dataset.load_data()
    want = course.arrays[name]
    np.testing.assert_array_equal(X_train, want["X_train"])
    np.testing.assert_array_equal(y_train, want["y_train"])
    np.testing.assert_array_equal(X_test, want["X_test"])
    if "y_test" in want:
        np.testing.assert_array_equal(y_test, want["y_test"])
    else:
        assert y_test is None
    assert {X_train.dtype, y_train.dtype, X_test.dtype} == {np.dtype(np.uint8)}
    assert dataset.verified
    assert not dataset.practice


@pytest.mark.parametrize(
    ("name", "usual"),
    [
        ("train (1).csv", "train.csv"),
        ("Train(12).CSV.GZ", "train.csv"),
        ("archive (2).zip", "archive"),
        ("t10k-labels.idx1-ubyte.gz", "t10k-labels-idx1-ubyte"),
    ],
)
def test_usual_names(name, usual):
    assert canonical(name) == usual


def test_data_dir_comes_before_data_and_is_not_written(course, tmp_path, monkeypatch):
    mine = tmp_path / "mine"
    course.zip("sign-language-mnist", mine / "sign-language-mnist.zip")
    course.zip("sign-language-mnist", course.data / "sign-language-mnist.zip")
    monkeypatch.setenv("WORKBOOK_DATA_DIR", str(mine))
    before = [(p, p.stat().st_mtime_ns, p.read_bytes()) for p in mine.rglob("*")]
    dataset = datasets.load("sign-language-mnist")
    dataset.csv("sign_mnist_train.csv")
    assert dataset.source == "from WORKBOOK_DATA_DIR/sign-language-mnist.zip"
    assert [(p, p.stat().st_mtime_ns, p.read_bytes()) for p in mine.rglob("*")] == before


def test_the_whole_set_is_used_where_another_place_has_a_part(course):
    course.csv("digit-recognizer", course.data)
    (course.data / "test.csv").unlink()
    course.zip("digit-recognizer", course.data / "digit-recognizer.zip")
    assert datasets.load("digit-recognizer").source == "from data/digit-recognizer.zip"


@pytest.mark.skipif(
    not os.environ.get("WORKBOOK_DATA_DIR"), reason="WORKBOOK_DATA_DIR names no real data"
)
@pytest.mark.parametrize("name", CATALOGUE)
def test_real_data_is_verified(name, tmp_path, monkeypatch):
    monkeypatch.setattr("workbook.paths.CACHE", tmp_path)
    monkeypatch.setenv("WORKBOOK_DATA", "real")
    dataset = datasets.load(name)
    assert dataset.verified
    (X_train, _), (X_test, _) = dataset.load_data()
    assert X_train.max() == X_test.max() == 255
