"""Files that are not what they should be: each is named, with what was found in it.

Every case is tried twice: ``WORKBOOK_DATA=real`` must raise the message, and ``auto`` must print
it and go on to the next source. Neither may change the user's files.
"""

import gzip
import io
import os
import pickle
import struct
import sys
import tracemalloc
import zipfile
from pathlib import Path

from workbook import datasets
from workbook.datasets import files
from workbook.errors import DataError

import numpy as np
import pandas as pd
import pytest

HTML = b"<!DOCTYPE html>\n<html><head><title>403 Forbidden</title></head></html>"
DIGITS, SIGNS = "digit-recognizer", "sign-language-mnist"


def write(course, name, data):
    path = course.data / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def edit(path, change):
    path.write_bytes(change(path.read_bytes()))


def csv(course, change, name=DIGITS, file="train.csv"):
    """Place a dataset's CSV files and change one of them."""
    course.csv(name, course.data)
    edit(course.data / file, change)


def lines(change):
    """Make a change of bytes from a change of lines."""
    return lambda data: b"\n".join(change(data.splitlines())) + b"\n"


def cell(row, column, value):
    """Return a change that puts a value into one cell; row 0 is the header."""

    def change(rows):
        cells = rows[row].split(b",")
        cells[column] = value
        return [*rows[:row], b",".join(cells), *rows[row + 1 :]]

    return lines(change)


def idx(course, file, change, name="mnist"):
    course.idx(name, course.data / name, suffix="")
    edit(course.data / name / file, change)


def npz(course, **arrays):
    np.savez(course.data / "mnist.npz", **{**course.arrays["mnist"], **arrays})


def pickled_npz(course):
    arrays = {**course.arrays["mnist"], "X_train": np.array([{"a": 1}], object)}
    np.savez(course.data / "mnist.npz", allow_pickle=True, **arrays)


def npz_of_a_format_to_come(course):
    npz(course)
    with zipfile.ZipFile(course.data / "mnist.npz") as archive:
        arrays = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(course.data / "mnist.npz", "w") as archive:
        for name, data in arrays.items():
            archive.writestr(name, b"\x93NUMPY\x09" + data[7:])


def npz_without(course, name):
    arrays = {k: v for k, v in course.arrays["mnist"].items() if k != name}
    np.savez(course.data / "mnist.npz", **arrays)


