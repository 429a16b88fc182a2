"""Fill in the gradebook that a learning platform exports: Canvas' and Moodle's.

Every byte that is not the grade of something handed in stays as it was. See
https://community.canvaslms.com (Gradebook CSV) and https://docs.moodle.org/en/Grade_export.
"""

import codecs
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbook import paths
from workbook.errors import NotebookError
from workbook_staff.grading import tables
from workbook_staff.grading.result import HandIn

MOST_LISTED = 40
"""How many students a line lists by name."""


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
        ("Identifier", "Grade", "Maximum Grade"),
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
    mark, encoding = next(kind for kind in _MARKS if raw.startswith(kind[0]))
    try:
        text = raw[len(mark) :].decode(encoding)
    except UnicodeDecodeError:
        mark, encoding = b"", "cp1252"
        text = raw.decode(encoding, "surrogateescape")
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    rows = _rows(text, delimiter)
    if not rows:
        raise NotebookError(
            f"{file}: it is empty; expected a gradebook as Canvas or Moodle exports it"
        )
    header = [cell.text.strip() for cell in rows[0]]
    form = next((f for f in FORMS.values() if set(f.known_by) <= set(header)), None)
    if form is None:
        raise NotebookError(
            f"{file}: not a gradebook that is known; it has the columns {', '.join(header)[:300]}; "
            f"expected those of {', or of '.join(FORMS)}"
        )
    graded, lines = _by_student(list(hand_ins), tables.weights(folder))
    columns = _columns(file, form, header, {notebook for g in graded for notebook in g.points})
    changes, told = _filled(form, header, rows, graded, columns)
    for cell, grade in sorted(changes.items(), key=lambda change: -change[0].start):
        is_quoted = text[cell.start : cell.end].startswith('"') or delimiter in grade
        grade = f'"{grade}"' if is_quoted else grade
        text = text[: cell.start] + grade + text[cell.end :]
    target = folder / f"{file.stem}-filled{file.suffix}"
    errors = "surrogateescape" if encoding == "cp1252" else "strict"
    with paths.writing(target) as path:
        path.write_bytes(mark + text.encode(encoding, errors))
    return [*told, *lines, str(target)]


_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"", "utf-8"),
)


@dataclass(frozen=True)
class _Cell:
    """A cell: what it says, and where it is in the file's text, its quotes included."""

    text: str
    start: int
    end: int


def _rows(text: str, delimiter: str) -> list[list[_Cell]]:
    """Return the cells of a CSV file with their places, which Python's own reader does not tell."""
    pattern = rf'("(?:[^"]|"")*"|)([^{delimiter}\r\n]*)({delimiter}|\r\n|\n|\r|\Z)'
    rows: list[list[_Cell]] = []
    row: list[_Cell] = []
    for found in re.finditer(pattern, text):
        quoted, bare, ending = found.groups()
        row.append(_Cell(quoted[1:-1].replace('""', '"') + bare, found.start(), found.end(2)))
        if ending != delimiter:
            if len(row) > 1 or row[0].text:
                rows.append(row)
            row = []
        if not ending:
            break
    return rows


@dataclass(frozen=True)
class _Graded:
    """A student: how they may be called, surest first, and each notebook's points, and most."""

    student: str
    keys: tuple[str, ...]
    points: dict[str, tuple[float, float]]


def _by_student(
    hand_ins: list[HandIn], points: dict[str, float]
) -> tuple[list[_Graded], list[str]]:
    """Return the students of whom something was verified, and a line on the others."""
    found: dict[str, _Graded] = {}
    for one in hand_ins:
        if not any(result.outcome for result in one.results):
            continue
        mine = found.setdefault(
            one.student,
            _Graded(one.student, (*_keys(one.student_id), *_keys(one.student)), {}),
        )
        outcomes = {result.exercise: result.outcome for result in one.results}
        mine.points[one.notebook] = tables.grade(outcomes, points, list(outcomes))
    others = {one.student: None for one in hand_ins if one.student not in found}
    return list(found.values()), _listed("nothing was verified, nor filled in, of", list(others))


