"""The pages that grading writes: the class at a glance, and feedback for each student."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbook import exercises, paths
from workbook_staff import html
from workbook_staff.grading import tables
from workbook_staff.grading.result import HandIn, Result, Student, by_student
from workbook_staff.pages.file_names import names

SIGNS = {"right": "✓", "wrong": "✗", "unattempted": "–", "": "?"}
"""How an outcome is shown in the class' table, "!" for all others: words stand beside it."""

PARTS = ("right", "wrong", "error", "open", "not verified")
"""The parts of an exercise's bar."""

STYLES = ["style.css", "grades.css"]
"""The styles of both pages."""

COMMONEST = 3
"""How many of an exercise's wrong answers, and of its errors, are listed."""


@dataclass(frozen=True)
class Common:
    """What several gave as an answer or got as an error: ``slip`` explains it, ``why`` is said."""

    count: int
    answer: str
    slip: str
    why: str


@dataclass(frozen=True)
class AtAGlance:
    """An exercise at a glance: how many are in each of :data:`PARTS`, and what was common."""

    name: str
    title: str
    parts: dict[str, int]
    wrong: list[Common]
    errors: list[Common]


@dataclass(frozen=True)
class Disputed:
    """Hand-ins that say right where grading says ``outcome``, all for one reason."""

    title: str
    outcome: str
    reason: str
    students: list[Student]


@dataclass(frozen=True)
class Row(Student):
    """A row of the class' table: a student, and the name of their page."""

    page: str

    @property
    def parts(self) -> Counter[str]:
        """How many results are in each of :data:`PARTS`."""
        return Counter(map(_part, self.results.values()))

    @property
    def right(self) -> int:
        """How many answers are right."""
        return self.parts["right"]

    @property
    def hints(self) -> int:
        """How many hints were opened."""
        return sum(result.hints for result in self.results.values())

    @property
    def words(self) -> list[str]:
        """Why somebody should have a word with the student."""
        words = []
        results, parts = self.results, self.parts
        given = len(results) - parts["open"] - parts["not verified"]
        if not results:
            words.append("nothing that could be graded")
        elif parts["open"] == len(results):
            words.append("no exercise attempted")
        elif given == parts["error"] > 0:
            kinds = Counter(_error(r) for r in results.values() if _part(r) == "error")
            words.append(
                f"an error in each of {given} answers, most often {kinds.most_common(1)[0][0]}"
            )
        elif parts["right"] * 2 < len(results) - parts["not verified"]:
            shares = [f"{parts[part]} {part}" for part in PARTS[1:] if parts[part]]
            words.append(f"{parts['right']} of {len(results)} right ({', '.join(shares)})")
        if results and self.hints >= 2 * len(results):
            words.append(f"{self.hints} hints")
        if any(r.by_own_facts and r.outcome == "right" for r in results.values()):
            words.append("right by their own run's facts only: look at the curve")
        return words


def write(
    hand_ins: Iterable[HandIn],
    folder: Path,
    questions: Mapping[str, str] | None = None,
    explain: bool = False,
) -> None:
    """Write ``index.html``, the class, and a page for each student into ``students/``.

    ``questions`` are what was asked, in Markdown and in the order of the notebooks. ``explain``
    shows students the model explanations.

    Raises:
        OSError: A file cannot be written.
    """
    found = by_student(hand_ins)
    pages = names([Path(one.name.replace("/", "_").replace("\\", "_")) for one in found])
    students = [Row(s.name, s.hand_ins, page) for s, page in zip(found, pages, strict=True)]
    points = tables.weights(folder)
    for page in paths.listed(folder / "students", "*.html"):
        page.unlink()  # of an earlier run: somebody's grade that no longer is
    for student in students:
        text = html.page(
            "student.html.j2",
            title=f"Feedback for {student.name}",
            styles=STYLES,
            student=student,
            total=tables.grade(student.results, points, student.results),
            exercises=exercises.EXERCISES,
            questions=questions or {},
            explain=explain,
            signs=SIGNS,
        )
        paths.write(folder / "students" / f"{student.page}.html", text)
    in_order = [name for name in exercises.EXERCISES if any(name in s.results for s in students)]
    asked = [_at_a_glance(name, students) for name in in_order]
    text = html.page(
        "class.html.j2",
        title="The class at a glance",
        styles=STYLES,
        script=html.asset("sort.js"),
        students=students,
        asked=asked,
        hardest=sorted(asked, key=lambda one: one.parts["right"] / sum(one.parts.values())),
        disputed=_disputed(in_order, students),
        parts=PARTS,
        verified=any(student.is_verified for student in students),
        signs=SIGNS,
    )
    paths.write(folder / "index.html", text)


def _part(result: Result) -> str:
    """Return which part of an exercise's bar a result is in."""
    if not result.outcome and not result.claimed:
        return "not verified"
    outcome = result.outcome or result.claimed
    return {"right": "right", "wrong": "wrong", "unattempted": "open"}.get(outcome, "error")


def _error(result: Result) -> str:
    """Return the kind of an error, such as NameError."""
    kind = result.why.partition(":")[0]
    return kind if result.outcome == "error" and kind.isidentifier() else result.outcome


def _disputed(in_order: Sequence[str], students: Sequence[Student]) -> list[Disputed]:
    """Return what hand-ins claim right and is graded otherwise: alike together, most first."""
    found: dict[tuple[str, str, str], list[Student]] = {}
    for name in in_order:
        for student in students:
            result = student.results.get(name)
            if result is not None and result.is_disputed:
                reason = result.reason or result.why
                found.setdefault((_title(name), result.outcome, reason), []).append(student)
    alike = [Disputed(*key, theirs) for key, theirs in found.items()]
    return sorted(alike, key=lambda one: -len(one.students))


def _title(name: str) -> str:
    return exercises.EXERCISES[name].title or name


def _at_a_glance(name: str, students: Sequence[Student]) -> AtAGlance:
    results = [student.results[name] for student in students if name in student.results]
    parts = Counter(map(_part, results))
    wrong = [
        ((result.misconception, "" if result.misconception else result.answer), result)
        for result in results
        if result.outcome == "wrong"
    ]
    errors = [((_error(result), ""), result) for result in results if _part(result) == "error"]
    return AtAGlance(
        name,
        _title(name),
        {part: parts[part] for part in PARTS},
        _commonest(wrong),
        _commonest(errors),
    )


def _commonest(found: Sequence[tuple[tuple[str, str], Result]]) -> list[Common]:
    counts = Counter(kind for kind, _ in found)
    first = dict(reversed(found))
    return [
        Common(count, first[kind].answer, kind[0], first[kind].why)
        for kind, count in counts.most_common(COMMONEST)
    ]
