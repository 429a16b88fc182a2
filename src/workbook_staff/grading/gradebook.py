"""Fill in the gradebook that a learning platform exports.

Platforms are known by the form of their files, not by the words in them, which are in the teacher's
language. A grade goes only where it is sure whose the row is, and over nothing that somebody has
put there.

The forms: https://community.canvaslms.com (Gradebook CSV), https://docs.moodle.org/en/Grade_export
(and Grading worksheets), https://help.blackboard.com (Work Offline with Grade Data),
https://community.d2l.com (Export Grades), and the Gradebook of https://www.sakailms.org.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from workbook.errors import GradingError, listing
from workbook_staff.grading import roster, sheet, tables
from workbook_staff.grading.result import HandIn
from workbook_staff.grading.roster import Row
from workbook_staff.grading.sheet import Sheet
from workbook_staff.grading.students import words

MOST_LISTED = 40
"""How many students a line lists by name."""

_NO_GRADE = {"", "-", "–", "—", "null", "needs grading", "in progress"}
"""What a platform writes where there is no grade yet."""

# What platforms put around an assignment's name: "Assignment: " before it; after it a number or a
# kind in parentheses, the most points in brackets, or Blackboard's own number after a bar.
_AROUND = (
    re.compile(r"\s*(\([^()]*\)|\[[^\[\]]*\]|\|\s*(id:\s*)?[\d_]+)$"),
    re.compile(r"^[^:\[(|]*:\s*"),
)
# Brightspace's "NAME Points Grade <Numeric MaxPoints:10>", whose words are translated.
_BRIGHTSPACE = re.compile(r"(.+) Points Grade(?: *<[^<>]*>)?$|(.+) *<[^<>]*>$", re.IGNORECASE)
_ITEM = re.compile(r"^[^:]+: |[)\]>]$|\|\s*(id:\s*)?[\d_]+$| Points Grade$", re.IGNORECASE)
# Sakai's columns for a comment, and for what it does not read.
_NOT_READ = re.compile(r"[*#] ")
# ILIAS' sheet of one assignment: the first column says which rows are read.
_ILIAS = ("update", "mark")
# What is no number of points, and the most points of a worksheet, in languages that do not tell
# by what stands below.
_OTHER = re.compile(
    r"perc|proz|por[ck]|pourc|процент|letter|buchst|feedback|comment|kommentar|rückm", re.IGNORECASE
)
_MOST = re.compile(r"^max|máx|best|макс|maks", re.IGNORECASE)
_MOST_WITHIN = re.compile(r"(?:MaxPoints:|\[(?:[^\[\]]*?\s)??)([\d.,]+)")


def fill(
    file: Path, hand_ins: Iterable[HandIn], folder: Path, overwrite: bool = False
) -> list[str]:
    """Write a copy of an exported gradebook with the grades into a folder; say what was filled in.

    A grade is the weighted sum of what is right; where the file tells the most points that there
    are, it is that share of them. What is not filled in is listed with the reason. What somebody
    has put there stays, but for ``overwrite``.

    Raises:
        GradingError: It is no gradebook that is known, or has no column for these notebooks.
        OSError: It cannot be read, or the copy cannot be written.
    """
    hand_ins = list(hand_ins)
    weights = tables.weights(folder)
    points: dict[str, dict[str, float]] = {one.student: {} for one in hand_ins}
    most: dict[str, float] = {}
    for one in hand_ins:
        if any(result.outcome for result in one.results):
            results = {result.exercise: result for result in one.results}
            mine, there_are = tables.grade(results, weights, results)
            points[one.student][one.notebook] = mine
            most[one.notebook] = max(there_are, most.get(one.notebook, 0))
    table = sheet.read(file, lambda header: any(_called(header, n) for n in most))
    columns = _columns(file, table, sorted(most))
    items = [n for n, name in enumerate(table.header) if n in columns or _ITEM.search(name)]
    first = min(items, default=len(table.header))
    decimal = sheet.decimal(table, range(first, len(table.header)))
    everybody = {one.student: one.who for one in hand_ins}
    rows = roster.rows(table, first, max(columns, default=0), everybody.values())
    found = {student: roster.row_of(who, rows) for student, who in everybody.items()}
    taken = Counter(row.number for row in found.values() if isinstance(row, Row))

    told: dict[str, list[str]] = defaultdict(list)
    done = 0
    for student, row in found.items():
        if not points[student]:
            told["nothing was verified, nor filled in, of"].append(student)
        elif isinstance(row, str):
            told[row].append(student)
        elif taken[row.number] > 1:
            told["several fit one row, and none was filled in"].append(student)
        elif row.fault:
            told[row.fault].append(student)
        else:
            kept = []
            for column, notebooks in columns.items():
                if points[student].keys() & set(notebooks):
                    got = sum(points[student].get(n, 0) for n in notebooks)
                    share = got, sum(most[n] for n in notebooks)
                    reason = _put(table, row, column, share, decimal, overwrite)
                    kept += [reason] if reason else []
            for reason in kept:
                told[reason].append(student)
            done += not kept
    for row in rows:
        if not taken[row.number]:
            why = f", and {row.fault}" if row.fault else ""
            told[f"in the gradebook without a grade from here{why}"].append(str(row))
    target = folder / f"{file.stem}-filled{file.suffix}"
    table.write(target)
    lines = [f"{why}: {listing(students, MOST_LISTED, '; ')}" for why, students in told.items()]
    if table.encoding == "cp1252" and "not in the gradebook" in told:
        lines.append("the file is not in UTF-8, so its names may be garbled: save it as CSV UTF-8")
    return [f"filled in {done} of {len(everybody)} students", *lines, str(target)]


def _columns(file: Path, table: Sheet, notebooks: list[str]) -> dict[int, list[str]]:
    """Return which column takes the grade of which notebooks.

    Raises:
        GradingError: A notebook has no column, or several.
    """
    known = {one: _of_points(table, _called(table.header, one)) for one in notebooks}
    columns = {places[0]: [one] for one, places in known.items() if len(places) == 1}
    if not any(known.values()) and (column := _one_assignment(table, notebooks)):
        columns = {column: notebooks}
    if missing := sorted(set(notebooks) - {one for those in columns.values() for one in those}):
        raise GradingError(
            f"{file}: expected one column for each of {', '.join(missing)}, called like the "
            f"notebook; found the columns {', '.join(table.header)[:300]}. Name the assignment "
            "so, and export the gradebook again"
        )
    return columns


def _called(header: Sequence[str], notebook: str) -> list[int]:
    """Return the columns that are called like a notebook."""
    wanted = words(notebook)
    return [
        number
        for number, name in enumerate(header)
        if not _NOT_READ.match(name)
        and any(words(one.removesuffix(".ipynb")) == wanted for one in _names(name))
    ]


def _names(heading: str) -> list[str]:
    """Return what an assignment may be called, with ever less of what platforms put around it."""
    if brightspace := _BRIGHTSPACE.match(heading):
        if brightspace[1]:
            return [brightspace[1]]
        parts = brightspace[2].split()
        # A number is no word of the platform's, but part of the name.
        cuts = range(len(parts) - 1, max(0, len(parts) - 5), -1)
        return [" ".join(parts[:n]) for n in cuts if not re.search(r"\d", "".join(parts[n:]))]
    names = [heading]
    for around in _AROUND:
        for name in [*names]:
            while name != (name := around.sub("", name)):
                names.append(name)
    return names


def _of_points(table: Sheet, columns: list[int]) -> list[int]:
    """Return those that hold points; of the kinds of one assignment, of which Moodle writes several
    with the points first, only that one."""
    kept = [
        n
        for n in columns
        if not _OTHER.search(table.header[n]) and not any("%" in cell for cell in table.column(n))
    ]
    return (
        kept[:1]
        if len({re.sub(r"\([^()\d]*\)$", "", table.header[n]) for n in kept}) == 1
        else kept
    )


def _one_assignment(table: Sheet, notebooks: list[str]) -> int:
    """Return the column for the grade in a sheet of one assignment, 0 where it is none."""
    if table.header[0] == _ILIAS[0] and _ILIAS[1] in table.header:
        return table.header.index(_ILIAS[1])
    if table.head and any(_called(table.rows[0][:1], one) for one in notebooks):
        return 4  # Sakai's, with the assignment's name above: two ids, two names, the grade
    if not roster.is_identifier(table.column(0)):
        return 0
    # Moodle's: before the most points, which are the same for all.
    called = [n for n, name in enumerate(table.header) if n > 1 and _MOST.search(name)]
    full = sum(map(any, table.rows)) - table.head - 1
    alike = [
        n
        for n in range(2, len(table.header))
        if len(cells := table.column(n)) == full
        and len(set(cells)) == 1
        and sheet.number(cells[0], ",") is not None
        and all(re.match(r"[\d-]", cell) for cell in table.column(n - 1))
    ]
    return next(iter((called or alike)[-1:]), 1) - 1


def _put(
    table: Sheet,
    row: Row,
    column: int,
    share: tuple[float, float],
    decimal: str,
    overwrite: bool,
) -> str:
    """Write a grade into its cell; return why it is not written, "" where it is."""
    cells = table.rows[row.number]
    grade, there_are = share
    name = table.header[column]
    if said := _most(table, cells, column):
        most = sheet.number(said, decimal)
        if not most or not there_are:
            return f"the most points of {name!r}, {said!r}, are no number to take a share of"
        grade = grade / there_are * most
    text = f"{grade:.4f}".rstrip("0").rstrip(".").replace(".", decimal)
    there = cells[column].strip().casefold()
    if (
        there not in _NO_GRADE
        and not overwrite
        and sheet.number(there, decimal) != sheet.number(text, decimal)
    ):
        return f"kept, since something is there in {name!r} (--overwrite replaces it)"
    table.put(row.number, column, text)
    if table.header[0] == _ILIAS[0]:
        table.put(row.number, 0, "1")
    return ""


def _most(table: Sheet, cells: list[str], column: int) -> str:
    """Return what the file says of the most points: in a row, the heading, or the next column."""
    for row in table.rows[table.head + 1 :]:
        if roster.is_most(row):
            return row[column].strip() if column < len(row) else ""
    if within := _MOST_WITHIN.search(table.header[column]):
        return within[1]
    if roster.is_identifier(table.column(0)):
        return cells[column + 1].strip() if column + 1 < len(cells) else ""
    return ""
