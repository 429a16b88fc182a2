"""The course's own run, as graders need it: what of it is used again, and what is removed."""

import shutil
from pathlib import Path

from workbook import exercises
from workbook_staff.grading import course, grade
from workbook_staff.notebooks.run_cache import RunCache

import pytest
from small_course import notebook, put


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the exercises' package, for one to be changed."""
    shutil.copytree(Path(exercises.__file__).parent, tmp_path / "exercises")
    monkeypatch.setattr(course, "EXERCISES", tmp_path / "exercises")
    return tmp_path / "exercises"


@pytest.mark.parametrize("name", ["judges/lab_04.py", "texts/04_asl_cnn.toml", "texts/common.toml"])
def test_a_changed_judge_or_text_is_pickled_anew(package: Path, name: str) -> None:
    before = course._exercises()
    with (package / name).open("a") as file:
        file.write("# changed\n")
    assert course._exercises() != before


@pytest.mark.parametrize("name", ["exercise.py", "slips.py", "answers.py"])
def test_what_judges_share_is_in_the_key_of_each_verdict(package: Path, name: str) -> None:
    grade._grader.cache_clear()
    before = grade._grader()
    with (package / name).open("a") as file:
        file.write("# changed\n")
    grade._grader.cache_clear()
    assert grade._grader() != before
    grade._grader.cache_clear()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(course, "FOLDER", tmp_path / "grading")
    return tmp_path / "grading"


def test_a_run_that_cannot_be_stored_is_removed_after_its_use(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RunCache, "keep", lambda *_: "the dataset mnist is not here")
    (one,) = course.courses([put(tmp_path / "small.ipynb", notebook())])
    with course.own_run(one) as run:
        assert (run.folder / "objects").is_dir() and run.facts
    assert not list(folder.iterdir())


def test_what_a_failed_run_left_is_removed(folder: Path, tmp_path: Path) -> None:
    made = notebook()
    made.cells[1].source = "1 / 0"
    (one,) = course.courses([put(tmp_path / "small.ipynb", made)])
    with pytest.raises(course.GradingError, match="ZeroDivisionError"), course.own_run(one):
        pass
    assert not list(folder.iterdir())
