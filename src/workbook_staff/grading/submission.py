"""What of a hand-in counts: its answers, and the student's own cells that make them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from workbook.exercises import records
from workbook.exercises.answers import line
from workbook_staff.grading import slicing
from workbook_staff.grading.course import Course, Slot
from workbook_staff.grading.result import Outcome
from workbook_staff.grading.slicing import Part, Slicer
from workbook_staff.notebooks import reading

from nbformat import NotebookNode

_RELEASE = re.compile(r"\d[\w.+-]{0,30}", re.ASCII)


@dataclass(frozen=True)
class Attempt:
    """One way in which a hand-in may answer an exercise.

    ``cells`` are Python, to be run one after the other; ``answer`` is the expression that is then
    judged. ``course`` are names that come from the course's run. ``exercises`` are all whose cells
    are among them: they may take as long as all of those.
    """

    cells: tuple[str, ...]
    answer: str
    course: frozenset[str]
    exercises: frozenset[str]


@dataclass(frozen=True)
class Answer:
    """A hand-in's answer to one exercise, and what its own stored record claims of it.

    ``attempts`` are tried in this order until one is right. Where there is none, ``outcome`` is
    "unattempted", "error" or "too large", and ``why`` says why. ``facts`` are those that the
    student's own check recorded, empty where it did not; ``said`` is the answer that it judged.
    ``elsewhere`` says of names that no cell above binds why the student's notebook had them, and
    ``given`` names what the check was given and the student's own cells have made anew.
    ``because`` is the explanation in the student's own words.
    """

    attempts: tuple[Attempt, ...] = ()
    outcome: Outcome | Literal[""] = ""
    why: str = ""
    claimed: str = ""
    hints: int = 0
    facts: dict[str, Any] = field(default_factory=dict)
    said: str = ""
    elsewhere: dict[str, str] = field(default_factory=dict)
    given: tuple[str, ...] = ()
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
    notebook = reading.read(path)
    course = of_which(notebook, courses, place)
    if course is None:
        return "", {}, ""
    claims = _claims(notebook)
    code = slicing.course_code(course.code)
    reader = _Reader(notebook, course, slicing.parts(notebook, code, course.slots), code.binds)
    found = {name: reader.answer(slot, claims.get(name, {})) for name, slot in course.slots.items()}
    return course.notebook, found, of_another_release(notebook)


def _claims(notebook: NotebookNode) -> dict[str, dict[str, Any]]:
    """Return what the stored outputs say of each exercise: the last record of each."""
    known = ("right", "wrong", "unattempted")
    return {
        record["exercise"]: record
        for record in reading.records(notebook, records.MIME_TYPE)
        if isinstance(record.get("exercise"), str) and record.get("outcome") in known
    }


class _Reader:
    """Finds the answers in one hand-in."""

    def __init__(
        self, notebook: NotebookNode, course: Course, parts: list[Part], given: frozenset[str]
    ) -> None:
        self._notebook, self._course, self._parts, self._given = notebook, course, parts, given
        self._slicer = Slicer(parts)

    def answer(self, slot: Slot, claim: dict[str, Any]) -> Answer:
        """Return the answer to one exercise, beside what a record claims of it."""
        hints, facts, said = claim.get("hints"), claim.get("facts"), claim.get("said")
        attempts: list[Attempt] = []
        nowhere: dict[str, str] = {}
        given: set[str] = set()
        for end, expression in self._points(slot):
            attempts += self._attempts(slot, end, expression, nowhere)
            if claim.get("outcome") == "right":
                attempts.append(self._whole(slot, end, expression))
            given |= self._made_anew(slot, end)
        outcome: Outcome | Literal[""] = ""
        why = ""
        if not attempts:
            outcome, why = self._missing(slot)
        return Answer(
            tuple(dict.fromkeys(attempts)),
            outcome,
            why,
            claim.get("outcome", ""),
            hints if isinstance(hints, int) and 0 <= hints <= 3 else 0,
            facts if isinstance(facts, dict) else {},
            said if isinstance(said, str) else "",
            nowhere,
            tuple(sorted(given)),
            line(claim.get("because")),
        )

    def _points(self, slot: Slot) -> list[tuple[int, str]]:
        """Return where the answer stands, as the part before which it is made, and how.

        An answer in cells below its check counts first, since a student tries again there; then
        what the last check was given, else the last cell anywhere that makes the answer.
        """
        checks = [n for n, p in enumerate(self._parts) if p.check and _exercise(p) == slot.exercise]
        makers = [n for n, part in enumerate(self._parts) if self._makes(part, slot)]
        last = checks[-1] if checks else -1
        below = [n for n in makers if n > last]
        near = [n for n in below if n < self._next(last)] if checks else []
        points = [(near[-1] + 1, slot.answer)] if near else []
        for n in reversed(checks):
            check = self._parts[n].check
            assert check is not None
            is_edited = not slicing.used(check.answer) & set(slot.names)
            is_made = any(maker < n for maker in makers)
            if is_made or (is_edited and not _is_open(check.answer)):
                points.append((n, check.answer))
                break
        if not points and below:
            points.append((below[-1] + 1, slot.answer))
        return points

    def _makes(self, part: Part, slot: Slot) -> bool:
        """Return whether a part of the student's own makes the answer, or some of its names."""
        names = set(slot.names)
        return not part.is_course and bool(part.names.binds & names - part.names.opens)

    def _next(self, place: int) -> int:
        """Return where the next exercise begins, or the course's own code goes on."""
        own = {n for n, p in enumerate(self._parts) if p.is_course and not p.check and n > place}
        others = {slot.cell_id for slot in self._course.slots.values()}
        cells = self._notebook.cells
        return min(
            own
            | {
                n
                for n, part in enumerate(self._parts)
                if n > place
                and part.cell != self._parts[place].cell
                and (cells[part.cell].get("id") in others or _says(cells[part.cell]))
            },
            default=len(self._parts),
        )

    def _attempts(
        self, slot: Slot, end: int, expression: str, nowhere: dict[str, str]
    ) -> list[Attempt]:
        """Return the answer made with the course's own values, and with the student's for them."""
        names = slicing.used(expression)
        found = []
        for is_given in (self._given.__contains__, lambda _: False):
            made = self._slicer.slice(names, end, is_given)
            for name in made.nowhere:
                nowhere.setdefault(name, self._elsewhere(name, end))
            found.append(self._attempt(slot, made.parts, expression, made.course))
        return found

    def _whole(self, slot: Slot, end: int, expression: str) -> Attempt:
        """Return the answer made by all of the student's own cells above it, one after the other.

        For what no slice sees: values that are changed under another name, and files.
        """
        places = [n for n, p in enumerate(self._parts[:end]) if not (p.is_course or p.check)]
        needed = slicing.used(expression)
        for place in places:
            needed |= self._parts[place].names.uses | self._parts[place].names.later
        return self._attempt(slot, places, expression, needed & self._given)

    def _attempt(
        self, slot: Slot, places: Sequence[int], expression: str, course: frozenset[str]
    ) -> Attempt:
        return Attempt(
            tuple(self._parts[n].source for n in places),
            expression,
            course,
            frozenset({slot.exercise} | {e for n in places for e in self._of(n)}),
        )

    def _of(self, place: int) -> list[str]:
        """Return the exercises whose answers a part makes."""
        part = self._parts[place]
        return [name for name, slot in self._course.slots.items() if self._makes(part, slot)]

    def _elsewhere(self, name: str, end: int) -> str:
        """Return why a notebook may have a name that no cell above binds."""
        if re.fullmatch(r"_+\d*|Out", name):
            return f"{name} is what another cell had shown: give that a name of its own"
        part = self._slicer.after(name, end)
        if part is None:
            return f"a cell that is no longer there defined {name}"
        count = f", [{part.count}]," if part.count else ""
        return f"a cell further down{count} which defines {name}, was run before"

    def _made_anew(self, slot: Slot, end: int) -> set[str]:
        """Return the names that the check is given and the student's own cells have made anew."""
        names = {name for part in slot.given for name in slicing.used(part)}
        return {name for name in names if self._slicer.slice([name], end).parts}

    def _missing(self, slot: Slot) -> tuple[Outcome, str]:
        """Return the outcome and why, where no code answers an exercise."""
        for part in reversed(self._parts):
            if part.fault and self._is_meant(part, slot):
                if part.fault.startswith("too large"):
                    return "too large", part.fault.partition(": ")[2]
                return "error", part.fault
        for cell in self._notebook.cells:
            if cell.cell_type != "code" and (
                cell.get("id") == slot.cell_id or _seems_to_assign(cell.source, slot.names)
            ):
                return "unattempted", "it stands in a cell of text, which runs nothing"
        return "unattempted", f"no cell gives {' and '.join(slot.names)} a value"

    def _is_meant(self, part: Part, slot: Slot) -> bool:
        """Return whether a cell that cannot run would have answered an exercise."""
        cell = self._notebook.cells[part.cell]
        is_own = cell.get("id") == slot.cell_id or _says(cell) == slot.exercise
        return is_own or _seems_to_assign(cell.source, slot.names)


def _exercise(part: Part) -> str:
    return part.check.exercise if part.check else ""


def _is_open(expression: str) -> bool:
    return expression in ("...", "Ellipsis")


def _seems_to_assign(source: str, names: Sequence[str]) -> bool:
    """Return whether code that is no Python would assign these names."""
    return all(re.search(rf"\b{name}\s*=(?!=)", source) for name in names)


def _says(cell: NotebookNode) -> str:
    said = cell.metadata.get("workbook", {})
    name = said.get("exercise") if isinstance(said, dict) else None
    return name if isinstance(name, str) else ""
