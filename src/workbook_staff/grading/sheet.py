"""A sheet of CSV as a spreadsheet or a learning platform writes it: read, and written again."""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbook import paths
from workbook.errors import GradingError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"", "utf-8"),
)
_ENGLISH = re.compile(r"\b(name|surname|student|username|identifier|orgdefinedid)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Sheet:
    """The cells of a file, row by row, and how they were written.

    ``texts`` are the rows as they stand in the file, with their line ends; ``cell`` finds a cell in
    them, its first group. ``head`` is the heading's place among the rows: some files have a line or
    two above it. ``said`` is Excel's own first line ("sep=;"), "" where there is none.
    """

    rows: list[list[str]]
    texts: list[str]
    cell: re.Pattern[str]
    head: int
    delimiter: str
    mark: bytes
    encoding: str
    said: str

    @property
    def header(self) -> list[str]:
        """Return the cells of the heading, without blanks around them."""
        return [cell.strip() for cell in self.rows[self.head]]

    def column(self, number: int) -> list[str]:
        """Return what stands below a heading; blank cells are left out."""
        cells = (row[number].strip() for row in self.rows[self.head + 1 :] if number < len(row))
        return [cell for cell in cells if cell]

    def put(self, row: int, column: int, cell: str) -> None:
        """Replace a cell, in quotes where it had them or needs them; nothing else is touched."""
        text = self.texts[row]
        there = [*self.cell.finditer(text)][column]
        has_quotes = there[1].endswith('"') or self.delimiter in cell
        made = f'"{cell}"' if has_quotes else cell
        self.texts[row] = text[: there.start(1)] + made + text[there.end(1) :]
        self.rows[row][column] = cell

    def write(self, target: Path) -> None:
        """Write the rows as they stood in the file, but for the cells that were put there.

        Raises:
            OSError: The file cannot be written.
        """
        errors = "surrogateescape" if self.encoding == "cp1252" else "strict"
        made = (self.said + "".join(self.texts)).encode(self.encoding, errors)
        paths.write(target, self.mark + made)


def read(file: Path, is_known: Callable[[Sequence[str]], bool]) -> Sheet:
    """Return what a file holds, by the separator whose heading ``is_known``, or else fits best.

    Raises:
        GradingError: It is empty, or a spreadsheet's own file.
        OSError: It cannot be read.
    """
    raw = file.read_bytes()
    if raw.startswith((b"PK\3\4", b"\xd0\xcf\x11\xe0")):
        raise GradingError(f"{file}: a spreadsheet's own file; expected CSV: save it as that")
    mark, encoding = next(kind for kind in _MARKS if raw.startswith(kind[0]))
    try:
        text = raw[len(mark) :].decode(encoding)
    except UnicodeDecodeError:
        mark, encoding = b"", "cp1252"
        text = raw.decode(encoding, "surrogateescape")
    first = re.match(r'"?sep=(.)"?(?:\r\n|\r|\n)', text, re.IGNORECASE)
    said = first[0] if first else ""
    text = text[len(said) :]
    if not text.strip():
        raise GradingError(
            f"{file}: it is empty; expected a gradebook as a learning platform exports it"
        )
    sheets = []
    for delimiter in first[1] if first else ",;\t":
        rows, texts, cell = _parsed(text, delimiter)
        filled = [sum(map(bool, row)) for row in rows[:6]]
        head = next(n for n, cells in enumerate(filled) if cells and 2 * cells > max(filled))
        sheets.append(Sheet(rows, texts, cell, head, delimiter, mark, encoding, said))
    return max(sheets, key=lambda sheet: (is_known(sheet.header), *_fit(sheet)))


def _parsed(text: str, delimiter: str) -> tuple[list[list[str]], list[str], re.Pattern[str]]:
    """Return the cells of each row, its text, and what finds a cell in that."""
    # Older Moodles write a blank before a quoted heading; elsewhere blanks are part of a cell.
    first = re.split(r"[\r\n]", text, maxsplit=1)[0]
    has_blanks = bool(re.search(rf'{re.escape(delimiter)} +"', first))
    lines = [*io.StringIO(text, newline="")]
    rows, texts, end = [], [], 0
    most = csv.field_size_limit(len(text) + 1)
    try:
        reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=has_blanks)
        for row in reader:
            rows.append(row)
            texts.append("".join(lines[end : reader.line_num]))
            end = reader.line_num
    finally:
        csv.field_size_limit(most)
    plain = rf"[^{re.escape(delimiter)}\r\n]*"
    quoted = rf'"(?:[^"]|"")*"{plain}'
    blanks = " *" if has_blanks else ""
    return rows, texts, re.compile(rf"{blanks}({quoted}|{plain})(?:$|.)", re.DOTALL)


def _fit(sheet: Sheet) -> tuple[bool, float, int]:
    """Return how well a separator fits: whether it separates, and in how many rows alike."""
    width = len(sheet.header)
    below = [len(row) for row in sheet.rows[sheet.head + 1 :] if row]
    return width > 1, below.count(width) / max(1, len(below)), width


def number(text: str, decimal: str) -> float | None:
    """Return a number as it is written with a decimal point or comma, None where it is none.

    "1,000.00", "1.000,00" and "1 000" are read as what they are.
    """
    text = re.sub(r"[\s'\u2019]", "", text)
    if {",", "."} <= set(text):
        decimal = text[max(text.rfind(","), text.rfind("."))]
    thousands = "," if decimal == "." else "."
    one, many = re.escape(decimal), re.escape(thousands)
    if not re.fullmatch(rf"[+-]?(\d+|\d{{1,3}}({many}\d{{3}})+)({one}\d*)?", text):
        return None
    return float(text.replace(thousands, "").replace(decimal, "."))


def decimal(sheet: Sheet, columns: Iterable[int]) -> str:
    """Return "," or ".": what the numbers in these columns have before their fractions.

    Where no number tells, it is the comma for those who separate cells by semicolons, which they
    do because of it, and for those whose headings are not English.
    """
    seen: Counter[str] = Counter()
    for column in columns:
        for cell in sheet.column(column):
            # Three digits after it may be thousands, unless those have another mark.
            if found := re.fullmatch(
                r"\d+([.,])(?!\d{3}$)\d+|\d+(?:,\d{3})+(\.)\d+|\d+(?:\.\d{3})+(,)\d+", cell
            ):
                seen[found[1] or found[2] or found[3]] += 1
    if seen[","] != seen["."]:
        return "," if seen[","] > seen["."] else "."
    return "," if sheet.delimiter == ";" or not _ENGLISH.search(" ".join(sheet.header)) else "."
