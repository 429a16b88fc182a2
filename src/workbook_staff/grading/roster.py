"""Whose the rows of a gradebook are, and which of them is a student's."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from workbook_staff.grading.sheet import Sheet
from workbook_staff.grading.students import UNSPACED, Identity, spelled_alike, words

IDENTIFIER = re.compile(r"(\D{3,}?)\s*(\d+)")
"""A student in a worksheet of Moodle's, in any language: "Participant 12", "Teilnehmer/in12"."""


@dataclass
class Row:
    """A student's row, the sheet's ``number``-th.

    ``name`` is the student's as hand-ins of this class have it, ``ways`` are all ways to read it;
    ``called`` are the words of those that fit the class equally well.
    ``own`` are the platforms' own numbers, ``ids`` all numbers, logins and addresses, without
    capitals; ``logins`` those by which people log in. ``fault`` says why nothing is filled in.
    """

    number: int
    name: str = ""
    ways: list[str] = field(default_factory=list)
    called: set[tuple[str, ...]] = field(default_factory=set)
    own: dict[str, str] = field(default_factory=dict)
    ids: set[str] = field(default_factory=set)
    logins: set[str] = field(default_factory=set)
    fault: str = ""

    def __str__(self) -> str:
        """Return what people call the student."""
        return self.name or min(self.ids, default="?")


def is_identifier(cells: list[str]) -> bool:
    """Return whether cells are Moodle's identifiers: the same word in all, and each its number.

    The word has letters of both cases, if its script has cases: a login has not.
    """
    found = [said for cell in cells if (said := IDENTIFIER.fullmatch(cell))]
    word = found[0][1] if found else ""
    return (
        0 < len(found) == len(cells) == len({*cells})
        and {said[1] for said in found} == {word}
        and not (word.islower() or word.isupper())
    )


def rows(sheet: Sheet, columns: int, last: int, everybody: Iterable[Identity]) -> list[Row]:
    """Return the students' rows.

    The first ``columns`` say who it is. Which of them are the name, and in which order its parts
    stand, is seen by the names of ``everybody`` who handed in. ``last`` is the last column that a
    grade goes to.
    """
    cells = {n: sheet.column(n) for n in range(columns)}
    identifier = 0 if is_identifier(cells.get(0, [])) else None
    canvas = next((n for n in cells if n != identifier and sheet.header[n] == "ID"), None)
    named = [n for n in cells if n != identifier and _are(_is_name, cells[n])]
    ids = [
        n
        for n in cells
        if n not in named and _are(_is_id, cells[n]) and len(set(cells[n])) == len(cells[n])
    ]
    forms: list[tuple[tuple[int, ...], int]]
    forms = [((n,), way) for n in named if _are(_is_whole, cells[n]) for way in (1, -1)]
    forms += [((a, b), way) for a in named for b in named if b == a + 1 for way in (1, -1)]
    forms = forms or [((n,), 1) for n in named[:1]]
    wanted = {words(one.name) for one in everybody} - {()}

    def read(row: list[str], form: tuple[tuple[int, ...], int]) -> str:
        parts = [row[n].strip() for n in form[0] if n < len(row)]
        if len(parts) == 1:  # "Last, First"
            last_name, _, first_name = parts[0].partition(",")
            parts = [first_name.strip(), last_name.strip()]
        return " ".join(parts[:: form[1]]).strip()

    body = [(n, row) for n, row in enumerate(sheet.rows) if n > sheet.head and any(row)]
    if not body:
        return []
    fitting = [sum(words(read(row, form)) in wanted for _, row in body) for form in forms]
    usual = max(len(sheet.header), Counter(len(row) for _, row in body).most_common(1)[0][0])
    found = []
    for number, row in body:
        one = Row(number, ways=[read(row, form) for form in forms])
        one.name = one.ways[fitting.index(max(fitting))] if forms else ""
        equal = zip(one.ways, fitting, strict=True)
        one.called = {words(way) for way, fits in equal if fits == max(fitting)} - {()}
        one.ways = [way for way in dict.fromkeys(one.ways) if way]
        told = {n: row[n].strip() for n in cells if n < len(row) and row[n].strip()}
        if identifier in told and (said := IDENTIFIER.fullmatch(told[identifier])):
            one.own["Moodle"] = said[2]
            one.ways.append(said[1])  # what blind marking calls everybody
        if canvas in told:
            one.own["Canvas"] = told[canvas]
        for n in ids:
            if cell := told.get(n, "").removeprefix("#").casefold():
                one.ids |= {cell, cell.partition("@")[0]}
                if "@" not in cell and not cell.isdecimal():
                    one.logins.add(cell)
        one.ids |= set(one.own.values())
        if len(row) <= max([last, *cells]):
            one.fault = "their row is cut short"
        elif len(row) > usual or any(cell.strip() for cell in row[len(sheet.header) :]):
            one.fault = "their row has more cells than the heading"
        if (one.ways or one.ids) and not is_most(row):
            found.append(one)
    return found