def _listed(what: str, students: Sequence[str]) -> list[str]:
    """Return a line that lists students, or no line for none."""
    more = f", and {len(students) - MOST_LISTED:,} more" if len(students) > MOST_LISTED else ""
    return [f"{what}: {'; '.join(students[:MOST_LISTED])}{more}"] if students else []


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
    name = re.sub(r"^Assignment:\s*|\s*\((\d+|Real)\)$", "", name.strip())
    return _keys(name, name.removesuffix(".ipynb"))


def _filled(
    form: Form,
    header: list[str],
    rows: list[list[_Cell]],
    graded: list[_Graded],
    columns: dict[int, set[str]],
) -> tuple[dict[_Cell, str], list[str]]:
    """Return the grade for each cell, and lines on who was found, who not, who may be several."""
    most_row = next((r for r in rows[1:] if form.most and r[0].text.strip() == form.most), None)
    places: dict[str, list[int]] = {}
    called: dict[int, str] = {}
    for number, row in enumerate(rows[1:], start=1):
        if row is most_row or len(row) < len(header):
            continue
        cells = {name: cell.text for name, cell in zip(header, row, strict=False)}
        parts = [cells.get(part, "") for part in form.names]
        ids = [re.sub(r"^Participant\s*", "", cells.get(part, "")) for part in form.ids]
        logins = [one.partition("@")[0] for one in ids if "@" in one]
        if keys := _keys("".join(parts), "".join(parts[::-1]), _turned(parts[0]), *ids, *logins):
            called[number] = " ".join(parts).strip() or next(filter(None, ids), "")
        for key in keys:
            places.setdefault(key, []).append(number)

    wanted: dict[tuple[int, int], list[_Graded]] = {}
    several: dict[str, None] = {}
    nobody = []
    for one in graded:
        fitting = [places[key] for key in one.keys if key in places]
        if not fitting:
            nobody.append(one.student)
        elif len(fitting[0]) > 1:
            several[one.student] = None
        else:
            for column, notebooks in columns.items():
                if notebooks & one.points.keys():
                    wanted.setdefault((fitting[0][0], column), []).append(one)

    changes = {}
    for (number, column), those in wanted.items():
        if len(those) > 1:
            several |= {one.student: None for one in those}
            continue
        points = [those[0].points[n] for n in columns[column] if n in those[0].points]
        total, most = (sum(part) for part in zip(*points, strict=True))
        row = rows[number]
        scale, has_comma = _most(form, header, row, most_row, column)
        grade = f"{total if scale is None or not most else total / most * scale:.6g}"
        changes[row[column]] = grade.replace(".", ",") if has_comma else grade
    found = {one.student for those in wanted.values() for one in those} - several.keys()
    handed_in = {number for number, _ in wanted}.union(
        *(places[key] for one in graded for key in one.keys if key in places)
    )
    return changes, [
        f"filled in {len(found)} of {len(graded)} students",
        *_listed("not in the gradebook", nobody),
        *_listed("several fit each other, and none was filled in", list(several)),
        *_listed(
            "in the gradebook without a grade from here",
            [name for number, name in called.items() if number not in handed_in],
        ),
    ]


def _turned(name: str) -> str:
    """Return "Last, First" as "First Last"."""
    last, comma, first = name.partition(",")
    return f"{first}{last}" if comma else name


def _most(
    form: Form,
    header: list[str],
    row: list[_Cell],
    most_row: list[_Cell] | None,
    column: int,
) -> tuple[float | None, bool]:
    """Return the most points that the platform gives, None where it does not say.

    And whether its numbers have a decimal comma.
    """
    text = ""
    if most_row is not None and column < len(most_row):
        text = most_row[column].text
    elif form.most in header:
        text = row[header.index(form.most)].text
    has_comma = any(re.fullmatch(r"\d+,\d+", one) for one in (text, row[column].text))
    try:
        return float(text.replace(",", ".")), has_comma
    except ValueError:
        return None, has_comma
