"""The student's edition of a notebook, made from the instructor's, which is the one written."""

import contextlib
import copy

from workbook import exercises
from workbook.reports.errors import NotebookError

from nbformat import NotebookNode


def student(notebook: NotebookNode) -> NotebookNode:
    """Return a copy without solutions: their code awaits an answer, their words are left out.

    What the checks had said goes too, since a right answer explains itself.

    Raises:
        NotebookError: A solution has no answer that could be left out.
    """
    notebook = copy.deepcopy(notebook)
    notebook.cells = [
        cell for cell in notebook.cells if cell.cell_type == "code" or "solution" not in tags(cell)
    ]
    for cell in notebook.cells:
        if "solution" in tags(cell):
            try:
                names = _answered_by(cell, notebook.cells)
                cell.source = exercises.unsolved(cell.source, names)
            except (SyntaxError, ValueError) as error:
                opening = cell.source.strip().partition("\n")[0]
                raise NotebookError(
                    f"the solution that begins with {opening!r} cannot be left out: {error}"
                ) from None
            cell.metadata.tags = ["answer" if tag == "solution" else tag for tag in tags(cell)]
        elif "check" not in tags(cell):
            continue
        cell.outputs, cell.execution_count = [], None
    return notebook


def _answered_by(solution: NotebookNode, cells: list[NotebookNode]) -> tuple[str, ...]:
    """Return the names that a solution's check takes; none where none of ours follows it."""
    following = cells[cells.index(solution) + 1 :]
    for cell in following:
        if "solution" in tags(cell):
            break
        if "check" in tags(cell):
            with contextlib.suppress(SyntaxError, ValueError):
                return exercises.asked(cell.source).names
    return ()


def tags(cell: NotebookNode) -> list[str]:
    """Return the tags of a cell."""
    return list(cell.metadata.get("tags", []))
