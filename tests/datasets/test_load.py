"""What a student sees: the datasets, their notices, their errors."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from workbook import datasets, paths
from workbook.datasets.catalogue import CATALOGUE, PEOPLE, PHOTOGRAPHS
from workbook_staff import data

import numpy as np
import pytest


def test_names():
    specs = [*CATALOGUE.values(), *PHOTOGRAPHS.values(), *PEOPLE.values()]
    assert datasets.names() == tuple(spec.name for spec in specs)
    assert len({spec.name for spec in specs}) == len({spec.title for spec in specs}) == len(specs)


def test_letters():
    spec = CATALOGUE["sign-language-mnist"]
    letters = {chr(ord("A") + label): label for label in spec.label_values}
    assert tuple(letters) == spec.class_names
    assert not {"J", "Z"} & set(letters)


def test_unknown_name():
    with pytest.raises(datasets.DataError, match=r"no dataset 'minst'; expected 'mnist' or"):
        datasets.load("minst")


def test_unknown_mode(course, monkeypatch):
    monkeypatch.setenv("WORKBOOK_DATA", "reel")
    with pytest.raises(datasets.DataError, match=r"WORKBOOK_DATA: 'reel'; expected auto or real"):
        datasets.load("mnist")


def test_load_data_gives_copies(course):
    course.npz("mnist", course.data / "mnist.npz")
    dataset = datasets.load("mnist")
    (X_train, _), _ = dataset.load_data()
    X_train[:] = 0
    (again, _), _ = dataset.load_data()
    np.testing.assert_array_equal(again, course.arrays["mnist"]["X_train"])


def test_provenance_is_shown(course):
    course.npz("mnist", course.data / "mnist.npz")
    dataset = datasets.load("mnist")
    shown = repr(dataset)
    for part in ("MNIST", "60 for training, 20 for testing", "from data/mnist.npz", "CC BY-SA 3.0"):
        assert part in shown
    assert "verified   yes" in shown
    assert datasets.practice_notice() is None


def test_unverified_data_loads_and_says_so(course, capsys):
    course.arrays["mnist"]["X_train"][0, 0, 0] ^= 1
    course.npz("mnist", course.data / "mnist.npz")
    dataset = datasets.load("mnist")
    assert not dataset.verified
    assert not dataset.practice
    printed = capsys.readouterr().out
    assert printed.startswith("NOT VERIFIED: this data (from data/mnist.npz) has the form of MNIST")
    assert "verified   no: right in form" in repr(dataset)


def test_digit_recognizer_in_another_order_is_verified(course):
    arrays = course.arrays["digit-recognizer"]
    order = np.random.default_rng(0).permutation(len(arrays["y_train"]))
    arrays["X_train"], arrays["y_train"] = arrays["X_train"][order], arrays["y_train"][order]
    course.csv("digit-recognizer", course.data)
    dataset = datasets.load("digit-recognizer")
    assert dataset.verified
    assert "verified   the images and class counts; their order" in repr(dataset)


def test_digit_recognizer_of_other_images_is_not_verified(course):
    course.arrays["digit-recognizer"]["X_test"][3, 5, 5] ^= 1
    course.csv("digit-recognizer", course.data)
    assert not datasets.load("digit-recognizer").verified


def test_practice_data_is_announced_once_and_marked(course, capsys):
    dataset = datasets.load("sign-language-mnist")
    assert dataset.practice
    assert not dataset.verified
    printed = capsys.readouterr().out
    assert printed.count("PRACTICE DATA") == 1
    assert "not Sign Language MNIST" in printed
    assert "no file of it in data/; 127.0.0.1:9: could not be reached" in printed
    assert CATALOGUE["sign-language-mnist"].how_to_get in printed
    notice = datasets.practice_notice()
    assert notice == "practice data drawn by the workbook, not Sign Language MNIST"


def test_real_data_loaded_afterwards_takes_the_mark_away(course):
    datasets.load("mnist")
    datasets.load("fashion-mnist")
    course.npz("mnist", course.data / "mnist.npz")
    assert not datasets.load("mnist").practice
    notice = datasets.practice_notice()
    assert notice == "practice data drawn by the workbook, not Fashion-MNIST"
    course.idx("fashion-mnist", course.data / "fashion-mnist")
    datasets.load("fashion-mnist")
    assert datasets.practice_notice() is None


@pytest.fixture
def added(monkeypatch):
    """Add a dataset to the catalogue, as the README says, with no drawings of it."""
    spec = CATALOGUE["fashion-mnist"]
    names = {"name": "kuzushiji", "title": "Kuzushiji", "folders": ("kuzushiji",)}
    monkeypatch.setitem(CATALOGUE, "kuzushiji", replace(spec, **names, downloads=()))


def test_an_added_dataset_loads(added, course):
    course.idx("kuzushiji", course.data / "kuzushiji")
    dataset = datasets.load("kuzushiji")
    assert dataset.verified
    assert dataset.title == "Kuzushiji"
    assert "kuzushiji" in datasets.names()
    assert table_rows()["kuzushiji"][:2] == ["data/kuzushiji", "yes"]


@pytest.mark.parametrize(
    ("mode", "why"),
    [("auto", "no file of it in data/"), ("practice", "WORKBOOK_DATA=practice asks for it")],
)
def test_a_dataset_with_no_drawings_says_so(mode, why, added, course, monkeypatch, capsys):
    monkeypatch.setenv("WORKBOOK_DATA", mode)
    with pytest.raises(datasets.DataError) as caught:
        datasets.load("kuzushiji")
    assert str(caught.value) == (
        f"Kuzushiji: no practice drawings of it, which would be used here ({why}). "
        f"To get the real images: {CATALOGUE['kuzushiji'].how_to_get}; then run this again."
    )
    assert capsys.readouterr().out == ""
    assert datasets.practice_notice() is None


def test_practice_is_used_where_asked_for_though_files_are_there(course, monkeypatch):
    course.npz("mnist", course.data / "mnist.npz")
    monkeypatch.setenv("WORKBOOK_DATA", "practice")
    assert datasets.load("mnist").practice


@pytest.mark.parametrize("name", CATALOGUE)
def test_real_never_falls_back(name, course, monkeypatch):
    monkeypatch.setenv("WORKBOOK_DATA", "real")
    with pytest.raises(datasets.DataError, match="WORKBOOK_DATA=real allows no practice") as caught:
        datasets.load(name)
    assert CATALOGUE[name].how_to_get in str(caught.value)


def test_missing_data_dir_is_named(course, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("WORKBOOK_DATA_DIR", str(tmp_path / "nowhere"))
    datasets.load("mnist")
    assert f"WORKBOOK_DATA_DIR: no folder {tmp_path / 'nowhere'}" in capsys.readouterr().out


def test_a_folder_that_may_not_be_searched_is_passed_over(course, refuse):
    (course.data / "lost+found").mkdir()
    refuse(os, "scandir", lambda path: path == course.data / "lost+found")
    course.npz("mnist", course.data / "mnist.npz")
    assert datasets.load("mnist").verified


def test_a_link_into_a_folder_that_may_not_be_searched_is_passed_over(course, refuse):
    (course.data / "private").mkdir()
    refuse(Path, "is_dir", lambda path: path == course.data / "private")
    course.npz("mnist", course.data / "mnist.npz")
    assert datasets.load("mnist").verified


def test_a_data_dir_that_may_not_be_searched_is_named(
    course, tmp_path, refuse, monkeypatch, capsys
):
    private = tmp_path / "private"
    monkeypatch.setenv("WORKBOOK_DATA_DIR", str(private))
    refuse(Path, "is_dir", lambda path: path == private)
    assert datasets.load("mnist").practice
    assert f"no folder {private} that you may read" in capsys.readouterr().out


@pytest.mark.usefixtures("homeless")
def test_placed_files_load_with_no_home_folder(course, tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBOOK_DATA", "real")
    monkeypatch.setenv("WORKBOOK_DATA_DIR", str(tmp_path / "mine"))
    course.npz("mnist", tmp_path / "mine" / "mnist.npz")
    assert datasets.load("mnist").source == "from WORKBOOK_DATA_DIR/mnist.npz"
    assert table_rows()["mnist"][:2] == ["WORKBOOK_DATA_DIR/mnist.npz", "yes"]
    monkeypatch.delenv("WORKBOOK_DATA_DIR")
    course.csv("digit-recognizer", course.data)
    assert datasets.load("digit-recognizer").verified


@pytest.mark.usefixtures("homeless")
def test_practice_data_with_no_home_folder(course, monkeypatch):
    assert datasets.load("fashion-mnist").practice
    monkeypatch.setenv("KERAS_HOME", "~/keras")
    monkeypatch.setenv("KAGGLE_CONFIG_DIR", "~/kaggle")
    assert datasets.load("mnist").practice
    assert datasets.load("digit-recognizer").practice
    assert table_rows()["mnist"][0] == "not here: load() downloads it"


def test_digit_recognizer_is_cut_from_mnist(course):
    course.npz("mnist", course.data / "mnist.npz")
    dataset = datasets.load("digit-recognizer")
    assert dataset.verified
    assert dataset.source.startswith("cut from MNIST (from data/mnist.npz)")
    (X_train, y_train), (X_test, y_test) = dataset.load_data()
    assert y_test is None
    counts = tuple(np.bincount(y_train))
    assert counts == CATALOGUE["digit-recognizer"].train_class_counts
    mnist = course.arrays["mnist"]
    X = np.concatenate([mnist["X_train"], mnist["X_test"]])
    y = np.concatenate([mnist["y_train"], mnist["y_test"]])
    label = {image.tobytes(): int(value) for image, value in zip(X, y, strict=True)}
    assert [label[image.tobytes()] for image in X_train] == y_train.tolist()
    images = [image.tobytes() for image in (*X_train, *X_test)]
    assert sorted(images) == sorted(image.tobytes() for image in X)
    (course.data / "mnist.npz").unlink()
    np.testing.assert_array_equal(
        datasets.load("digit-recognizer").load_data()[0][0], X_train, "the cut is kept"
    )


def test_table_before_and_after(course, monkeypatch, capsys):
    course.npz("mnist", course.data / "mnist.npz")
    (course.data / "sign-language-mnist.zip").write_bytes(b"")
    rows = table_rows()
    assert rows["mnist"][:2] == ["data/mnist.npz", "not yet"]
    assert rows["fashion-mnist"][0] == "not here: load() downloads it"
    assert rows["digit-recognizer"][0] == "load() cuts it from MNIST"
    assert rows["sign-language-mnist"][0].startswith("data/sign-language-mnist.zip, unusable")
    assert not paths.CACHE.exists()
    datasets.load("digit-recognizer")
    rows = table_rows()
    assert rows["mnist"][:2] == ["data/mnist.npz", "yes"]
    assert rows["digit-recognizer"][0].startswith("data/cache, cut from MNIST")
    monkeypatch.setenv("WORKBOOK_DATA", "practice")
    assert table_rows()["mnist"][:2] == ["practice data (WORKBOOK_DATA=practice)", "no"]


def table_rows():
    head = data.table().split("\n\n")[0].splitlines()[2:]
    cells = [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in head]
    return {row[0]: row[1:] for row in cells}


def test_error_is_shown_without_traceback_in_a_notebook(course):
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    shell = InteractiveShell(config=Config(HistoryManager={"enabled": False}))
    shown = []
    shell._showtraceback = lambda kind, value, lines: shown.extend(lines)
    shell.run_cell("from workbook import datasets; datasets.load('minst')", store_history=False)
    assert len(shown) == 1
    assert shown[0].startswith("DataError: datasets.load: no dataset 'minst'")


def test_import_leaves_tensorflow_alone():
    code = "import sys, workbook.datasets; print({'tensorflow', 'keras'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "set()\n"


def test_other_class_counts_are_not_verified(course):
    y = course.arrays["digit-recognizer"]["y_train"]
    y[0] = (y[0] + 1) % 10
    course.csv("digit-recognizer", course.data)
    assert not datasets.load("digit-recognizer").verified


@pytest.mark.parametrize("other", [False, True], ids=["R8", "R9"])
def test_another_datasets_archive_is_passed_over(other, course, monkeypatch):
    (course.data / "archive.zip").write_bytes(b"")
    if other:
        course.zip("sign-language-mnist", course.data / "archive.zip")
    course.npz("mnist", course.home / ".keras" / "datasets" / "mnist.npz")
    monkeypatch.setenv("WORKBOOK_DATA", "real")
    assert datasets.load("mnist").verified


def test_a_file_of_another_date_is_read_again(course):
    course.idx("mnist", course.data / "mnist", suffix="")
    assert datasets.load("mnist").verified
    path = course.data / "mnist" / "train-images-idx3-ubyte"
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    os.utime(path, ns=(1, 1))
    assert not datasets.load("mnist").verified


def test_labels_become_positions_in_the_class_names(course):
    asl = datasets.load("sign-language-mnist")
    (_, labels), _ = asl.load_data()
    named = [asl.class_names[position] for position in asl.positions(labels)]
    assert named == [chr(ord("A") + label) for label in labels]