def is_most(row: list[str]) -> bool:
    """Return whether a row is Canvas' second, or third, which holds the most points."""
    return bool(row) and (row[0].startswith("  ") or row[0].strip() == "Points Possible")


def row_of(who: Identity, found: list[Row]) -> Row | str:
    """Return the row that is sure to be a student's, else why none is."""
    by_name = [row for row in found if words(who.name) in row.called]
    is_free = who.platform in ("", "nbgrader")  # a person's words: a name, a login or a number
    is_own = bool(who.number) and any(who.platform in row.own for row in found)
    if is_own:
        by_number = [row for row in found if row.own.get(who.platform) == who.number]
    else:
        told = {who.login, who.number if is_free else "", "" if who.number else who.name}
        ids = {one.casefold() for one in told if is_free or one == who.login} - {""}
        by_number = [row for row in found if ids & row.ids]
    if is_free and not who.number:
        return _the_one([row for row in found if row in by_name or row in by_number])
    if by_number:
        row = _the_one(by_number)
        if isinstance(row, Row) and who.name and row.ways and not _agree(who, row):
            return "the row of their number has another name"
        return row
    if who.platform == "Canvas":
        return "not in the gradebook"  # its names have lost their blanks
    row = _the_one(by_name)
    if isinstance(row, Row) and (
        (is_own and who.platform in row.own)
        or (who.login and row.logins)
        or (is_free and any(one.isdecimal() for one in row.ids))
    ):
        return "the row of their name has another number"
    return row


def _the_one(fitting: list[Row]) -> Row | str:
    if not fitting:
        return "not in the gradebook"
    return fitting[0] if len(fitting) == 1 else "several rows of the gradebook fit them"


def _agree(who: Identity, row: Row) -> bool:
    # A team's name may stand before the student's.
    teams = [way for way in row.ways if who.name.endswith(f"-{way}")]
    return bool(teams) or any(spelled_alike(who.name, way) for way in row.ways)


def _are(kind: Callable[[str], bool], cells: list[str]) -> bool:
    """Return whether most cells of a column are of a kind; "-" and "." stand for no name."""
    told = [cell for cell in cells if any(map(str.isalnum, cell))]
    return 2 * sum(map(kind, told)) > len(told)


def _is_name(cell: str) -> bool:
    """Return whether a cell may be a name: letters, and no login, which has no capitals."""
    has_letters = any(letter.isalpha() for letter in cell)
    return has_letters and not re.search(r"[\d@#]", cell) and not _is_id(cell)


def _is_whole(cell: str) -> bool:
    """Return whether a name is a whole one: of two words, or of a script that sets no blanks."""
    return bool(re.search(rf"\S[\s,]+\S|{UNSPACED}{{2}}", cell))


def _is_id(cell: str) -> bool:
    """Return whether a cell may be a number, a login or an address."""
    return bool(re.fullmatch(r"#?[\w.+-]*[\d@][\w.@+-]*|#?[a-z][a-z._-]+", cell))
