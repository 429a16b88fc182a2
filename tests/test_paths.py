import threading
from concurrent.futures import ThreadPoolExecutor

from workbook import paths

import pytest


def test_the_users_folder_comes_before_the_checkouts(monkeypatch, tmp_path):
    monkeypatch.setenv("WORKBOOK_DATA_DIR", str(tmp_path))
    assert paths.placed_dirs() == [tmp_path, paths.DATA]
    monkeypatch.setenv("WORKBOOK_DATA_DIR", "elsewhere")
    assert paths.placed_dirs()[0] == paths.ROOT / "elsewhere"
    monkeypatch.delenv("WORKBOOK_DATA_DIR")
    assert paths.placed_dirs() == [paths.DATA]


def test_a_home_folder_that_is_not_there_stays_in_the_name(monkeypatch):
    monkeypatch.setenv("WORKBOOK_DATA_DIR", "~no-such-user/data")
    assert paths.placed_dirs()[0] == paths.ROOT / "~no-such-user" / "data"


def test_writing_replaces_only_when_it_ends_well(tmp_path):
    path = tmp_path / "new" / "model.keras"
    with paths.writing(path) as partial:
        assert partial.suffix == ".keras"
        partial.write_text("first")
        assert not path.exists()
    assert path.read_text() == "first"
    with pytest.raises(RuntimeError), paths.writing(path) as partial:
        partial.write_text("half")
        raise RuntimeError
    assert path.read_text() == "first"
    assert list(path.parent.iterdir()) == [path]


def test_text_and_bytes_are_written_whole_as_they_are(tmp_path):
    path = tmp_path / "new" / "a"
    paths.write(path, "ü\nhalf \ud83d")
    assert path.read_bytes() == "ü\nhalf ?".encode()
    paths.write(path, b"\xff")
    assert path.read_bytes() == b"\xff"
    assert list(path.parent.iterdir()) == [path]


def test_what_a_killed_run_left_is_not_listed(tmp_path):
    for name in ("b.html", "a.html", "a.pdf"):
        (tmp_path / name).touch()
    writing = paths.writing(tmp_path / "c.html")
    with writing as partial:
        partial.touch()
        assert [path.name for path in paths.listed(tmp_path, "*.html")] == ["a.html", "b.html"]
    assert paths.listed(tmp_path / "nowhere", "*.html") == []


@pytest.mark.parametrize(
    ("practice", "quick", "name"),
    [
        (False, False, "m.keras"),
        (True, False, "m-practice.keras"),
        (False, True, "m-quick.keras"),
        (True, True, "m-practice-quick.keras"),
    ],
)
def test_a_lesser_run_never_takes_the_name_of_a_full_one(practice, quick, name, monkeypatch):
    monkeypatch.setattr(paths, "QUICK", quick)
    assert paths.output("models/m.keras", practice) == paths.DATA / "models" / name


def test_threads_that_write_one_file_each_write_a_whole_one(tmp_path):
    path, together = tmp_path / "a.json", threading.Barrier(8)

    def write(text):
        for _ in range(20):
            together.wait()
            with paths.writing(path) as partial:
                partial.write_text(text)
                together.wait()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, [str(number) * 1000 for number in range(8)]))
    assert len(set(path.read_text())) == 1 and path.stat().st_size == 1000
    assert list(tmp_path.iterdir()) == [path]
