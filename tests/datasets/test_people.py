"""Photographs of strangers: found as people have them, known by person and light."""

import zipfile

from workbook import datasets
from workbook.errors import DataError
from workbook_staff import data

import pytest
from PIL import Image

SIGNS = ("A", "B", "K")


def place(root, skip=()):
    """Write two photographs of each of four signs by each of two people."""
    for sign in "abk7":
        (root / sign).mkdir(parents=True)
        for person in (10, 2):
            for n, light in enumerate(("top", "dif"), 1):
                name = f"hand{person}_{sign}_{light}_seg_{n}_cropped.jpeg"
                Image.new("RGB", (80, 80), (90, 10 * n, 0)).save(root / sign / name)
    return root


@pytest.fixture
def root(course, monkeypatch):
    monkeypatch.setenv("WORKBOOK_DATA", "real")
    return place(course.data / "asl-dataset" / "asl_dataset")


def test_each_photograph_is_known_by_sign_person_and_light(root):
    people = datasets.load_people("asl-dataset", SIGNS)
    assert len(people) == 12 and set(people.signs) == set(SIGNS)
    assert people.people.tolist() == [2, 2, 10, 10] * 3
    for photo, sign, person in zip(people.photos, people.signs, people.people, strict=True):
        own = (root / sign.lower()).glob(f"hand{person}_{sign.lower()}_*")
        assert photo in [path.read_bytes() for path in own]


def test_kaggles_zip_holds_everything_twice_and_counts_once(course, monkeypatch, tmp_path):
    monkeypatch.setenv("WORKBOOK_DATA", "real")
    made = place(tmp_path / "asl_dataset")
    (course.data / "asl-dataset").mkdir()
    with zipfile.ZipFile(course.data / "asl-dataset" / "archive.zip", "w") as archive:
        for file in sorted(made.rglob("*.jpeg")):
            inside = file.relative_to(tmp_path).as_posix()
            archive.write(file, inside)
            archive.write(file, f"asl_dataset/{inside}")
    assert len(datasets.load_people("asl-dataset", SIGNS)) == 12


def test_a_damaged_file_and_a_strange_one_are_left_out_and_named(root, capsys):
    bad = "a/hand2_a_top_seg_1_cropped.jpeg"
    (root / bad).write_bytes(b"no picture")
    (root / "a" / "hand2_b_top_seg_1_cropped.jpeg").write_bytes(b"")  # in another sign's folder
    people = datasets.load_people("asl-dataset", SIGNS)
    said = capsys.readouterr().out
    assert len(people) == 11 and "Skipped 2 files" in said and f"{bad} (not a JPEG)" in said
    assert "a/hand2_b_top_seg_1_cropped.jpeg (not named as its photographs are)" in said


@pytest.mark.parametrize("mode", ["practice", "real", "auto"])
def test_where_it_is_not_there_are_none_and_the_way_to_get_it_is_said(
    course, monkeypatch, capsys, mode
):
    monkeypatch.setenv("WORKBOOK_DATA", mode)
    people = datasets.load_people("asl-dataset", SIGNS)
    assert len(people) == 0
    said = capsys.readouterr().out
    assert "NOT HERE: ASL Dataset" in said and "kaggle.com/datasets/ayuraj/asl-dataset" in said


def test_it_is_not_to_be_trained_on(root):
    with pytest.raises(DataError, match="load_people"):
        datasets.load("asl-dataset")
    with pytest.raises(DataError, match="asl-dataset"):
        datasets.load_people("mnist", SIGNS)
    assert "no digest" in data.table() and data.digest("asl-dataset")


def test_the_digest_of_what_is_there_changes_with_it(root):
    before = data.digest("asl-dataset")
    (root / "a" / "hand2_a_top_seg_1_cropped.jpeg").unlink()
    assert data.digest("asl-dataset") not in ("", before)
