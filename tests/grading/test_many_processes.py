"""Graded by other processes, here and in a cluster; some of them killed, and nothing lost."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from workbook.grading import course, sandbox

import pytest
from small_course import SOLUTIONS, answered, put

pytestmark = pytest.mark.skipif(bool(sandbox.missing()), reason=sandbox.missing())

RUN = """
import sys
from pathlib import Path
from workbook.grading import course, grade

if __name__ == "__main__":
    course.FOLDER, handed_in, folder, notebook = map(Path, sys.argv[1:5])
    options = grade.Options(folder=folder, scheduler=(sys.argv[5:] or [None])[0])
    grade.grade([str(handed_in)], options, [notebook])
"""


@pytest.fixture
def command(small: Path, tmp_path: Path) -> list[str]:
    """Return the command that grades a class of twelve, in processes of its own."""
    for number in range(12):
        slow = f"import time\ntime.sleep(0.5)\nfield = {number + 11}"
        made = answered(SOLUTIONS | {"receptive-field": slow})
        put(tmp_path / "in" / f"s{number:02}" / "small.ipynb", made)
    course.keep(course.courses([small])[0])
    run = put(tmp_path / "run.py", RUN)
    return [sys.executable, str(run), str(course.FOLDER), str(tmp_path / "in")]


def table(folder: Path) -> list[str]:
    """Return the rows of a table of answers, without the seconds that each one took."""
    lines = (folder / "answers.csv").read_text(encoding="utf-8-sig").splitlines()
    return [re.sub(r",\d+\.\d+,", ",", line) for line in lines]


def answers() -> set[Path]:
    return set((course.FOLDER / "answers").rglob("[0-9a-f]*.json"))


def wait_for_answers(number: int, before: set[Path]) -> None:
    for _ in range(1200):
        if len(answers() - before) >= number:
            return
        time.sleep(0.05)
    pytest.fail("no answers came")


def test_what_was_killed_goes_on_where_it_stopped(
    command: list[str], small: Path, tmp_path: Path
) -> None:
    before = answers()
    arguments = [*command, str(tmp_path / "killed"), str(small)]
    with subprocess.Popen(arguments, start_new_session=True) as process:
        wait_for_answers(4, before)
        os.killpg(process.pid, signal.SIGKILL)
    assert not (tmp_path / "killed").exists()
    done = answers()
    written = {path: path.stat().st_mtime_ns for path in done}
    subprocess.run(arguments, check=True, timeout=120)
    assert {path: path.stat().st_mtime_ns for path in done} == written
    rows = table(tmp_path / "killed")
    assert len(rows) == 1 + 12 * 5
    assert sum("receptive-field,right" in row for row in rows) == 1
    subprocess.run([*command, str(tmp_path / "again"), str(small)], check=True, timeout=120)
    assert table(tmp_path / "again") == rows


@contextlib.contextmanager
def cluster(folder: Path) -> Iterator[tuple[str, list["subprocess.Popen[bytes]"]]]:
    """Give a scheduler's address on loopback, and its two workers."""
    file = folder / "scheduler.json"
    dask = [sys.executable, "-m", "distributed.cli"]
    loopback = ["--host", "127.0.0.1", "--no-dashboard"]
    with contextlib.ExitStack() as running:

        def start(module: str, *arguments: str) -> "subprocess.Popen[bytes]":
            process = subprocess.Popen([sys.executable, "-m", module, *arguments], cwd=folder)
            running.enter_context(process)
            running.callback(process.kill)
            return process

        start(f"{dask[2]}.dask_scheduler", *loopback, "--port", "0", "--scheduler-file", str(file))
        for _ in range(600):
            if file.exists():
                break
            time.sleep(0.05)
        found = re.search(r"tcp://127[^\"]+", file.read_text(encoding="utf-8"))
        assert found
        worker = (f"{dask[2]}.dask_worker", found[0], *loopback, "--no-nanny", "--nthreads", "1")
        yield found[0], [start(*worker) for _ in range(2)]


def test_a_cluster_that_loses_a_worker_gives_the_same_table(
    command: list[str], small: Path, tmp_path: Path
) -> None:
    pytest.importorskip("distributed", reason="Dask is not installed: pip install -e .[cluster]")
    before = answers()
    with cluster(tmp_path) as (address, workers):
        arguments = [*command, str(tmp_path / "cluster"), str(small), address]
        with subprocess.Popen(arguments) as process:
            wait_for_answers(4, before)
            workers[0].kill()
            assert process.wait(timeout=120) == 0
    subprocess.run([*command, str(tmp_path / "here"), str(small)], check=True, timeout=120)
    assert table(tmp_path / "cluster") == table(tmp_path / "here")
    assert len(table(tmp_path / "here")) == 1 + 12 * 5
