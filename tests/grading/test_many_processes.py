"""Graded by other processes, which are killed, and nothing is lost."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from workbook_staff.grading import course
from workbook_staff.grading.sandbox import parent

import pytest
from small_course import SOLUTIONS, answered, put

pytestmark = pytest.mark.skipif(bool(parent.missing()), reason=parent.missing())

RUN = """
import sys
from pathlib import Path
from workbook_staff.grading import course, grade

if __name__ == "__main__":
    course.FOLDER, handed_in, folder, notebook = map(Path, sys.argv[1:5])
    options = grade.Options(folder=folder)
    grade.grade([str(handed_in)], options, [notebook])
"""


@pytest.fixture
def command(small: Path, tmp_path: Path) -> Callable[..., list[str]]:
    """Return a function that gives the command that grades a class of twelve into a folder.

    Beside it is what it keeps: of the course's run what there is, and as yet no answer.
    """
    for number in range(12):
        slow = f"import time\ntime.sleep(0.5)\nfield = {number + 11}"
        made = answered(SOLUTIONS | {"receptive-field": slow})
        put(tmp_path / "in" / f"s{number:02}" / "small.ipynb", made)
    run = put(tmp_path / "run.py", RUN)
    with course.own_run(course.courses([small])[0]):
        pass

    def grading(folder: Path) -> list[str]:
        kept = folder.with_suffix(".kept")
        shutil.copytree(course.FOLDER, kept, ignore=shutil.ignore_patterns("answers"))
        return [
            *(sys.executable, str(run), str(kept), str(tmp_path / "in"), str(folder), str(small))
        ]

    return grading


def table(folder: Path) -> list[str]:
    """Return the rows of a table of answers, without the seconds that each one took."""
    lines = (folder / "answers.csv").read_text(encoding="utf-8-sig").splitlines()
    return [re.sub(r",\d+\.\d+,", ",", line) for line in lines]


def answers(folder: Path) -> dict[Path, int]:
    """Return when each answer of a run was kept."""
    kept = folder.with_suffix(".kept").glob("*/answers/*/[0-9a-f]*.json")
    return {path: path.stat().st_mtime_ns for path in kept}


def wait_for_answers(folder: Path) -> None:
    for _ in range(2400):
        if len(answers(folder)) >= 4:
            return
        time.sleep(0.05)
    pytest.fail("no answers came")


@pytest.mark.slow
def test_what_was_killed_goes_on_where_it_stopped(
    command: Callable[..., list[str]], tmp_path: Path
) -> None:
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    arguments = command(killed)
    with subprocess.Popen(arguments, start_new_session=True) as process:
        wait_for_answers(killed)
        os.killpg(process.pid, signal.SIGKILL)
    assert not killed.exists()
    done = answers(killed)
    subprocess.run(arguments, check=True, timeout=1800)
    assert answers(killed).items() > done.items()
    subprocess.run(command(whole), check=True, timeout=1800)
    rows = table(killed)
    assert rows == table(whole)
    assert len(rows) == 1 + 12 * 5
    assert sum("receptive-field,right" in row for row in rows) == 1
