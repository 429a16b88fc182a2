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
from workbook.errors import NotebookError

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

    ``head`` is the heading's place among the rows: some files have a line or two above it.
    ``said`` is Excel's own first line ("sep=;"), "" where there is none.
    """

    rows: list[list[str]]
    head: int
    delimiter: str
    ending: str
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

    def write(self, target: Path) -> None:
        """Write the rows in the form and alphabet that the file had; quotes only where needed.

        Raises:
            OSError: The file cannot be written.
        """
        text = io.StringIO(newline="")
        writer = csv.writer(text, delimiter=self.delimiter, lineterminator=self.ending)
        writer.writerows(self.rows)
        errors = "surrogateescape" if self.encoding == "cp1252" else "strict"
        with paths.writing(target) as path:
            made = (self.said + text.getvalue()).encode(self.encoding, errors)
            path.write_bytes(self.mark + made)


def read(file: Path, is_known: Callable[[Sequence[str]], bool]) -> Sheet:
    """Return what a file holds, by the separator whose heading ``is_known``, or else fits best.

    Raises:
        NotebookError: It is empty, or a spreadsheet's own file.
        OSError: It cannot be read.
    """
    raw = file.read_bytes()
    if raw.startswith((b"PK\3\4", b"\xd0\xcf\x11\xe0")):
        raise NotebookError(f"{file}: a spreadsheet's own file; expected CSV: save it as that")
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
        raise NotebookError(
            f"{file}: it is empty; expected a gradebook as a learning platform exports it"
        )
    ending = next(iter(re.findall(r"\r\n|\r|\n", text)), "\n")
    sheets = []
    for delimiter in first[1] if first else ",;\t":
        rows = _parsed(text, delimiter)
        filled = [sum(map(bool, row)) for row in rows[:6]]
        head = next(n for n, cells in enumerate(filled) if cells and 2 * cells > max(filled))
        sheets.append(Sheet(rows, head, delimiter, ending, mark, encoding, said))
    return max(sheets, key=lambda sheet: (is_known(sheet.header), *_fit(sheet)))


def _parsed(text: str, delimiter: str) -> list[list[str]]:
    # Older Moodles write a blank before a quoted heading; elsewhere blanks are part of a cell.
    has_blanks = re.search(rf'{delimiter} +"', re.split(r"[\r\n]", text, maxsplit=1)[0])
    most = csv.field_size_limit(len(text) + 1)
    try:
        lines = io.StringIO(text, newline="")
        return [*csv.reader(lines, delimiter=delimiter, skipinitialspace=bool(has_blanks))]
    finally:
        csv.field_size_limit(most)


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
