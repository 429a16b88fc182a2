"""Fill in the gradebook that a learning platform exports: Canvas' and Moodle's.

Every column, row and cell that is not the grade of something handed in stays as it was. See
https://community.canvaslms.com (Gradebook CSV) and https://docs.moodle.org/en/Grade_export.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from workbook import paths
from workbook.grading import tables
from workbook.grading.result import HandIn
from workbook.reports import NotebookError


@dataclass(frozen=True)
class Form:
    """How one platform's file is recognised and read.

    ``known_by`` are columns that it has. ``ids`` are columns with a number or login, and ``names``
    those that together are the name. ``most`` names a column, or the row, with the most points.
    ``grade`` is the one column for the grade, "" where each assignment has its own.
    """

    known_by: tuple[str, ...]
    ids: tuple[str, ...]
    names: tuple[str, ...]
    most: str = ""
    grade: str = ""


FORMS = {
    "Canvas' gradebook": Form(
        ("Student", "ID", "Section"),
        ("ID", "SIS User ID", "SIS Login ID", "Integration ID"),
        ("Student",),
        most="Points Possible",
    ),
    "Moodle's grading worksheet": Form(
        ("Identifier", "Full name", "Grade"),
        ("Identifier", "ID number", "Email address", "Username"),
        ("Full name",),
        most="Maximum Grade",
        grade="Grade",
    ),
    "Moodle's gradebook": Form(
        ("First name", "Last name"),
        ("ID number", "Email address", "Username"),
        ("First name", "Last name"),
    ),
    "an older Moodle's gradebook": Form(
        ("First name", "Surname"),
        ("ID number", "Email address", "Username"),
        ("First name", "Surname"),
    ),
}


def fill(file: Path, hand_ins: Iterable[HandIn], folder: Path) -> list[str]:
    """Write a copy of an exported gradebook with the grades into a folder; say what was filled in.

    A grade is the weighted sum of what is right; where the file tells the most points that there
    are, it is that share of them.

    Raises:
        NotebookError: It is no gradebook that is known, or has no column for these notebooks.
        OSError: It cannot be read, or the copy cannot be written.
    """
    raw = file.read_bytes()
    encoding = "utf-8-sig" if raw.startswith(b"\xef\xbb\xbf") else "utf-8"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        text, encoding = raw.decode("cp1252", "replace"), "cp1252"
    ending = "\r\n" if "\r\n" in text else "\n"
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    if not rows:
        raise NotebookError(
            f"{file}: it is empty; expected a gradebook as Canvas or Moodle exports it"
        )
    header = [name.strip() for name in rows[0]]
    form = next((f for f in FORMS.values() if set(f.known_by) <= set(header)), None)
    if form is None:
        raise NotebookError(
            f"{file}: not a gradebook that is known; it has the columns {', '.join(header)[:300]}; "
            f"expected those of {', or of '.join(FORMS)}"
        )
    graded = _by_student(list(hand_ins), tables.weights(folder))
    columns = _columns(file, form, header, {notebook for g in graded for notebook in g.points})
    lines = _filled(form, header, rows, graded, columns)
    made = io.StringIO(newline="")
    csv.writer(made, delimiter=delimiter, lineterminator=ending).writerows(rows)
    target = folder / f"{file.stem}-filled{file.suffix}"
    with paths.writing(target) as path:
        path.write_bytes(made.getvalue().encode(encoding, "replace"))
    return [*lines, str(target)]


@dataclass(frozen=True)
class _Graded:
    """A student: how they may be called, surest first, and each notebook's points, and most."""

    student: str
    keys: tuple[str, ...]
    points: dict[str, tuple[float, float]]


def _by_student(hand_ins: list[HandIn], points: dict[str, float]) -> list[_Graded]:
    found: dict[str, _Graded] = {}
    for one in hand_ins:
        if not one.results:
            continue
        mine = found.setdefault(
            one.student,
            _Graded(one.student, (*_keys(one.student_id), *_keys(one.student)), {}),
        )
        outcomes = {result.exercise: result.outcome for result in one.results}
        mine.points[one.notebook] = tables.grade(outcomes, points, list(outcomes))
    return list(found.values())


