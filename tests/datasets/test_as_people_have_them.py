"""Files and folders as people have them: unpacked, nested, renamed, of other editions."""

import gzip
import io
import pickle
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import workbook
from workbook import datasets
from workbook.datasets import search
from workbook.datasets.catalogue import CATALOGUE, PHOTOGRAPHS
from workbook_staff import data

import numpy as np
import pytest
from PIL import Image

MNIST, FASHION = "mnist", "fashion-mnist"
DIGITS, SIGNS, ASL = "digit-recognizer", "sign-language-mnist", "asl-alphabet"


def apart(course, name, *folders):
    """Put each of a dataset's CSV files into a folder of its own."""
    course.csv(name, course.home / "apart")
    for path, folder in zip(sorted((course.home / "apart").iterdir()), folders, strict=True):
        (course.data / folder).mkdir(parents=True, exist_ok=True)
        path.rename(course.data / folder / path.name)


def idx_in_folders(course, folder, dots):
    course.idx(MNIST, course.home / "idx", suffix="", dots=dots)
    for path in (course.home / "idx").iterdir():
        (folder / path.name).mkdir(parents=True)
        path.rename(folder / path.name / path.name)


def mac_zip(course, name, path, inside):
    """Write a zip as a Mac makes it: a fork beside each file."""
    course.zip(name, path, inside=inside)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("__MACOSX/.DS_Store", b"x")
        for file in CATALOGUE[name].csv_parts:
            archive.writestr(f"__MACOSX/{inside}._{file}", b"Mac OS X resource fork")
            archive.writestr(f"._{file}", b"Mac OS X resource fork")


def littered(course, folder):
    course.csv(SIGNS, folder)
    for name in ("._sign_mnist_train.csv", ".DS_Store", "Thumbs.db", "desktop.ini"):
        (folder / name).write_bytes(b"x")


def torchvision(course):
    for name, folder in ((MNIST, "MNIST"), (FASHION, "FashionMNIST")):
        for suffix in ("", ".gz"):
            course.idx(name, course.data / folder / "raw", suffix=suffix)


FOUND = {
    "17 extract all": (SIGNS, lambda c: apart(c, SIGNS, "sign_mnist_test", "sign_mnist_train")),
    "17 doubled": (SIGNS, lambda c: apart(c, SIGNS, *["sign_mnist_test/sign_mnist_test"] * 2)),
    "17 archive (1)": (SIGNS, lambda c: c.csv(SIGNS, c.data / "archive (1)")),
    "17 two archives": (SIGNS, lambda c: apart(c, SIGNS, "archive (2)", "archive (1)")),
    "17 a copy's number": (SIGNS, lambda c: c.csv(SIGNS, c.data / "sign-language-mnist-1")),
    "17 spaces, capitals": (SIGNS, lambda c: c.csv(SIGNS, c.data / "Sign Language MNIST" / "Data")),
    "17 a folder of one's own": (SIGNS, lambda c: c.csv(SIGNS, c.data / "Semester 2" / "week 7")),
    "17 twice the competition": (DIGITS, lambda c: c.csv(DIGITS, c.data / DIGITS / DIGITS)),
    "17 kaggle/input": (
        DIGITS,
        lambda c: c.csv(DIGITS, c.data / "data" / "kaggle" / "input" / "digit-recognizer"),
    ),
    "17 competitions": (
        DIGITS,
        lambda c: c.csv(DIGITS, c.data / "kaggle" / "input" / "competitions" / DIGITS),
    ),
    "17 test/test.csv": (DIGITS, lambda c: apart(c, DIGITS, "test", "train")),
    "17 in one's own folder": (DIGITS, lambda c: c.csv(DIGITS, c.data / "homework")),
    "17 named like MNIST": (DIGITS, lambda c: c.csv(DIGITS, c.data / "mnist")),
    "17 a zip in a folder": (
        DIGITS,
        lambda c: c.zip(DIGITS, c.data / "Downloads" / "digit-recognizer (2).zip", "digits/"),
    ),
    "17 a renamed zip": (SIGNS, lambda c: c.zip(SIGNS, c.data / "kaggle signs.zip", "x/y/")),
    "17 beside folders of letters": (
        SIGNS,
        lambda c: (c.csv(SIGNS, c.data / "archive"), [(c.data / k).mkdir() for k in "AB"]),
    ),
    "17 a Finder's number": (SIGNS, lambda c: c.csv(SIGNS, c.data / "archive 2")),
    "17 idx in folders": (MNIST, lambda c: idx_in_folders(c, c.data / "archive", dots=True)),
    "17 idx in folders, hyphens": (MNIST, lambda c: idx_in_folders(c, c.data / "mnist", False)),
    "17 a suffix twice": (
        DIGITS,
        lambda c: (
            c.csv(DIGITS, c.data),
            (c.data / "train.csv").rename(c.data / "train.csv.csv"),
            (c.data / "test.csv").rename(c.data / "test copy.csv.txt"),
        ),
    ),
    "18 TensorFlow's first tutorial": (MNIST, lambda c: c.idx(MNIST, c.data / "MNIST_data")),
    "18 torchvision, MNIST": (MNIST, torchvision),
    "18 torchvision, Fashion-MNIST": (FASHION, torchvision),
    "18 idx with dots, packed": (
        FASHION,
        lambda c: c.idx(FASHION, c.data / "fashionmnist", dots=True),
    ),
    "19 a Mac's zip": (SIGNS, lambda c: mac_zip(c, SIGNS, c.data / "archive.zip", "signs/")),
    "19 a Mac's zip of generic names": (
        DIGITS,
        lambda c: mac_zip(c, DIGITS, c.data / "digit-recognizer.zip", ""),
    ),
    "19 loose": (SIGNS, lambda c: littered(c, c.data)),
    "19 a Mac's zip, unpacked": (
        SIGNS,
        lambda c: (
            c.csv(SIGNS, c.data / "signs"),
            (c.data / "__MACOSX" / "signs").mkdir(parents=True),
            (c.data / "__MACOSX" / "signs" / "sign_mnist_train.csv").write_bytes(b"x"),
        ),
    ),
}


