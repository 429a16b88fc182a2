"""The pages that grading writes: the class at a glance, and feedback for each student."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbook import exercises, paths
from workbook_staff import html
from workbook_staff.grading import tables
from workbook_staff.grading.result import HandIn, Result
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
class Asked:
    """An exercise at a glance: how many are in each of :data:`PARTS`, and what was common."""

    name: str
    title: str
    parts: dict[str, int]
    wrong: list[Common]
    errors: list[Common]

    @property
    def students(self) -> int:
        """Return how many were asked."""
        return sum(self.parts.values())


@dataclass(frozen=True)
class Disputed:
    """Hand-ins that say right where grading says ``outcome``, all for one reason."""

    title: str
    outcome: str
    reason: str
    students: list["Student"]


@dataclass(frozen=True)
class Student:
    """A row of the class' table: ``words`` say why the student may need a word."""

    name: str
    page: str
    results: dict[str, Result]
    remarks: list[str]
    right: int
    hints: int
    words: list[str]


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
    hand_ins = list(hand_ins)
    students = _students(hand_ins)
    points = tables.weights(folder)
    for page in paths.listed(folder / "students", "*.html"):
        page.unlink()  # of an earlier run: somebody's grade that no longer is
    for student in students:
        found = {name: result.outcome for name, result in student.results.items()}
        text = html.page(
            "student.html.j2",
            title=f"Feedback for {student.name}",
            styles=STYLES,
            student=student,
            hand_ins=[one for one in hand_ins if one.student == student.name],
            total=tables.grade(found, points, list(found)),
            is_verified=tables.is_verified(found.values()),
            exercises=exercises.EXERCISES,
            questions=questions or {},
            explain=explain,
            signs=SIGNS,
        )
        _put(folder / "students" / f"{student.page}.html", text)
    in_order = [name for name in exercises.EXERCISES if any(name in s.results for s in students)]
    asked = [_asked(name, students) for name in in_order]
    text = html.page(
        "class.html.j2",
        title="The class at a glance",
        styles=STYLES,
        script=html.asset("sort.js"),
        students=students,
        asked=asked,
        hardest=sorted(asked, key=lambda one: one.parts["right"] / one.students),
        disputed=_disputed(in_order, students),
        parts=PARTS,
        verified=any(result.outcome for one in students for result in one.results.values()),
        signs=SIGNS,
    )
    _put(folder / "index.html", text)


def _put(file: Path, text: str) -> None:
    with paths.writing(file) as path:
        path.write_text(text, encoding="utf-8", errors="replace")


def _students(hand_ins: Sequence[HandIn]) -> list[Student]:
    by_name: dict[str, list[HandIn]] = {}
    for one in hand_ins:
        by_name.setdefault(one.student, []).append(one)
    pages = names([Path(name.replace("/", "_").replace("\\", "_")) for name in by_name])
    students = []
    for (name, theirs), page in zip(by_name.items(), pages, strict=True):
        results = {result.exercise: result for one in theirs for result in one.results}
        parts = Counter(_part(result) for result in results.values())
        hints = sum(result.hints for result in results.values())
        remarks = [
            f"{one.notebook or one.path}: {remark}" for one in theirs for remark in one.remarks
        ]
        words = _words(results, parts, hints)
        students.append(Student(name, page, results, remarks, parts["right"], hints, words))
    return students


def _part(result: Result) -> str:
    """Return which part of an exercise's bar a result is in."""
    if not result.outcome and not result.claimed:
        return "not verified"
    outcome = result.outcome or result.claimed
    return {"right": "right", "wrong": "wrong", "unattempted": "open"}.get(outcome, "error")


def _words(results: dict[str, Result], parts: Counter[str], hints: int) -> list[str]:
    """Return why somebody should have a word with a student."""
    words = []
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
    if results and hints >= 2 * len(results):
        words.append(f"{hints} hints")
    if any(r.by_own_facts and r.outcome == "right" for r in results.values()):
        words.append("right by their own run's facts only: look at the curve")
    return words


def _error(result: Result) -> str:
    """Return the kind of an error, such as NameError."""
    kind = result.why.partition(":")[0]
    return kind if result.outcome == "error" and kind.isidentifier() else result.outcome


def _disputed(in_order: Sequence[str], students: Sequence[Student]) -> list[Disputed]:
    """Return what hand-ins claim right and is graded otherwise, those alike together."""
    found: dict[tuple[str, str, str], list[Student]] = {}
    for name in in_order:
        for student in students:
            result = student.results.get(name)
            if result is not None and result.is_disputed:
                reason = result.reason or result.why
                found.setdefault((_title(name), result.outcome, reason), []).append(student)
    return [Disputed(*key, theirs) for key, theirs in found.items()]


def _title(name: str) -> str:
    exercise = exercises.EXERCISES.get(name)
    return exercise.title if exercise and exercise.title else name


def _asked(name: str, students: Sequence[Student]) -> Asked:
    results = [student.results[name] for student in students if name in student.results]
    parts = Counter(map(_part, results))
    wrong = [
        ((result.misconception, "" if result.misconception else result.answer), result)
        for result in results
        if result.outcome == "wrong"
    ]
    errors = [((_error(result), ""), result) for result in results if _part(result) == "error"]
    return Asked(
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
