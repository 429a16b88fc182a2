"""What of a hand-in counts: the cells that answer, whatever else was done to the notebook."""

import ast
import re
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from workbook.exercises import records
from workbook.exercises.answers import line
from workbook_staff.grading.course import Course, Slot
from workbook_staff.grading.result import Outcome
from workbook_staff.notebooks.reading import read

from nbformat import NotebookNode

MOST_CHARACTERS = 50_000
"""The longest cell that is taken for an answer."""

_RELEASE = re.compile(r"\d[\w.+-]{0,30}", re.ASCII)


@dataclass(frozen=True)
class Answer:
    """A hand-in's answer to one exercise, and what its own stored record claims of it.

    ``source`` is "" where there is none to execute, and ``why`` says why; ``outcome`` is then
    "unattempted", "error" or "too large". ``facts`` are those that the student's own check
    recorded, empty where it did not; ``because`` is the explanation in the student's own words.
    """

    source: str = ""
    outcome: Outcome | Literal[""] = ""
    why: str = ""
    claimed: str = ""
    hints: int = 0
    facts: dict[str, Any] = field(default_factory=dict)
    because: str = ""


def of_which(notebook: NotebookNode, courses: list[Course], place: str) -> Course | None:
    """Return which notebook of the course a hand-in is, by metadata, cells or name."""
    named = notebook.metadata.get("workbook", {})
    stem = named.get("notebook") if isinstance(named, dict) else None
    for course in courses:
        if course.notebook == stem:
            return course
    ids = {cell.get("id") for cell in notebook.cells}
    sources = {cell.source for cell in notebook.cells if cell.cell_type == "code"}
    common = [len(c.cell_ids & ids) + len(c.code & sources) for c in courses]
    most = max(common, default=0)
    if most >= 3:
        return courses[common.index(most)]
    return next((c for c in courses if c.notebook in place), None)


def of_another_release(notebook: NotebookNode) -> str:
    """Return in words that a hand-in was written for another release; "" where it was not.

    One that does not say its release is taken for one of this.
    """
    said = notebook.metadata.get("workbook", {})
    release = said.get("release") if isinstance(said, dict) else None
    if not isinstance(release, str) or not _RELEASE.fullmatch(release):
        return ""
    ours = version("workbook")
    if release == ours:
        return ""
    return (
        f"written for release {release}, and graded by release {ours}; to grade it by its own: "
        f"git switch --detach v{release}"
    )


def answers(path: Path, courses: list[Course], place: str) -> tuple[str, dict[str, Answer], str]:
    """Return which notebook a hand-in is ("" for none of the course's), its answers, a remark.

    The remark is what `of_another_release` says.

    Raises:
        OSError: The file cannot be read.
        NotebookError: It is not a notebook.
    """
    notebook = read(path)
    course = of_which(notebook, courses, place)
    if course is None:
        return "", {}, ""
    claims = _claims(notebook)
    found = {}
    for name, slot in course.slots.items():
        claim = claims.get(name, {})
        hints = claim.get("hints")
        facts = claim.get("facts")
        source, outcome, why = _source(notebook, course, slot)
        found[name] = Answer(
            source,
            outcome,
            why,
            claim.get("outcome", ""),
            hints if isinstance(hints, int) and 0 <= hints <= 3 else 0,
            facts if isinstance(facts, dict) else {},
            line(claim.get("because")),
        )
    return course.notebook, found, of_another_release(notebook)


def _claims(notebook: NotebookNode) -> dict[str, dict[str, Any]]:
    """Return what the stored outputs say of each exercise: the last record of each."""
    claims = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            record = output.get("data", {}).get(records.MIME_TYPE)
            if (
                isinstance(record, dict)
                and isinstance(record.get("exercise"), str)
                and record.get("outcome") in ("right", "wrong", "unattempted")
            ):
                claims[record["exercise"]] = record
    return claims


def _source(
    notebook: NotebookNode, course: Course, slot: Slot
) -> tuple[str, Outcome | Literal[""], str]:
    """Return the code that answers an exercise, else the outcome and why.

    It is in the cell that has the id of the solution's, else in one that says that it answers the
    exercise, else in one that assigns the answer's names and is none of the course's own. Of
    several the last counts.
    """
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    own = [cell for cell in code if cell.source not in course.code]
    named = [cell for cell in own if _says(cell) == slot.exercise]
    by_id = [cell for cell in own if cell.get("id") == slot.cell_id]
    others = [
        cell
        for cell in own
        if cell.get("id") not in course.cell_ids and _says(cell) in ("", slot.exercise)
    ]
    seen: Outcome | Literal[""] = ""
    why = ""
    for group in (by_id, named, others):
        for cell in reversed(group):
            source = _python(cell.source)
            if len(source) > MOST_CHARACTERS:
                seen, why = "too large", f"its cell is longer than {MOST_CHARACTERS:,} characters"
                continue
            try:
                assigned = _assigned(ast.parse(source))
            except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
                if group is not others or _seems_to_assign(source, slot.names):
                    seen, why = "error", f"{type(error).__name__}: {error}"[:300]
                continue
            if not set(slot.names) <= assigned.keys():
                continue
            if any(assigned[name] for name in slot.names):
                seen, why = seen or "unattempted", why
                continue
            return source, "", ""
    return "", seen or "unattempted", why or ("" if seen else "no cell of it answers this")


def _seems_to_assign(source: str, names: tuple[str, ...]) -> bool:
    """Return whether code that is no Python would assign these names."""
    return all(re.search(rf"\b{name}\s*=(?!=)", source) for name in names)


def _says(cell: NotebookNode) -> str:
    said = cell.metadata.get("workbook", {})
    name = said.get("exercise") if isinstance(said, dict) else None
    return name if isinstance(name, str) else ""


def _python(source: str) -> str:
    """Return a cell's Python; lines that are IPython's own, magics and commands, say nothing."""
    return "\n".join(
        "pass" if line.startswith(("%", "!")) else line.replace("\t", "    ")
        for line in source.splitlines()
    )


def _assigned(tree: ast.Module) -> dict[str, bool]:
    """Return the names that code assigns or defines, and whether each is still ``...``."""
    found: dict[str, bool] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found[node.id] = False
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = False
    for statement in tree.body:
        if (
            isinstance(statement, ast.Assign)
            and isinstance(statement.value, ast.Constant)
            and statement.value.value is ...
        ):
            names = [t.id for t in statement.targets if isinstance(t, ast.Name)]
            found |= dict.fromkeys(names, True)
    return found
