"""The student's edition of a notebook, made from the instructor's, which is the one written."""

import contextlib
import copy
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from workbook import paths
from workbook.errors import NotebookError
from workbook_staff.notebooks import colab, find, solutions
from workbook_staff.notebooks.reading import read

import nbformat
from nbformat import NotebookNode


def handed_out(path: Path) -> NotebookNode:
    """Return the student's edition of one of the course's notebooks, as students get it.

    It opens in Colab, and its metadata say which notebook of which release it is.

    Raises:
        NotebookError: It is not a notebook, or a solution of it cannot be left out.
    """
    notebook = student(read(path))
    colab.make_ready(notebook, find.place(path).as_posix())
    notebook.metadata["workbook"] = {"notebook": path.stem, "release": version("workbook")}
    return notebook


def student(notebook: NotebookNode) -> NotebookNode:
    """Return a copy without solutions: their code awaits an answer, their words are left out.

    Cells tagged "claim" go, since they hold the author to the prose, and would stop a student who
    changed something. What the checks had said goes too, since a right answer explains itself, and
    what cells tagged "telling" had shown, since it answers an exercise. A cell's metadata say which
    exercise it answers, for grading to find it.

    Raises:
        NotebookError: A solution has no answer that could be left out.
    """
    notebook = copy.deepcopy(notebook)
    notebook.cells = [
        cell
        for cell in notebook.cells
        if "claim" not in tags(cell) and (cell.cell_type == "code" or "solution" not in tags(cell))
    ]
    for cell in notebook.cells:
        if "solution" in tags(cell):
            asked = _answered_by(cell, notebook.cells)
            if asked is not None:
                cell.metadata["workbook"] = {"exercise": asked.exercise}
            try:
                open_ = asked.names + asked.reason if asked else ()
                cell.source = solutions.unsolved(cell.source, open_)
            except (SyntaxError, ValueError) as error:
                opening = cell.source.strip().partition("\n")[0]
                raise NotebookError(
                    f"the solution that begins with {opening!r} cannot be left out: {error}"
                ) from None
            cell.metadata.tags = ["answer" if tag == "solution" else tag for tag in tags(cell)]
        elif not {"check", "telling"} & set(tags(cell)):
            continue
        cell.outputs, cell.execution_count = [], None
    return notebook


def _answered_by(solution: NotebookNode, cells: list[NotebookNode]) -> solutions.Asked | None:
    """Return what a solution's check asks; None where no check of ours follows it."""
    following = cells[cells.index(solution) + 1 :]
    for cell in following:
        if "solution" in tags(cell):
            break
        if "check" in tags(cell):
            with contextlib.suppress(SyntaxError, ValueError):
                return solutions.asked(cell.source)
    return None


def tags(cell: NotebookNode) -> list[str]:
    """Return the tags of a cell."""
    return list(cell.metadata.get("tags", []))


def write() -> Iterator[Path]:
    """Write the student's edition of each notebook to ``reports/student/``; yield each file.

    Each has there the place that it has in ``notebooks/``.

    Raises:
        NotebookError: A file in ``notebooks/`` is not a notebook.
    """
    for path in find.own():
        notebook = handed_out(path)
        target = paths.REPORTS / "student" / find.place(path)
        with paths.writing(target) as partial:
            nbformat.write(notebook, partial)
        yield target
