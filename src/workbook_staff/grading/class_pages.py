"""The pages that grading writes: the class at a glance, and feedback for each student."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbook import exercises, paths
from workbook_staff import html
from workbook_staff.grading import tables
from workbook_staff.grading.result import HandIn, Result
from workbook_staff.pages.file_names import names

SIGNS = {
    "right": "✓",
    "wrong": "✗",
    "unattempted": "–",
    "error": "!",
    "timeout": "!",
    "too large": "!",
    "refused": "!",
    "": "?",
}
"""How an outcome is shown in the class' table; the words stand beside it for those who listen."""

STYLES = ["style.css", "grades.css"]
"""The styles of both pages."""

COMMONEST = 3
"""How many of an exercise's wrong answers are listed."""


@dataclass(frozen=True)
class Wrong:
    """A wrong answer as it was given first, and how many gave it, or another by the same slip."""

    answer: str
    slip: str
    why: str
    count: int


@dataclass(frozen=True)
class Asked:
    """An exercise at a glance: the share who have it right, and the commonest wrong answers."""

    name: str
    right: int
    students: int
    wrong: list[Wrong]


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


def write(hand_ins: Iterable[HandIn], folder: Path) -> None:
    """Write ``index.html``, the class, and a page for each student into ``students/``.

    Raises:
        OSError: A file cannot be written.
    """
    hand_ins = list(hand_ins)
    students = _students(hand_ins)
    asked = _asked(students)
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
            signs=SIGNS,
        )
        _put(folder / "students" / f"{student.page}.html", text)
    text = html.page(
        "class.html.j2",
        title="The class at a glance",
        styles=STYLES,
        script=html.asset("sort.js"),
        students=students,
        asked=asked,
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
        right = sum(_outcome(result) == "right" for result in results.values())
        hints = sum(result.hints for result in results.values())
        remarks = [
            f"{one.notebook or one.path}: {remark}" for one in theirs for remark in one.remarks
        ]
        words = _words(results, right, hints)
        students.append(Student(name, page, results, remarks, right, hints, words))
    return students


def _outcome(result: Result) -> str:
    return result.outcome or result.claimed


def _words(results: dict[str, Result], right: int, hints: int) -> list[str]:
    """Return why somebody should have a word with a student."""
    words = []
    if not results:
        words.append("nothing that could be graded")
    elif right * 2 < len(results):
        words.append(f"{right} of {len(results)} right")
    if results and hints >= 2 * len(results):
        words.append(f"{hints} hints")
    claims = [r.exercise for r in results.values() if r.claimed == "right" and r.outcome == "wrong"]
    if claims:
        words.append(f"claims to be right where it is not: {', '.join(claims)}")
    if any(r.by_own_facts and r.outcome == "right" for r in results.values()):
        words.append("right by their own run's facts only: look at the curve")
    return words


def _asked(students: Sequence[Student]) -> list[Asked]:
    """Return the exercises, the hardest first."""
    found = []
    for name in exercises.EXERCISES:
        results = [s.results[name] for s in students if name in s.results]
        if not results:
            continue
        first: dict[tuple[str, str], Result] = {}
        counts: Counter[tuple[str, str]] = Counter()
        for result in results:
            if result.outcome == "wrong":
                slip = result.misconception
                kind = (slip, "" if slip else result.answer)
                first.setdefault(kind, result)
                counts[kind] += 1
        commonest = [
            Wrong(first[kind].answer, kind[0], first[kind].why, count)
            for kind, count in counts.most_common(COMMONEST)
        ]
        right = sum(_outcome(result) == "right" for result in results)
        found.append(Asked(name, right, len(results), commonest))
    return sorted(found, key=lambda one: one.right / one.students)
