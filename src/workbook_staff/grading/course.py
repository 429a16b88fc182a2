"""The course's own notebooks, as graders need them: what is asked where, and what a run has made.

Each is run once, up to its last exercise, and what it has made just before each one is stored in
``data/cache/grading/``, for as long as its code, the package and the data stay the same. The facts
that answers are judged by are computed from it, anew where the exercises have changed. What is
known of answers lies in the run's folder, and goes with it.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from workbook import exercises, paths
from workbook.errors import GradingError
from workbook_staff.grading import compute_facts
from workbook_staff.notebooks import find, solutions
from workbook_staff.notebooks.execute import Job, Run, execute_all
from workbook_staff.notebooks.reading import read
from workbook_staff.notebooks.run_cache import RunCache
from workbook_staff.notebooks.student_edition import tags
from workbook_staff.pages.export import cell_seconds

import nbformat
from nbformat import NotebookNode

FOLDER = paths.CACHE / "grading"

_GRADED = ("check", "fill")
EXERCISES = Path(exercises.__file__).parent


@dataclass(frozen=True)
class Slot(solutions.Asked):
    """What a notebook's check asks, the solution's cell, and the Markdown before that."""

    cell_id: str
    question: str


@dataclass(frozen=True)
class Course:
    """One notebook of the course: its exercises, the ids of its cells, and the code in them."""

    notebook: str
    path: Path
    slots: dict[str, Slot]
    cell_ids: frozenset[str]
    code: frozenset[str]


@dataclass(frozen=True)
class OwnRun:
    """What a course's own run has made, by exercise.

    ``folder`` is a whole path, for other processes to find. ``names`` are the files
    of each name that an answer may use, ``facts`` what it is judged by, ``measures`` the files of
    what measures it (None where a value is judged as it is), ``judges`` those of what judges it,
    ``seconds`` how long it may take.
    """

    folder: Path
    names: dict[str, dict[str, list[str]]]
    facts: dict[str, dict[str, Any]]
    measures: dict[str, list[str] | None]
    judges: dict[str, list[str]]
    seconds: dict[str, int]


def courses(notebooks: Iterable[Path] | None = None) -> list[Course]:
    """Return the course's notebooks (default: those in ``notebooks/``) that ask exercises.

    Raises:
        NotebookError: One of them is not a notebook.
    """
    chosen = find.own() if notebooks is None else notebooks
    found = [_course(path) for path in chosen]
    return [course for course in found if course.slots]


def _course(path: Path) -> Course:
    notebook = read(path)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    slots, solution, said, question = {}, None, "", ""
    for cell in notebook.cells:
        if cell.cell_type == "code" and "solution" in tags(cell):
            solution, question = cell, _question(said)
        elif cell.cell_type == "markdown" and "solution" not in tags(cell):
            said = cell.source
        elif "check" in tags(cell) and solution is not None:
            asked = solutions.asked(cell.source)
            if asked.call in _GRADED:
                slots[asked.exercise] = Slot(**vars(asked), cell_id=solution.id, question=question)
    return Course(
        path.stem,
        path,
        slots,
        frozenset(cell.id for cell in notebook.cells),
        frozenset(cell.source for cell in code if "solution" not in tags(cell)),
    )


def _question(said: str) -> str:
    """Return Markdown from the last paragraph on that opens in bold, all of it where none does."""
    paragraphs = [one.strip() for one in said.split("\n\n") if not one.lstrip().startswith("#")]
    bold = [n for n, one in enumerate(paragraphs) if one.startswith("**")]
    return "\n\n".join(paragraphs[bold[-1] if bold else 0 :])


def _cache() -> RunCache:
    """Return the cache of the course's own runs: nothing that they make hangs on the exercises."""
    return RunCache(FOLDER, without=EXERCISES)


