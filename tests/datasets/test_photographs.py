"""Photographs in one folder for each class: found, checked, split and shrunk."""

import io
import os
import re
import zipfile

from workbook import datasets, paths
from workbook.datasets import cache, network, photographs
from workbook.datasets.catalogue import PHOTOGRAPHS
from workbook.errors import DataError
from workbook_staff import data

import numpy as np
import pytest
from filelock import FileLock, Timeout
from PIL import Image

CLASSES = ("A", "B", "del", "space")
N = 20


@pytest.fixture
def folder(course, monkeypatch):
    """Place 80 photographs in four of the classes; a class has its own shade of red."""
    monkeypatch.setenv("WORKBOOK_DATA", "real")
    root = course.data / "asl-alphabet" / "asl_alphabet_train" / "asl_alphabet_train"
    for k, name in enumerate(CLASSES):
        (root / name).mkdir(parents=True)
        for i in range(1, N + 1):
            Image.new("RGB", (200, 200), (40 + 50 * k, i, 0)).save(root / name / f"{name}{i}.jpg")
    return root


def test_arrays_have_the_form_of_the_other_datasets(folder):
    asl = datasets.load("asl-alphabet")
    (X_train, y_train), (X_test, y_test) = asl.load_data()
    assert X_train.shape == (64, 28, 28) and X_test.shape == (16, 28, 28)
    assert X_train.dtype == y_train.dtype == X_test.dtype == y_test.dtype == np.uint8
    assert np.unique(y_train).tolist() == np.unique(y_test).tolist() == [0, 1, 26, 28]
    means = [X_train[y_train == label].mean() for label in (0, 1, 26, 28)]
    assert means == sorted(means) and means[3] - means[0] > 30  # labels go with their images
    assert asl.class_names[26] == "del" and len(asl.class_names) == len(asl.label_values) == 29
    assert not asl.practice and "64 for training, 16 for testing" in repr(asl)


def test_no_notice_for_photographs_in_their_right_form(folder, capsys):
    datasets.load("asl-alphabet")
    assert capsys.readouterr().out == ""