def cut_file(course, name, make):
    make()
    edit(course.data / name, lambda data: data[: len(data) * 2 // 3])


def kaggle_zip(course, edit_info=None, extra=(), name=SIGNS):
    path = course.zip(name, course.data / f"{name}.zip")
    with zipfile.ZipFile(path, "a") as archive:
        for member in extra:
            archive.writestr(member, "x")
    return path


def encrypted(course):
    """Set the flag of encryption in each header of the zip, as a zip with a password has it."""

    def flag(data):
        data = bytearray(data)
        for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            at = data.find(signature)
            while at >= 0:
                data[at + offset] |= 1
                at = data.find(signature, at + 1)
        return bytes(data)

    edit(kaggle_zip(course), flag)


def bomb(course):
    with zipfile.ZipFile(course.data / f"{SIGNS}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in ("sign_mnist_train.csv", "sign_mnist_test.csv"):
            archive.writestr(file, bytes(3_000_000))


def gzip_bomb(course):
    course.csv(DIGITS, course.data)
    (course.data / "train.csv").unlink()
    write(course, "train.csv.gz", gzip.compress(bytes(3_000_000)))


def matryoshka(course):
    course.csv(DIGITS, course.data)
    data = (course.data / "train.csv").read_bytes()
    for _ in range(4):
        data = gzip.compress(data)
    edit(course.data / "train.csv", lambda _: data)


def changed_member(course):
    """Change a byte in the packed content, so that its checksum is wrong."""
    edit(kaggle_zip(course), lambda data: data[:3000] + bytes([data[3000] ^ 255]) + data[3001:])


def folder_for_file(course):
    course.csv(DIGITS, course.data)
    (course.data / "train.csv").unlink()
    (course.data / "train.csv").mkdir()


def unreadable(course):
    course.csv(DIGITS, course.data)
    (course.data / "train.csv").chmod(0)


def swapped(course):
    course.csv(SIGNS, course.data)
    train, test = course.data / "sign_mnist_train.csv", course.data / "sign_mnist_test.csv"
    train.rename(course.data / "third")
    test.rename(train)
    (course.data / "third").rename(test)


def swapped_npz(course):
    a = course.arrays["mnist"]
    npz(course, X_train=a["X_test"], y_train=a["y_test"], X_test=a["X_train"], y_test=a["y_train"])


def idx_little_endian(course):
    images = course.arrays["mnist"]["X_train"]
    head = struct.pack("<4B3I", 0, 0, 8, 3, *images.shape)
    idx(course, "train-images-idx3-ubyte", lambda _: head + images.tobytes())


def wide_header(data):
    header, _, body = data.partition(b"\n")
    return header + b",pixel784\n" + body.replace(b"\n", b",0\n")


def indexed(data):
    header, *rows = data.splitlines()
    return b"\n".join([b"," + header, *(b"%d,%s" % (i, row) for i, row in enumerate(rows))])


# what: dataset, how the files are made, what the message must name and say
BAD = {
    "empty npz": ("mnist", lambda c: write(c, "mnist.npz", b""), "mnist.npz", "an empty file"),
    "web page as npz": (
        "mnist",
        lambda c: write(c, "mnist.npz", HTML),
        "mnist.npz",
        "a web page saved under this name",
    ),
    "text as npz": ("mnist", lambda c: write(c, "mnist.npz", b"hello"), "mnist.npz", "not an npz"),
    "cut npz": (
        "mnist",
        lambda c: cut_file(c, "mnist.npz", lambda: npz(c)),
        "mnist.npz",
        "cut or damaged",
    ),
    "pickle as npz": (
        "mnist",
        lambda c: write(c, "mnist.npz", pickle.dumps([1])),
        "mnist.npz",
        "not an npz",
    ),
    "npz of pickled objects": ("mnist", pickled_npz, "mnist.npz", "pickled Python objects"),
    "npz of a format to come": (
        "mnist",
        npz_of_a_format_to_come,
        "mnist.npz",
        "a cut or damaged npz file",
    ),
    "npz without an array": (
        "mnist",
        lambda c: npz_without(c, "y_test"),
        "mnist.npz",
        "expected x_train, y_train, x_test, y_test",
    ),
    "npz of flat images": (
        "mnist",
        lambda c: npz(c, X_train=c.arrays["mnist"]["X_train"].reshape(60, 784)),
        "mnist.npz",
        "X_train of shape 60 x 784; expected 60 x 28 x 28",
    ),
    "npz of floats": (
        "mnist",
        lambda c: npz(c, X_train=c.arrays["mnist"]["X_train"] / 255),
        "mnist.npz",
        "X_train of float64",
    ),
    "npz of large numbers": (
        "mnist",
        lambda c: npz(c, X_test=c.arrays["mnist"]["X_test"] + np.int64(1000)),
        "mnist.npz",
        "expected whole numbers from 0 to 255",
    ),
    "npz with a label of 10": (
        "mnist",
        lambda c: npz(c, y_test=np.full(20, 10, np.uint8)),
        "mnist.npz",
        "label 10 at y_test[0]",
    ),
    "npz with train and test swapped": ("mnist", swapped_npz, "mnist.npz", "swapped"),
    "idx of another magic": (
        "mnist",
        lambda c: idx(c, "train-images-idx3-ubyte", lambda d: b"\0\0\x0d" + d[3:]),
        "mnist",
        "starts with bytes 00 00 0d 03",
    ),
    "idx labels under the images' name": (
        "mnist",
        lambda c: idx(
            c, "train-images-idx3-ubyte", lambda _: c.idx_bytes(c.arrays["mnist"]["y_train"])
        ),
        "train-images-idx3-ubyte",
        "expected 00 00 08 03",
    ),
    "idx whose count lies": (
        "mnist",
        lambda c: idx(
            c, "t10k-labels-idx1-ubyte", lambda d: d[:4] + struct.pack(">I", 2**31) + d[8:]
        ),
        "t10k-labels-idx1-ubyte",
        "20 bytes of data under a header that says 2,147,483,648",
    ),
    "idx with little-endian counts": (
        "mnist",
        idx_little_endian,
        "train-images-idx3-ubyte",
        "under a header that says",
    ),
    "cut idx": (
        "mnist",
        lambda c: idx(c, "train-images-idx3-ubyte", lambda d: d[:5000]),
        "train-images-idx3-ubyte",
        "4,984 bytes of data",
    ),
    "idx header only": (
        "mnist",
        lambda c: idx(c, "train-labels-idx1-ubyte", lambda d: d[:6]),
        "train-labels-idx1-ubyte",
        "expected 00 00 08 01",
    ),
    "cut gz": (
        "fashion-mnist",
        lambda c: cut_file(
            c,
            "fashion-mnist/train-images-idx3-ubyte.gz",
            lambda: c.idx("fashion-mnist", c.data / "fashion-mnist"),
        ),
        "train-images-idx3-ubyte.gz",
        "a cut or damaged gzip file",
    ),
    "one idx file of four missing": (
        "fashion-mnist",
        lambda c: (
            c.idx("fashion-mnist", c.data / "fashion-mnist"),
            (c.data / "fashion-mnist" / "t10k-labels-idx1-ubyte.gz").unlink(),
        ),
        "data/fashion-mnist",
        "without t10k-labels-idx1-ubyte",
    ),
    "Fashion-MNIST's idx for MNIST": (
        "mnist",
        lambda c: c.idx("fashion-mnist", c.data),
        "data",
        "of Fashion-MNIST; expected MNIST",
    ),
    "MNIST's labels with Fashion-MNIST's images": (
        "fashion-mnist",
        lambda c: idx(
            c,
            "train-labels-idx1-ubyte",
            lambda _: c.idx_bytes(c.arrays["mnist"]["y_train"]),
            "fashion-mnist",
        ),
        "data/fashion-mnist",
        "holds y_train of MNIST",
    ),
    "empty csv": (DIGITS, lambda c: csv(c, lambda _: b""), "train.csv", "an empty file"),
    "web page as csv": (DIGITS, lambda c: csv(c, lambda _: HTML), "train.csv", "a web page"),
    "csv without test.csv": (
        DIGITS,
        lambda c: (c.csv(DIGITS, c.data), (c.data / "test.csv").unlink()),
        "data",
        "train.csv without test.csv",
    ),
    "csv of the header alone": (
        DIGITS,
        lambda c: csv(c, lines(lambda rows: rows[:1])),
        "train.csv",
        "0 rows; expected 50 rows",
    ),
    "csv with no header": (
        DIGITS,
        lambda c: csv(c, lines(lambda rows: rows[1:])),
        "train.csv",
        "no column label",
    ),
    "csv with a column missing": (
        DIGITS,
        lambda c: csv(c, lines(lambda rows: [r.rpartition(b",")[0] for r in rows])),
        "train.csv",
        "no column pixel783",
    ),
    "csv with a column more": (
        DIGITS,
        lambda c: csv(c, wide_header),
        "train.csv",
        "the unexpected column pixel784",
    ),
    "csv with pandas' index": (DIGITS, lambda c: csv(c, indexed), "train.csv", "(no name)"),
    "csv with a column renamed": (
        DIGITS,
        lambda c: csv(c, cell(0, 0, b"digit")),
        "train.csv",
        "no column label and the unexpected column digit",
    ),
    "csv with a column twice": (
        DIGITS,
        lambda c: csv(c, cell(0, 2, b"pixel0")),
        "train.csv",
        "twice the column pixel0",
    ),
    "csv whose header is repeated": (
        DIGITS,
        lambda c: csv(c, lines(lambda rows: [rows[0], *rows])),
        "train.csv",
        "'label' in line 2, column label",
    ),
    "csv with a long row": (
        DIGITS,
        lambda c: csv(c, cell(3, 784, b"1,2")),
        "train.csv",
        "line 4",
    ),
    "csv with long rows": (
        DIGITS,
        lambda c: csv(c, lambda d: d.replace(b"\n", b",7\n").replace(b",7", b"", 1)),
        "train.csv",
        "rows with more values than the header has names",
    ),
    "csv with a short row": (
        DIGITS,
        lambda c: csv(c, lines(lambda r: [*r[:5], r[5].rpartition(b",")[0], *r[6:]])),
        "train.csv",
        "no value in line 6, column pixel783",
    ),
    "csv that ends within a row": (
        DIGITS,
        lambda c: csv(c, lambda data: data[: len(data) * 2 // 3]),
        "train.csv",
        "no value in line",
    ),
    "csv with an empty cell": (
        DIGITS,
        lambda c: csv(c, cell(7, 9, b"")),
        "train.csv",
        "no value in line 8, column pixel8",
    ),
    "csv with NaN": (
        DIGITS,
        lambda c: csv(c, cell(7, 9, b"NaN")),
        "train.csv",
        "no value in line 8, column pixel8",
    ),
    "csv with a word": (
        DIGITS,
        lambda c: csv(c, cell(2, 1, b"black")),
        "train.csv",
        "'black' in line 3, column pixel0",
    ),
    "csv with a negative pixel": (
        DIGITS,
        lambda c: csv(c, cell(50, 784, b"-1")),
        "train.csv",
        "'-1' in line 51, column pixel783",
    ),
    "csv with a pixel of 256": (
        DIGITS,
        lambda c: csv(c, cell(1, 0, b"256"), file="test.csv"),
        "test.csv",
        "'256' in line 2, column pixel0",
    ),
    "csv with a pixel of 256 to the power of 9": (
        DIGITS,
        lambda c: csv(c, cell(1, 1, str(256**9).encode())),
        "train.csv",
        "in line 2, column pixel0",
    ),
    "csv with half a grey": (
        DIGITS,
        lambda c: csv(c, cell(1, 1, b"0.5")),
        "train.csv",
        "'0.5' in line 2, column pixel0",
    ),
    "csv with rows missing": (
        DIGITS,
        lambda c: csv(c, lines(lambda rows: rows[:-3])),
        "train.csv",
        "47 rows; expected 50 rows",
    ),
    "csv with rows more": (
        DIGITS,
        lambda c: csv(c, lines(lambda rows: rows + rows[1:4])),
        "train.csv",
        "53 rows; expected 50 rows",
    ),
    "csv of another encoding": (
        DIGITS,
        lambda c: csv(c, lambda data: data.decode().encode("utf-16")),
        "train.csv",
        "no column label",
    ),
    "csv with a label of 10": (
        DIGITS,
        lambda c: csv(c, cell(4, 0, b"10")),
        "data",
        "label 10 at y_train[3]; expected one of the labels 0, 1, 2",
    ),
    "csv with the letter J": (
        SIGNS,
        lambda c: csv(c, cell(4, 0, b"9"), SIGNS, "sign_mnist_train.csv"),
        "data",
        "label 9 at y_train[3]; expected one of the labels 0, 1, 2, 3, 4, 5, 6, 7, 8, 10",
    ),
    "csv with the letter Z": (
        SIGNS,
        lambda c: csv(c, cell(4, 0, b"25"), SIGNS, "sign_mnist_test.csv"),
        "data",
        "label 25 at y_test[3]",
    ),
    "csv with train and test swapped": (
        SIGNS,
        swapped,
        "sign_mnist_train.csv",
        "20 rows, as many as sign_mnist_test.csv has",
    ),
    "test.csv with train.csv's content": (
        DIGITS,
        lambda c: csv(c, lambda _: (c.data / "train.csv").read_bytes(), file="test.csv"),
        "test.csv",
        "the unexpected column label: this header is that of train.csv",
    ),
    "sign language's csv as train.csv": (
        DIGITS,
        lambda c: csv(
            c, lambda _: c.frames(SIGNS)["sign_mnist_train.csv"].to_csv(index=False).encode()
        ),
        "train.csv",
        "this header is that of sign_mnist_train.csv or sign_mnist_test.csv",
    ),
    "folder as csv": (DIGITS, folder_for_file, "data", "test.csv without train.csv"),
    "gz in gz in gz": (DIGITS, matryoshka, "train.csv", "an archive in an archive"),
    "csv.gz that unpacks to gigabytes": (DIGITS, gzip_bomb, "train.csv.gz", "when unpacked"),
    "empty zip file": (SIGNS, lambda c: write(c, f"{SIGNS}.zip", b""), ".zip", "an empty file"),
    "web page as zip": (SIGNS, lambda c: write(c, f"{SIGNS}.zip", HTML), ".zip", "a web page"),
    "cut zip": (
        SIGNS,
        lambda c: cut_file(c, f"{SIGNS}.zip", lambda: kaggle_zip(c)),
        f"{SIGNS}.zip",
        "a cut or damaged zip file",
    ),
    "cut archive.zip in the dataset's folder": (
        SIGNS,
        lambda c: cut_file(
            c, f"{SIGNS}/archive.zip", lambda: c.zip(SIGNS, c.data / SIGNS / "archive.zip")
        ),
        "archive.zip",
        "a cut or damaged zip file",
    ),
    "zip with a changed byte": (SIGNS, changed_member, f"{SIGNS}.zip", "cut or damaged"),
    "encrypted zip": (SIGNS, encrypted, f"{SIGNS}.zip", "an encrypted zip"),
    "zip that unpacks to gigabytes": (SIGNS, bomb, f"{SIGNS}.zip", "when unpacked"),
    "zip of something else": (
        SIGNS,
        lambda c: c.zip(DIGITS, c.data / f"{SIGNS}.zip"),
        f"{SIGNS}.zip",
        "a zip that holds train.csv, test.csv; expected sign_mnist_train.csv",
    ),
    "zip of nothing": (
        SIGNS,
        lambda c: zipfile.ZipFile(c.data / f"{SIGNS}.zip", "w").close(),
        f"{SIGNS}.zip",
        "a zip that holds nothing",
    ),
    "zip with half of the dataset": (
        SIGNS,
        lambda c: write(c, f"{SIGNS}.zip", zip_of("sign_mnist_test.csv")),
        f"{SIGNS}.zip",
        "without sign_mnist_train.csv",
    ),
}

if sys.platform != "win32" and os.geteuid() != 0:
    BAD["no permission"] = (DIGITS, unreadable, "train.csv", "cannot be read")


def zip_of(*names):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "label")
    return buffer.getvalue()


def contents(folder: Path):
    cache = folder / "cache"
    return {
        path: path.stat().st_size if path.stat().st_mode & 0o400 == 0 else path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and cache not in path.parents
    }


@pytest.mark.parametrize(("name", "make", "where", "says"), BAD.values(), ids=BAD)
def test_bad_input(name, make, where, says, course, monkeypatch, capsys):
    monkeypatch.setattr(files, "LARGEST", 1_000_000)
    make(course)
    before = contents(course.data)

    monkeypatch.setenv("WORKBOOK_DATA", "real")
    with pytest.raises(datasets.DataError) as caught:
        datasets.load(name)
    message = str(caught.value)
    assert where in message.partition(": ")[0]
    assert says in message
    assert len(message) < 700
    assert caught.value.__cause__ is None

    monkeypatch.setenv("WORKBOOK_DATA", "auto")
    assert datasets.load(name).practice
    printed = capsys.readouterr().out
    assert f"Not used: {message}" in printed
    assert contents(course.data) == before


def test_a_file_that_unpacks_without_end_does_not_fill_the_memory(course, monkeypatch):
    monkeypatch.setattr(files, "LARGEST", 1_000_000)
    path = course.data / "train.csv.gz"
    path.write_bytes(gzip.compress(bytes(50_000_000)))
    tracemalloc.start()
    with pytest.raises(DataError, match="when unpacked"):
        files.File(path).read()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000_000


def zeros_npz(c):
    arrays = {**c.arrays["mnist"], "X_train": np.zeros(3_000_000, np.uint8)}
    np.savez_compressed(c.data / "mnist.npz", **arrays)


@pytest.mark.parametrize(
    ("name", "make", "says"),
    {
        "R2": ("mnist", zeros_npz, "when unpacked"),
        "R3": (DIGITS, lambda c: csv(c, lambda d: d + b"\n" * 2_000_000), "at most 1 MB"),
        "R5": (
            "mnist",
            lambda c: npz(c, X_test=-c.arrays["mnist"]["X_test"].astype(int)),
            "whole numbers from 0 to 255",
        ),
    }.values(),
    ids=["R2", "R3", "R5"],
)
def test_a_file_of_the_wrong_size_or_numbers_is_refused(name, make, says, course, monkeypatch):
    monkeypatch.setattr(files, "LARGEST", 1_000_000)
    monkeypatch.setenv("WORKBOOK_DATA", "real")
    make(course)
    with pytest.raises(DataError, match=says):
        datasets.load(name)


def test_a_csv_is_read_in_pieces(course, monkeypatch):
    read = pd.read_csv
    monkeypatch.setattr(pd, "read_csv", lambda *a, **k: read(*a, **k | {"chunksize": 16}))
    course.csv(DIGITS, course.data)
    assert datasets.load(DIGITS).verified
    edit(course.data / "train.csv", cell(45, 1, b"-1"))
    monkeypatch.setenv("WORKBOOK_DATA", "real")
    with pytest.raises(DataError, match="'-1' in line 46,"):
        datasets.load(DIGITS)


@pytest.mark.parametrize("name", ["../../evil.py", "/etc/evil", "C:\\evil", "..\\..\\evil.py"])
def test_what_points_outside_of_a_zip_is_written_nowhere(name, course):
    kaggle_zip(course, extra=[name])
    assert datasets.load(SIGNS).verified
    assert not list(course.data.parents[1].rglob("*evil*"))
    assert not Path("/etc/evil").exists()