@contextmanager
def own_run(course: Course) -> Iterator[OwnRun]:
    """Give what the course's own run has made; run it where that is not stored.

    A run that cannot be stored is removed after the block.

    Raises:
        GradingError: The notebook does not run to its last exercise, or its facts cannot be had.
    """
    notebook = _with_snapshots(read(course.path), course)
    cache = _cache()
    run, _ = cache.find(course.path, notebook)
    with ExitStack() as passing:
        if run is None:
            FOLDER.mkdir(parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(prefix=f"{course.notebook}-", dir=FOLDER))
            passing.callback(shutil.rmtree, folder, ignore_errors=True)
            run = _executed(notebook, course, folder)
            if why := cache.keep(course.path, run):
                print(f"{course.notebook}  executed again the next time: {why}")
            else:
                passing.pop_all()
        assert run.folder is not None
        cells = {cell.id: cell for cell in run.notebook.cells}
        # What took the course a second may take a student ten.
        seconds = {
            name: 20 + round(10 * (cell_seconds(cells[slot.cell_id]) or 0))
            for name, slot in course.slots.items()
        }
        yield read_run(course, run.folder, _facts(course, run.folder), seconds)


def read_run(course: Course, folder: Path, facts: Path, seconds: dict[str, int]) -> OwnRun:
    """Return what a folder holds of a course's run, and a file of its facts.

    :mod:`workbook_staff.grading.snapshot` and :mod:`workbook_staff.grading.compute_facts` write
    them.
    """
    told = json.loads(facts.read_text(encoding="utf-8"))
    return OwnRun(
        folder.resolve(),
        {name: json.loads((folder / f"{name}.json").read_text()) for name in course.slots},
        {name: one["facts"] for name, one in told.items()},
        {name: one["measure"] for name, one in told.items()},
        {name: one["judge"] for name, one in told.items()},
        seconds,
    )


def _executed(notebook: NotebookNode, course: Course, folder: Path) -> Run:
    """Run the notebook into a folder of its own."""
    (folder / "objects").mkdir()
    ((_, run),) = execute_all([Job(course.path, notebook, folder)])
    if isinstance(run, Exception):
        raise run
    if run.failure:
        raise GradingError(f"{course.path}: the course's own run failed: {run.failure}")
    return run


def _with_snapshots(notebook: NotebookNode, course: Course) -> NotebookNode:
    """Return the notebook up to its last exercise, with a cell before each that keeps the names."""
    at = {slot.cell_id: slot for slot in course.slots.values()}
    last = max(n for n, cell in enumerate(notebook.cells) if cell.id in at)
    hidden = _answers_to(notebook)
    cells = []
    for cell in notebook.cells[: last + 1]:
        if cell.id in at:
            slot = at[cell.id]
            call = f"snapshot({slot.exercise!r}, {sorted(hidden)!r})"
            source = f"from workbook_staff.grading.snapshot import snapshot\n{call}\ndel snapshot"
            cells.append(nbformat.v4.new_code_cell(source))
        cells.append(cell)
    return nbformat.v4.new_notebook(cells=cells, metadata=notebook.metadata)


def _answers_to(notebook: NotebookNode) -> set[str]:
    """Return the names that hold answers, which nobody may find; blanks are everybody's."""
    hidden: set[str] = set()
    for cell in notebook.cells:
        if "check" in tags(cell):
            asked = solutions.asked(cell.source)
            hidden |= set(asked.names) if asked.call != "fill" else set()
    return hidden


def _facts(course: Course, folder: Path) -> Path:
    """Return the file of each exercise's facts, and of what measures an answer."""
    file = folder / f"facts-{_exercises()}.json"
    if not file.exists():
        slots = json.dumps([asdict(slot) for slot in course.slots.values()])
        command = [
            sys.executable,
            "-m",
            "workbook_staff.grading.compute_facts",
            str(folder),
            str(file),
        ]
        done = subprocess.run(command, input=slots, capture_output=True, text=True, check=False)
        if done.returncode:
            said = (done.stderr.strip().splitlines() or ["no word"])[-1]
            raise GradingError(f"{course.path}: what answers are judged by cannot be had: {said}")
    return file


def _exercises() -> str:
    """Return the digest of what facts and judges are made of: the exercises' code and words."""
    texts = [path for path in EXERCISES.rglob("*") if path.suffix in (".py", ".toml")]
    return digest([*texts, Path(compute_facts.__file__)])[:16]


def digest(files: Iterable[Path]) -> str:
    """Return a digest of what is in several files."""
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in sorted(files))).hexdigest()