def _keys(*names: str) -> set[str]:
    """Return what a name, number or login is compared by: letters and digits without accents."""
    found = set()
    for name in names:
        plain = unicodedata.normalize("NFKD", re.sub(r" \(\d+\)$", "", name)).casefold()
        found.add("".join(letter for letter in plain if letter.isalnum()))
    return found - {""}


def _columns(file: Path, form: Form, header: list[str], notebooks: set[str]) -> dict[int, set[str]]:
    """Return which column takes the grade of which notebooks."""
    if form.grade:
        return {header.index(form.grade): notebooks}
    known = {
        notebook: [n for n, name in enumerate(header) if _keys(notebook) & _parts(name)]
        for notebook in notebooks
    }
    columns = {places[0]: {notebook} for notebook, places in known.items() if len(places) == 1}
    if missing := sorted(notebooks - set().union(*columns.values(), set())):
        raise NotebookError(
            f"{file}: expected one column for each of {', '.join(missing)}, called like the "
            f"notebook; found the columns {', '.join(header)[:300]}. Name the assignment so, "
            "and export the gradebook again"
        )
    return columns


def _parts(name: str) -> set[str]:
    """Return how an assignment may be called: without what the platform puts around its name."""
    name = re.sub(r"^Assignment:\s*|\s*\((\d+|Real|Percentage|Letter)\)$", "", name.strip())
    return _keys(name, name.removesuffix(".ipynb"))


def _filled(
    form: Form,
    header: list[str],
    rows: list[list[str]],
    graded: list[_Graded],
    columns: dict[int, set[str]],
) -> list[str]:
    """Fill in the rows; return lines on who was found, who not, and who may be several."""
    most_row = next((r for r in rows[1:] if r and r[0].strip() == form.most), None)
    places: dict[str, list[int]] = {}
    for number, row in enumerate(rows[1:], start=1):
        if row is most_row or len(row) < len(header):
            continue
        cells = dict(zip(header, row, strict=False))
        name = "".join(cells.get(part, "") for part in form.names)
        back = "".join(cells.get(part, "") for part in reversed(form.names))
        ids = [re.sub(r"^Participant\s*", "", cells.get(part, "")) for part in form.ids]
        logins = [one.partition("@")[0] for one in ids if "@" in one]
        for key in _keys(name, back, _turned(name), *ids, *logins):
            places.setdefault(key, []).append(number)
    found = 0
    several: list[str] = []
    nobody: list[str] = []
    for one in graded:
        fitting = [places[key] for key in one.keys if key in places]
        if not fitting or len(fitting[0]) != 1:
            (several if fitting else nobody).append(one.student)
            continue
        row = rows[fitting[0][0]]
        for column, notebooks in columns.items():
            points = [one.points[notebook] for notebook in notebooks if notebook in one.points]
            if points:
                total, most = (sum(part) for part in zip(*points, strict=True))
                scale = _most(form, header, row, most_row, column)
                row[column] = f"{total if scale is None or not most else total / most * scale:.6g}"
        found += 1
    lines = [f"filled in {found} of {len(graded)} students"]
    if nobody:
        lines.append(f"not in the gradebook: {', '.join(nobody)}")
    if several:
        lines.append(f"several rows fit, and none was filled in: {', '.join(several)}")
    return lines


def _turned(name: str) -> str:
    """Return "Last, First" as "First Last"."""
    last, comma, first = name.partition(",")
    return f"{first}{last}" if comma else name


def _most(
    form: Form, header: list[str], row: list[str], most_row: list[str] | None, column: int
) -> float | None:
    """Return the most points that the platform gives, None where it does not say."""
    text = ""
    if most_row is not None and column < len(most_row):
        text = most_row[column]
    elif form.most in header:
        text = row[header.index(form.most)]
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None
