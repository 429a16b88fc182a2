"""How long a notebook is: ``python -m tests.course.lengths`` prints it for each of the course."""

import ast
import math
import re
from dataclasses import dataclass
from pathlib import Path

from workbook_staff.notebooks import find, solutions
from workbook_staff.notebooks.reading import read
from workbook_staff.notebooks.student_edition import tags

from nbformat import NotebookNode

WORDS_A_MINUTE = 120
LINE_SECONDS = 6
FIGURE_SECONDS = 40
EXERCISE_MINUTES = 12

_ANNOUNCED = re.compile(r"\*\*How long it takes\*\*: about (\d+) minutes")


@dataclass(frozen=True)
class Length:
    """The length of a notebook: how many of each thing, and times in minutes.

    ``announced`` is what its first cell says, 0 where that is not in the form "**How long it
    takes**: about 85 minutes". ``trains`` is the number, from 1, of the first cell in the section
    Train that fits a model, 0 where none does.
    """

    cells: int
    words: int
    lines: int
    figures: int
    exercises: int
    announced: int
    trains: int

    @property
    def minutes(self) -> int:
        """How long a reader takes, exercises included, rounded up to five minutes."""
        reading = self.words / WORDS_A_MINUTE
        looking = (self.lines * LINE_SECONDS + self.figures * FIGURE_SECONDS) / 60
        return 5 * math.ceil((reading + looking + self.exercises * EXERCISE_MINUTES) / 5)


def length(notebook: NotebookNode) -> Length:
    """Return the length of a notebook without its claims, which students do not get."""
    cells = [cell for cell in notebook.cells if "claim" not in tags(cell)]
    prose = [cell for cell in cells if cell.cell_type == "markdown"]
    code = [cell for cell in cells if cell.cell_type == "code"]
    announced = _ANNOUNCED.search(cells[0].source) if cells else None
    return Length(
        cells=len(cells),
        words=sum(len(cell.source.split()) for cell in prose),
        lines=sum(bool(line.strip()) for cell in code for line in cell.source.splitlines()),
        figures=sum("image/png" in o.get("data", {}) for cell in code for o in cell.outputs),
        exercises=sum(_is_exercise(cell) for cell in code),
        announced=int(announced[1]) if announced else 0,
        trains=_trains(cells),
    )


def _is_exercise(cell: NotebookNode) -> bool:
    return "check" in tags(cell) and solutions.asked(cell.source).call in ("check", "fill")


def _trains(cells: list[NotebookNode]) -> int:
    section = ""
    for number, cell in enumerate(cells, start=1):
        if cell.cell_type == "markdown" and (found := re.search(r"^## (.+)", cell.source, re.M)):
            section = found[1].strip()
        if cell.cell_type == "code" and section == "Train" and _fits(cell.source):
            return number
    return 0


def _fits(source: str) -> bool:
    nodes = ast.walk(ast.parse(source))
    return any(isinstance(node, ast.Attribute) and node.attr == "fit" for node in nodes)


def table(notebooks: list[Path]) -> str:
    """Return the lengths of notebooks as a table in Markdown."""
    lines = [
        "| notebook | cells | words | lines of code | figures | exercises | trains in cell "
        "| announced | computed |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for path in notebooks:
        it = length(read(path))
        lines.append(
            f"| {find.place(path).with_suffix('').as_posix()} | {it.cells} | {it.words:,} "
            f"| {it.lines} | {it.figures} | {it.exercises} | {it.trains or '–'} "
            f"| {it.announced or '–'} min | {it.minutes} min |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(find.own()))
