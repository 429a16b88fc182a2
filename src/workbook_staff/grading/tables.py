"""The tables that grading writes: an answer a row, and a student a row."""

import csv
import io
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path

from workbook import exercises, paths
from workbook.errors import GradingError
from workbook_staff.grading.result import HandIn, Result, by_student

WEIGHTS = "weights.toml"
"""A file of the instructor's in the folder of the grades: ``"mnist.gap" = 2``, a line for each."""

# At the start, and after what separates cells in another country's Excel.
_FORMULA = re.compile(r"(^|[;\t\r\n])(?=[ ]*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20])")


def write(hand_ins: Iterable[HandIn], folder: Path) -> None:
    """Write ``answers.csv`` and ``grades.csv`` into a folder.

    Raises:
        GradingError: The instructor's weights have a fault.
        OSError: A file cannot be written.
    """
    hand_ins = list(hand_ins)
    names = [field.name for field in fields(Result)]
    rows = [
        [str(value) for value in asdict(result).values()]
        for hand_in in hand_ins
        for result in hand_in.results
    ]
    _write(folder / "answers.csv", [names, *rows])

    points = weights(folder)
    students = by_student(hand_ins)
    asked = [name for name in exercises.EXERCISES if any(name in s.results for s in students)]
    rows = []
    for student in students:
        results = student.results
        total, most = (f"{part:g}" for part in grade(results, points, asked))
        if not student.is_verified:
            total = ""  # a claim is no grade, and neither is nought
        shown = [results[name].shown if name in results else "" for name in asked]
        rows.append([student.name, *shown, total, most, "; ".join(student.remarks)])
    _write(folder / "grades.csv", [["student", *asked, "sum", "of", "remarks"], *rows])


def weights(folder: Path) -> dict[str, float]:
    """Return how much each exercise counts: 1 where the instructor's file says nothing.

    Raises:
        GradingError: It is no TOML, or names an exercise that there is not.
    """
    file = folder / WEIGHTS
    points = dict.fromkeys(exercises.EXERCISES, 1.0)
    if not file.exists():
        return points
    try:
        said = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise GradingError(
            f'{file}: {error}; expected lines such as: "mnist.gap" = 2 (with the quotes)'
        ) from None
    for name, value in said.items():
        if name not in points:
            raise GradingError(
                f"{file}: no exercise is called {name!r}; there are {', '.join(points)}"
            )
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise GradingError(f"{file}: {name} = {value!r}; expected a number, 0 or more")
        points[name] = float(value)
    return points


def grade(
    results: Mapping[str, Result], points: Mapping[str, float], asked: Iterable[str]
) -> tuple[float, float]:
    """Return the points that a student has, and the most that there are for what was asked."""
    asked = list(asked)
    right = [name for name in asked if name in results and results[name].outcome == "right"]
    return sum(points[name] for name in right), sum(points[name] for name in asked)


def cell(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula (OWASP, "CSV Injection")."""
    return text if _is_number(text) else _FORMULA.sub(r"\1'", text)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _write(file: Path, rows: Iterable[Sequence[str]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([cell(value) for value in row] for row in rows)
    # With a byte order mark, without which Excel takes UTF-8 for an older alphabet.
    paths.write(file, text.getvalue().encode("utf-8-sig", "replace"))  # a name need not be text
