"""Measures the grading of made hand-ins, on Linux: time, processor time and memory of all of it."""

import contextlib
import ctypes
import json
import os
import resource
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.factories import hand_ins
from workbook import results
from workbook_staff.grading import course, grade
from workbook_staff.grading.course import Course

_PR_SET_CHILD_SUBREAPER = 36


def measure(count: int, notebooks: Sequence[str]) -> dict[str, Any]:
    """Grade so many hand-ins of some notebooks, then all of them again and one more.

    Of the course's own runs what is kept is used, and of answers nothing that is known already.
    """
    # Sandboxes, whose parents do not wait for them, become this process' own when those end.
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
    asked = [one for one in course.courses() if one.notebook in notebooks]
    with (
        contextlib.redirect_stdout(sys.stderr),
        tempfile.TemporaryDirectory(dir=course.FOLDER) as scratch,
    ):
        folder = Path(scratch)
        for one in asked:
            with course.own_run(one) as run:  # its facts, where only the run is kept
                copy = folder / "kept" / run.folder.name
                answers = shutil.ignore_patterns("answers")
                shutil.copytree(run.folder, copy, ignore=answers, copy_function=os.link)
        for record in course.FOLDER.glob("*.json"):
            os.link(record, folder / "kept" / record.name)
        course.FOLDER = folder / "kept"
        return {
            "first": _graded(folder, asked, count),
            "again": _graded(folder, asked, count + 1),
        }


def _graded(folder: Path, asked: Sequence[Course], count: int) -> dict[str, Any]:
    """Return what it took, and the share of the answers that were graded as they were made."""
    expected = hand_ins.make(folder / "in", asked, count)
    options, notebooks = grade.Options(folder=folder / "grades"), [one.path for one in asked]
    used, began = _cpu_seconds(), time.perf_counter()
    with _Memory() as memory:
        found = grade.grade([str(folder / "in")], options, notebooks)
    seconds, used = time.perf_counter() - began, _cpu_seconds() - used
    outcomes = {
        (one.student, result.exercise): (result.outcome, result.misconception)
        for one in found
        for result in one.results
    }
    as_made = [
        outcomes.pop((student, exercise), None) == outcome
        for student, several in expected.items()
        for exercise, outcome in (several or {}).items()
    ]
    return {
        "seconds": seconds,
        "cpu_each": used / count,
        "peak_mb": memory.peak_mb,
        "as_made": sum(as_made) / (len(as_made) + len(outcomes)),
    }


def stored_seconds(path: Path) -> float:
    """Return how long training took when a notebook's stored outputs were made; 0 if unknown."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    data = (output.get("data", {}) for cell in cells for output in cell.get("outputs", []))
    return sum(one[results.MIME_TYPE]["seconds"] for one in data if results.MIME_TYPE in one)


def _cpu_seconds() -> float:
    """Return the processor time of this process, and of all that it started and that has ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


class _Memory:
    """Watches the memory of this process and all that it starts; what they share counts in each."""

    peak_mb = 0.0

    def __enter__(self) -> "_Memory":
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(0.2):
            self.peak_mb = max(self.peak_mb, _family_mb())


def _family_mb() -> float:
    parents, sizes = {}, {}
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has just ended
            parents[path.name] = (path / "stat").read_text().rpartition(")")[2].split()[1]
            pages = int((path / "statm").read_text().split()[1])
            sizes[path.name] = pages * resource.getpagesize() / 1e6
    ours, found = {str(os.getpid())}, 0.0
    while ours:
        found += sum(sizes.get(one, 0.0) for one in ours)
        ours = {one for one, parent in parents.items() if parent in ours}
    return found
