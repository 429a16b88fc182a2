"""The small course, run once for all tests of grading."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from workbook_staff.grading import course, grade
from workbook_staff.grading.result import HandIn

import pytest
from small_course import notebook, put


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give the course's notebook, whose run is kept in a folder of the tests' own."""
    folder = tmp_path_factory.mktemp("course")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(course, "FOLDER", folder / "kept")
        yield put(folder / "small.ipynb", notebook())


Graded = Callable[..., dict[str, HandIn]]


@pytest.fixture
def graded(small: Path, tmp_path: Path) -> Graded:
    """Give a function that grades a folder, in this process, and returns hand-ins by student."""

    def run(folder: Path | str, **options: Any) -> dict[str, HandIn]:
        chosen = grade.Options(folder=tmp_path / "grades", **options)
        return {one.student: one for one in grade.grade([str(folder)], chosen, [small])}

    return run


@pytest.fixture(scope="session")
def thread() -> Iterator[Executor]:
    """Give one thread for all tests: a sandbox ends with its thread, and imports TensorFlow."""
    with ThreadPoolExecutor(1) as executor:
        yield executor


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, thread: Executor) -> None:
    """Run the jobs in this process, which has begun."""
    monkeypatch.setattr(grade, "_processes", lambda _: nullcontext(thread))
