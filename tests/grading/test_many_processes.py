"""Graded by other processes, here and in a cluster; some of them killed, and nothing lost."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
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
    options = grade.Options(folder=folder, scheduler=(sys.argv[5:] or [None])[0])
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
    course.keep(course.courses([small])[0])

    def grading(folder: Path, *scheduler: str) -> list[str]:
        kept = folder.with_suffix(".kept")
        shutil.copytree(course.FOLDER, kept, ignore=shutil.ignore_patterns("answers"))
        return [
            *(sys.executable, str(run), str(kept), str(tmp_path / "in"), str(folder)),
            *(str(small), *scheduler),
        ]

    return grading


def table(folder: Path) -> list[str]:
    """Return the rows of a table of answers, without the seconds that each one took."""
    lines = (folder / "answers.csv").read_text(encoding="utf-8-sig").splitlines()
    return [re.sub(r",\d+\.\d+,", ",", line) for line in lines]


def answers(folder: Path) -> dict[Path, int]:
    """Return when each answer of a run was kept."""
    kept = folder.with_suffix(".kept") / "answers"
    return {path: path.stat().st_mtime_ns for path in kept.rglob("[0-9a-f]*.json")}


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


@contextlib.contextmanager
def cluster(folder: Path) -> Iterator[tuple[str, list["subprocess.Popen[bytes]"]]]:
    """Give a scheduler's address on loopback, and its two workers."""
    file = folder / "scheduler.json"
    loopback = ["--host", "127.0.0.1", "--no-dashboard"]
    with contextlib.ExitStack() as running:

        def start(module: str, *arguments: str) -> "subprocess.Popen[bytes]":
            name = f"distributed.cli.{module}"
            process = subprocess.Popen([sys.executable, "-m", name, *arguments], cwd=folder)
            running.enter_context(process)
            running.callback(process.kill)
            return process

        start("dask_scheduler", *loopback, "--port", "0", "--scheduler-file", str(file))
        for _ in range(600):
            if file.exists():
                break
            time.sleep(0.05)
        found = re.search(r"tcp://127[^\"]+", file.read_text(encoding="utf-8"))
        assert found
        worker = ("dask_worker", found[0], *loopback, "--no-nanny", "--nthreads", "1")
        yield found[0], [start(*worker) for _ in range(2)]


def test_a_cluster_that_loses_a_worker_gives_the_same_table(
    command: Callable[..., list[str]], tmp_path: Path
) -> None:
    pytest.importorskip("distributed", reason="Dask is not installed: pip install -e .[cluster]")
    there, here = tmp_path / "there", tmp_path / "here"
    with (
        cluster(tmp_path) as (address, workers),
        subprocess.Popen(command(there, address)) as process,
    ):
        wait_for_answers(there)
        workers[0].kill()
        assert process.wait(timeout=1800) == 0
    subprocess.run(command(here), check=True, timeout=1800)
    assert table(there) == table(here)
    assert len(table(here)) == 1 + 12 * 5