@pytest.mark.parametrize(("name", "place"), FOUND.values(), ids=FOUND)
def test_it_is_found(name, place, course, monkeypatch, capsys):
    place(course)
    monkeypatch.setenv("WORKBOOK_DATA", "real")
    dataset = datasets.load(name)
    assert dataset.verified and dataset.source.startswith("from data")
    np.testing.assert_array_equal(dataset.load_data()[0][1], course.arrays[name]["y_train"])
    assert capsys.readouterr().out == ""
    row = next(r for r in data.table().splitlines() if r.startswith(name))
    assert " yes " in row and "unusable" not in row


def test_files_in_folders_of_their_own_names_are_of_the_folder_above(course):
    idx_in_folders(course, course.data / "archive", dots=True)
    assert datasets.load(MNIST).source.startswith("from data/archive")


def put(path, data=b"x"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def pictures(folder, kind="png"):
    buffer = io.BytesIO()
    Image.new("L", (28, 28)).save(buffer, kind)
    for subset in ("training", "testing"):
        for digit in range(10):
            put(folder / subset / str(digit) / f"1.{kind}", buffer.getvalue())


UNREAD = {
    "parquet of Hugging Face": (
        MNIST,
        lambda c: put(c.data / "mnist" / "train-00000-of-00001.parquet"),
        "data/mnist: holds train-00000-of-00001.parquet, a form that is not read",
    ),
    "two of parquet": (
        FASHION,
        lambda c: [put(c.data / "fashion_mnist" / f"{s}-0.parquet") for s in ("test", "train")],
        "data/fashion_mnist: holds test-0.parquet, train-0.parquet, a form that is not read",
    ),
    "18 another edition's tables": (
        FASHION,
        lambda c: [put(c.data / f"fashion-mnist_{s}.csv") for s in ("train", "test")],
        "holds fashion-mnist_test.csv, fashion-mnist_train.csv, a form that is not read",
    ),
    "MATLAB": (MNIST, lambda c: put(c.data / "mnist-original.mat"), "a form that is not read"),
    "a pickle": (
        MNIST,
        lambda c: put(c.data / "mnist.pkl.gz", gzip.compress(pickle.dumps([1]))),
        "data: holds mnist.pkl.gz, a form that is not read",
    ),
    "pictures": (
        MNIST,
        lambda c: pictures(c.data / "mnist_png"),
        "holds testing, training, a form that is not read",
    ),
    "pictures of Fashion": (
        FASHION,
        lambda c: pictures(c.data / "Fashion-MNIST" / "images", "jpeg"),
        "holds testing, training, a form that is not read",
    ),
    "TFDS": (
        MNIST,
        lambda c: [
            put(c.data / "mnist" / "3.0.1" / f"mnist-{s}.tfrecord-00000-of-00001")
            for s in ("train", "test")
        ],
        "tfrecord",
    ),
    "torchvision's old form": (
        MNIST,
        lambda c: put(c.data / "MNIST" / "processed" / "training.pt"),
        "training.pt",
    ),
    "a rar": (
        SIGNS,
        lambda c: put(c.data / "sign-mnist.rar"),
        "sign-mnist.rar, a form that is not",
    ),
    "a broken-off download": (
        SIGNS,
        lambda c: put(c.data / "sign-language-mnist.zip.crdownload"),
        "zip.crdownload, a form that is not read",
    ),
    "other tables": (SIGNS, lambda c: put(c.data / SIGNS / "valid.csv"), "holds valid.csv, a form"),
    "a broken archive": (
        SIGNS,
        lambda c: put(c.data / "archive.zip", b"PK\x03\x04"),
        "archive.zip",
    ),
    "photographs in a rar": (ASL, lambda c: put(c.data / "asl-alphabet.rar"), "asl-alphabet.rar"),
    "half of it in a folder of one's own": (
        DIGITS,
        lambda c: (
            c.csv(DIGITS, c.data / "homework"),
            (c.data / "homework" / "test.csv").unlink(),
        ),
        "without test.csv",
    ),
    "other images in a folder of one's own": (
        DIGITS,
        lambda c: (
            c.arrays[DIGITS]["X_train"].__setitem__((0, 0, 0), 7),
            c.arrays[DIGITS]["X_train"].__setitem__((1, 0, 0), 9),
            c.csv(DIGITS, c.data / "homework"),
        ),
        "not the published images. To use it, name its folder digit-recognizer",
    ),
}


@pytest.mark.parametrize(("name", "place", "says"), UNREAD.values(), ids=UNREAD)
def test_what_is_not_used_is_told_in_a_line(name, place, says, course, nowhere, capsys):
    place(course)
    assert datasets.load(name).practice
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Not used: ")]
    assert len(told) == 1
    assert says in told[0]
    title = (CATALOGUE | PHOTOGRAPHS)[name].title
    assert title in told[0] or "expected" in told[0] or "Place" in told[0]


@pytest.fixture
def nowhere(monkeypatch):
    """Let no host be asked for photographs, and let drawings stand in for them."""
    spec = PHOTOGRAPHS[ASL]
    host = CATALOGUE[SIGNS].kaggle_host
    monkeypatch.setitem(PHOTOGRAPHS, ASL, replace(spec, kaggle_host=host))
    few = {"X_train": np.zeros((2, 28, 28), np.uint8), "y_train": np.zeros(2, np.uint8)}
    few |= {name.replace("train", "test"): array for name, array in few.items()}
    draw = datasets.sources.practice
    loaded = datasets.cache.Loaded(few, "practice", False)
    monkeypatch.setattr(workbook.practice, "NAMES", (*workbook.practice.NAMES, ASL))
    monkeypatch.setattr(
        datasets.sources, "practice", lambda spec: loaded if spec.name == ASL else draw(spec)
    )


@pytest.mark.parametrize("name", [MNIST, FASHION, DIGITS, SIGNS, ASL])
def test_what_is_another_datasets_is_not_told_of(name, course, nowhere, capsys):
    for other in CATALOGUE:
        if other != name and CATALOGUE[other].csv_parts:
            course.zip(other, course.data / f"{other}.zip")
    if name not in (MNIST, DIGITS):  # which may be cut from it
        pictures(course.data / "mnist_png")
    put(course.data / "kuzushiji" / "notes.txt")
    put(course.data / "models" / "01_mnist_dense.keras")
    put(course.data / "README.md")
    datasets.load(name)
    assert "Not used" not in capsys.readouterr().out


def test_other_images_of_the_same_names_are_not_taken_for_mnist(course, capsys):
    course.arrays[MNIST]["X_train"][0, 0, 0] ^= 1
    course.idx(MNIST, course.data / "kmnist")
    assert datasets.load(MNIST).practice
    assert "Not used: data/kmnist: of the form of MNIST, but not the" in capsys.readouterr().out


def test_a_pickle_is_never_unpickled(course, monkeypatch):
    monkeypatch.setattr(pickle, "load", lambda *_: pytest.fail("unpickled"))
    monkeypatch.setattr(pickle, "loads", lambda *_: pytest.fail("unpickled"))
    put(course.data / "mnist.pkl.gz", gzip.compress(b"cos\nsystem\n(S'false'\ntR."))
    assert datasets.load(MNIST).practice


def test_no_more_than_so_many_files_are_looked_at(course, monkeypatch):
    for k in range(40):
        (course.data / f"pictures {k}").mkdir()
        for i in range(250):
            (course.data / f"pictures {k}" / f"{i}.png").touch()
    course.csv(DIGITS, course.data / "zz")
    assert len(search.candidates(CATALOGUE[DIGITS], course.data)) == 1
    monkeypatch.setattr(search, "ENTRIES", 500)
    places = search.walk(CATALOGUE[SIGNS], course.data, [])
    assert sum(len(place.files) + len(place.folders) for place in places) == 500


def test_a_folder_too_large_to_be_searched_is_told_of(course, monkeypatch, capsys):
    monkeypatch.setattr(search, "ENTRIES", 20)
    for i in range(30):
        (course.data / f"{i}.png").touch()
    assert datasets.load(MNIST).practice
    assert "Not used: data: more than 20 files and folders" in capsys.readouterr().out


def test_links_that_lead_in_circles_come_to_an_end(course):
    (course.data / "deep").mkdir()
    for k in range(2):
        (course.data / "deep" / f"round {k}").symlink_to(course.data, target_is_directory=True)
    course.npz(MNIST, course.data / "mnist.npz")
    assert datasets.load(MNIST).source == "from data/mnist.npz"


def photographs(root, n=20, letters="AB"):
    for k, letter in enumerate(letters):
        (root / letter).mkdir(parents=True)
        for i in range(1, n + 1):
            picture = Image.new("RGB", (200, 200), (60 * k + 40, i, 0))
            picture.save(root / letter / f"{letter}{i}.jpg")
    return root


LAYOUTS = (
    "archive/asl_alphabet_train/asl_alphabet_train",
    "archive (1)/asl_alphabet_train",
    "ASL Alphabet/asl_alphabet_train/asl_alphabet_train",
    "asl-alphabet-1/archive/asl_alphabet_train",
    "kaggle/input/asl-alphabet/asl_alphabet_train/asl_alphabet_train",
    "homework/week 3/letters",
)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_photographs_are_found(layout, course, monkeypatch, capsys):
    monkeypatch.setenv("WORKBOOK_DATA", "real")
    root = photographs(course.data / layout)
    test = root.parents[1] / "asl_alphabet_test" / "asl_alphabet_test"
    put(test / "A_test.jpg", (root / "A" / "A1.jpg").read_bytes())
    (_, y_train), (_, y_test) = datasets.load(ASL).load_data()
    assert len(y_train) + len(y_test) == 40
    assert capsys.readouterr().out == ""


def test_letters_of_another_dataset_are_not_taken_for_it(course, nowhere):
    for letter in "AB":
        put(course.data / "asl-dataset" / letter / "hand1_A_bot_seg_1.jpeg")
    assert datasets.load(ASL).practice


LITTER = ("._A1.jpg", ".DS_Store", "Thumbs.db", "desktop.ini", "Icon\r")


@pytest.mark.parametrize("packed", [False, True])
def test_what_systems_leave_among_photographs_is_not_counted(packed, course, monkeypatch, capsys):
    monkeypatch.setenv("WORKBOOK_DATA", "real")
    root = photographs(course.home / "asl_alphabet_train")
    for name in LITTER:
        put(root / "A" / name)
    if packed:
        with zipfile.ZipFile(course.data / "asl-alphabet.zip", "w") as archive:
            for path in root.rglob("*"):
                if path.is_file():
                    inside = path.relative_to(course.home).as_posix()
                    archive.write(path, inside)
                    archive.writestr(
                        f"__MACOSX/{Path(inside).parent.as_posix()}/._{path.name}", b"x"
                    )
            archive.writestr("__MACOSX/asl_alphabet_train/A/A1.jpg", b"x")
    else:
        shutil.move(root, course.data)
        shutil.copytree(course.data / "asl_alphabet_train", course.data / "__MACOSX" / "asl")
    asl = datasets.load(ASL)
    assert asl._skipped == {}
    assert len(asl.load_data()[0][0]) == 32
    assert capsys.readouterr().out == ""