def test_the_split_keeps_runs_of_neighbouring_frames_together():
    frames = [(f"{c}/{i}", c) for c in range(3) for i in range(300)]
    train, test = photographs.split(frames)
    assert sorted(train + test) == sorted(frames) and len(test) == 180
    for c in range(3):
        own = sorted(int(name.split("/")[1]) for name, label in test if label == c)
        runs = {i // 30 for i in own}
        assert len(runs) == 2 and own == [
            i for r in sorted(runs) for i in range(30 * r, 30 * r + 30)
        ]
    assert photographs.split(frames) == (train, test)


def spoil(folder):
    """Make one file of each kind that is skipped; return why by name."""
    whole = (folder / "A" / "A1.jpg").read_bytes()
    noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8)
    Image.fromarray(noise).save(folder / "A" / "A2.jpg")
    cut = (folder / "A" / "A2.jpg").read_bytes()
    (folder / "A" / "A2.jpg").write_bytes(cut[: len(cut) // 2])
    (folder / "A" / "A3.jpg").write_bytes(b"")
    (folder / "A" / "A4.jpg").write_bytes(b"<!DOCTYPE html><html></html>")
    Image.new("RGB", (200, 200)).save(folder / "A" / "A5.jpg", format="PNG")
    Image.new("CMYK", (200, 200)).save(folder / "A" / "A6.jpg")
    (folder / "A" / "B7.jpg").write_bytes(whole)
    (folder / "A" / "notes.doc").write_bytes(b"x")
    return {
        "A/A2.jpg": "damaged",
        "A/A3.jpg": "empty",
        "A/A4.jpg": "not a JPEG",
        "A/A5.jpg": "not a JPEG",
        "A/A6.jpg": "CMYK colours, not RGB",
        "A/B7.jpg": "not named as its photographs are",
        "A/notes.doc": "not named as its photographs are",
    }


def test_unusable_files_are_named_counted_and_skipped(folder, capsys):
    bad = spoil(folder)
    for _ in ("decoded", "kept"):
        asl = datasets.load("asl-alphabet")
        assert asl._skipped == bad
        printed = capsys.readouterr().out
        assert "Skipped 7 files" in printed and "and 2 more" in printed
        assert len(re.findall(r"A/\S+ \(", printed)) == 5
        (_, y_train), (_, y_test) = asl.load_data()
        assert len(y_train) + len(y_test) == 4 * N - 5
        assert "7 files skipped" in repr(asl)


def test_a_changed_folder_is_read_again(folder):
    datasets.load("asl-alphabet")
    (folder / "A" / "A1.jpg").unlink()
    (_, y_train), (_, y_test) = datasets.load("asl-alphabet").load_data()
    assert len(y_train) + len(y_test) == 4 * N - 1


@pytest.mark.parametrize("name", ["asl-alphabet/archive.zip", "archive.zip", "asl-alphabet.zip"])
def test_a_zip_is_read_as_it_is(folder, course, name):
    with zipfile.ZipFile(course.data / "z", "w") as archive:
        for path in folder.rglob("*.jpg"):
            inside = path.relative_to(course.data / "asl-alphabet").as_posix()
            archive.write(path, inside)
        archive.writestr("../A/A500.jpg", b"outside")
    expected = datasets.load("asl-alphabet").load_data()
    folder.parent.rename(course.home / "elsewhere")
    (course.data / "z").rename(course.data / name)
    loaded = datasets.load("asl-alphabet")
    for one, other in zip(loaded.load_data(), expected, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
    assert loaded.source == f"from data/{name}"
    assert not list(paths.CACHE.rglob("*.jpg"))


def flipped(data, signature, offset):
    """Return a zip with one byte changed, at an offset from a signature."""
    at = data.index(signature) + offset
    return data[:at] + bytes([data[at] ^ 255]) + data[at + 1 :]


BAD_ZIPS = {
    "empty": lambda data: b"",
    "web page": lambda data: b"<!DOCTYPE html><html></html>",
    "cut": lambda data: data[:-1000],
    "of a later version": lambda data: flipped(data, b"PK\x01\x02", 6),
    "with a name that is none": lambda data: flipped(data, b"PK\x01\x02", 46 + len("A/A1")),
}


@pytest.fixture(params=BAD_ZIPS.values(), ids=BAD_ZIPS)
def bad_zip(request):
    """Return a zip of photographs that cannot be opened."""
    path = paths.DATA / "elsewhere"
    with zipfile.ZipFile(path, "w") as archive:
        for i in range(1, 40):
            archive.writestr(f"A/A{i}é.jpg", b"x")
    data = path.read_bytes()
    path.unlink()
    return request.param(data)


def test_an_archive_zip_that_cannot_be_opened_is_no_reason_to_stop(course, bad_zip, monkeypatch):
    (course.data / "archive.zip").write_bytes(bad_zip)
    monkeypatch.setattr(network, "PROBE_SECONDS", 0)
    assert row()[1] == "not here: load() downloads it"
    monkeypatch.setenv("WORKBOOK_DATA", "real")
    with pytest.raises(DataError, match="no file of it in data"):
        datasets.load("asl-alphabet")


def test_it_does_not_hide_the_photographs(folder, course):
    (course.data / "archive.zip").write_bytes(b"")
    assert row()[1] == "data/asl-alphabet/asl_alphabet_train/asl_alphabet_train"
    assert not datasets.load("asl-alphabet").practice


@pytest.mark.parametrize("name", ["asl-alphabet/archive.zip", "asl-alphabet.zip"])
def test_the_dataset_s_own_zip_is_named(course, bad_zip, name, monkeypatch):
    own = course.data / name
    own.parent.mkdir(exist_ok=True)
    own.write_bytes(bad_zip)
    assert row()[1:3] == [f"data/{name}, unusable: load() tells why", "no"]
    monkeypatch.setenv("WORKBOOK_DATA", "real")
    with pytest.raises(DataError, match=f"^data/{re.escape(name)}: "):
        datasets.load("asl-alphabet")


def test_a_zip_with_a_damaged_photograph_is_refused(course, monkeypatch):
    monkeypatch.setenv("WORKBOOK_DATA", "real")
    path = course.data / "asl-alphabet.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("A/A1.jpg", bytes(range(256)) * 20)
    path.write_bytes(flipped(path.read_bytes(), b"A1.jpg", len("A1.jpg")))
    with pytest.raises(DataError, match=r"^data/asl-alphabet\.zip: a cut or damaged zip"):
        datasets.load("asl-alphabet")


def test_missing_data_dir_is_named(course, tmp_path, monkeypatch, capsys):
    named = f"WORKBOOK_DATA_DIR: no folder {tmp_path / 'nowhere'}"
    monkeypatch.setattr(network, "PROBE_SECONDS", 0)
    monkeypatch.setenv("WORKBOOK_DATA_DIR", str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match="no practice drawings of it"):
        datasets.load("asl-alphabet")
    assert f"Not used: {named}" in capsys.readouterr().out
    monkeypatch.setenv("WORKBOOK_DATA", "real")
    with pytest.raises(DataError, match=f"^{re.escape(named)}"):
        datasets.load("asl-alphabet")


def test_a_class_folder_that_may_not_be_read_is_named(folder, refuse):
    refuse(os, "scandir", lambda path: path == folder / "B")
    with pytest.raises(DataError, match=r"train/B: cannot be read \(Permission denied\)"):
        datasets.load("asl-alphabet")


def test_a_dataset_s_folder_that_may_not_be_searched_is_named(folder, course, refuse):
    refuse(os, "scandir", lambda path: path == course.data / "asl-alphabet")
    with pytest.raises(DataError, match=r"^data/asl-alphabet: cannot be read .* expected a folder"):
        datasets.load("asl-alphabet")
    assert row()[1:3] == ["data/asl-alphabet, unusable: load() tells why", "no"]


def test_one_process_at_a_time_keeps_the_photographs(folder, monkeypatch):
    guarded = []
    put = cache.put

    def watched(spec, *rest):
        with pytest.raises(Timeout):
            FileLock(cache.folder(spec) / "lock").acquire(timeout=0)
        guarded.append(spec.name)
        put(spec, *rest)

    monkeypatch.setattr(cache, "put", watched)
    datasets.load("asl-alphabet")
    assert guarded == ["asl-alphabet"]


def test_no_usable_photograph_is_refused(folder):
    for path in folder.rglob("*.jpg"):
        path.write_bytes(b"")
    with pytest.raises(DataError, match=r"0 usable photographs, 80 other files; expected 87,000"):
        datasets.load("asl-alphabet")


@pytest.mark.parametrize("mode", ["auto", "real", "practice"])
def test_where_there_are_no_photographs_nothing_is_drawn(mode, course, monkeypatch):
    monkeypatch.setattr(network, "PROBE_SECONDS", 0)
    monkeypatch.setenv("WORKBOOK_DATA", mode)
    with pytest.raises(DataError, match="asks for it" if mode == "practice" else "be reached"):
        datasets.load("asl-alphabet")


def test_the_table_names_it(folder):
    assert "asl-alphabet" in datasets.names()
    assert {"no digest", "69,600 + 17,400", PHOTOGRAPHS["asl-alphabet"].licence} <= set(row())


def row():
    """Return the cells of its row in the table."""
    line = next(r for r in data.table().splitlines() if r.startswith("asl-alphabet"))
    return re.split(" {2,}", line)


def test_what_lies_in_a_zip_under_another_name_is_no_photograph(tmp_path):
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        for name in ("A/A1.jpg", "A/..\\..\\evil.jpg", "A/C:evil.jpg", "A2.jpg"):
            archive.writestr(name, b"x")
    frames, others = photographs.list_frames(PHOTOGRAPHS["asl-alphabet"], tmp_path / "z.zip")
    assert [frame.name for frame in frames] == ["A/A1.jpg"] and list(others) == ["A/C:evil.jpg"]


def test_photographs_of_another_size_are_read_again(folder):
    before = datasets.load("asl-alphabet").load_data()[0][0].sum()
    for path in (folder / "A").iterdir():
        Image.new("RGB", (200, 200), "white").save(path)
    assert datasets.load("asl-alphabet").load_data()[0][0].sum() > before


def test_a_photograph_too_large_to_be_one_is_left_out(folder, course, monkeypatch):
    monkeypatch.setattr(photographs, "LARGEST_FILE", 50_000)
    (folder / "A" / "A2.jpg").write_bytes(b"x" * 100_000)
    assert datasets.load("asl-alphabet")._skipped["A/A2.jpg"] == "too large"


def test_a_photograph_of_too_many_pixels_is_left_out(folder, monkeypatch):
    monkeypatch.setattr(photographs, "LARGEST_SIDE", 150)
    assert photographs.small((folder / "A" / "A1.jpg").read_bytes()) == "200 x 200 pixels"


def test_frames_come_by_their_number(folder):
    frames, _ = photographs.list_frames(PHOTOGRAPHS["asl-alphabet"], folder)
    assert [name for name, *_ in frames[:20]] == [f"A/A{i}.jpg" for i in range(1, 21)]


def test_a_folder_of_one_class_is_no_dataset(course):
    (course.data / "A").mkdir()
    assert photographs.placed(PHOTOGRAPHS["asl-alphabet"])[0] is None


def test_another_zip_of_the_same_name_is_read_anew(folder, course):
    folder.parent.rename(course.home / "elsewhere")

    def brightness(shade):
        with zipfile.ZipFile(course.data / "asl-alphabet.zip", "w") as archive:
            for letter in "AB":
                for i in range(1, 21):
                    jpeg = io.BytesIO()
                    Image.new("RGB", (200, 200), (shade, i, 0)).save(jpeg, "JPEG")
                    archive.writestr(f"{letter}/{letter}{i}.jpg", jpeg.getvalue())
        return datasets.load("asl-alphabet").load_data()[0][0].mean()

    assert brightness(40) < brightness(200)


def test_a_zip_with_a_password_is_told(folder, course, monkeypatch):
    folder.parent.rename(course.home / "elsewhere")
    path = course.data / "asl-alphabet.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("A/A1.jpg", b"x")
    path.write_bytes(flipped(path.read_bytes(), b"PK\x01\x02", 8))
    with pytest.raises(DataError, match="an encrypted zip"):
        datasets.load("asl-alphabet")


def test_the_digest_of_photographs_is_of_names_sizes_and_times(folder, monkeypatch):
    first = data.digest("asl-alphabet")
    datasets.load("asl-alphabet")
    assert data.digest("asl-alphabet") == first != ""
    (folder / "A" / "A3.jpg").unlink()
    assert data.digest("asl-alphabet") != first
