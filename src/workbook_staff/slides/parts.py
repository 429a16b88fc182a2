"""The parts of a slide, with the room that each takes; what is too long is cut off, and says so."""

import html
import re
from dataclasses import dataclass

from workbook_staff.pages import export
from workbook_staff.pages.export import Cell
from workbook_staff.pages.outputs import Piece

from bs4 import BeautifulSoup

HEIGHT = 640
"""Pixels of a slide of 1280 by 720, without its margins."""

TITLE_HEIGHT = 90
"""Pixels that a slide's title takes, with its section above it."""

CODE_LINES, TEXT_LINES, ROWS = 24, 16, 11
"""The most that a slide shows of a cell's code, of what it printed, and of a table or a list."""

# Of each kind of text: the height of a line, and how many characters it holds.
_WORDS, _CODE, _TEXT = (42, 76), (31, 84), (31, 84)
_ROW = 42
_FORMULA = 80
_GAP = 16
# The least height at which a figure is readable.
_FIGURE = 290
# A figure whose height is more than this share of its width stands beside the text.
_TALL = 0.72


@dataclass(frozen=True)
class Part:
    """A part of a slide: ``text`` is HTML, ``height`` the pixels that it takes.

    ``kind`` is "lead" (a sentence), "shown" (other prose), "code", or of what came of code "text",
    "rich" or "figure".
    """

    kind: str
    text: str
    height: float
    is_tall: bool = False

    @property
    def words(self) -> str:
        """A sentence without the element around it."""
        return re.sub(r"^<p>|</p>$", "", self.text)


def lead(text: str) -> Part:
    """Return a sentence, a ``<p>``."""
    return Part("lead", text, _lines(_plain(text), _WORDS))


def standing(text: str) -> Part:
    """Return a list, a table, a formula, a picture or code that stands in prose."""
    soup = BeautifulSoup(text, "html.parser")
    if soup.find("tr"):
        return _table(soup)
    items = soup.find_all("li")
    for item in items[ROWS:]:
        item.decompose()
    said = _rest(len(items) - ROWS, "points")
    height = sum(_lines(item.get_text(), _WORDS) for item in items[:ROWS])
    height = height or _lines(_plain(text), _WORDS)
    height += _FORMULA * len(soup.find_all("math", attrs={"display": "block"}))
    return Part("shown", str(soup) + said, height + _FIGURE * len(soup.find_all("img")))


def code(cell: Cell, language: str) -> list[Part]:
    """Return the code of a cell, if there is any."""
    if not cell.text:
        return []
    source = cell.source.source.strip("\n")
    lines = source.split("\n")
    kept, said = "\n".join(lines[:CODE_LINES]), _rest(len(lines) - CODE_LINES)
    text = export.code(kept, language).replace(' tabindex="0"', "")
    return [Part("code", text + said, _lines(kept, _CODE) + _GAP)]


def outputs(pieces: list[Piece]) -> list[Part]:
    """Return what came of a cell."""
    parts: list[Part] = []
    printed: list[str] = []
    for piece in pieces:
        text = _printed(piece)
        if text is not None:
            printed.append(text)
            continue
        parts += _text(printed)
        printed = []
        if piece.kind == "picture":
            parts.append(_figure(piece))
        elif piece.kind == "told":
            parts.append(Part("text", f'<p class="told">{html.escape(piece.text)}</p>', 40))
        else:
            parts.append(_rich(piece.text))
    return parts + _text(printed)


def _printed(piece: Piece) -> str | None:
    """Return what a piece of output holds if it is plain text, however it is written."""
    if piece.kind in ("text", "stderr", "error"):
        return piece.text.strip("\n")
    if piece.kind == "rich":
        soup = BeautifulSoup(piece.text, "html.parser")
        if all(tag.name == "pre" for tag in soup.find_all(recursive=False)) and soup.find("pre"):
            return soup.get_text().strip("\n")
    return None


def _text(printed: list[str]) -> list[Part]:
    """Return what was printed, the beginning of what is long."""
    lines = "\n".join(printed).split("\n") if printed else []
    if not lines:
        return []
    kept = "\n".join(lines[:TEXT_LINES])
    text = f"<pre>{html.escape(kept)}</pre>{_rest(len(lines) - TEXT_LINES)}"
    return [Part("text", text, _lines(kept, _TEXT) + _GAP)]


def _rich(text: str) -> Part:
    soup = BeautifulSoup(text, "html.parser")
    if soup.find("tr"):
        return _table(soup)
    return Part("rich", text, _lines(_plain(text), _WORDS) + _FIGURE * len(soup.find_all("img")))


def _table(soup: BeautifulSoup) -> Part:
    """Return a table, the first rows of a long one."""
    rows = soup.find_all("tr")
    for row in rows[ROWS:]:
        row.decompose()
    kept = min(len(rows), ROWS)
    return Part("rich", str(soup) + _rest(len(rows) - kept, "rows"), _ROW * kept + _GAP)


def _figure(piece: Piece) -> Part:
    size = f' style="--width: {piece.width}; --height: {piece.height}"' if piece.width else ""
    text = (
        f'<figure{size}><img src="{html.escape(piece.text)}" alt="{html.escape(piece.alt)}">'
        "</figure>"
    )
    return Part("figure", text, _FIGURE, bool(piece.width) and piece.height > _TALL * piece.width)


def _rest(count: int, what: str = "lines") -> str:
    return f'<p class="rest">… {count} more {what} in the notebook</p>' if count > 0 else ""


def _plain(text: str) -> str:
    return BeautifulSoup(text, "html.parser").get_text()


def _lines(text: str, kind: tuple[int, int]) -> float:
    """Return the height of a text whose long lines are broken."""
    height, characters = kind
    return height * sum(1 + max(len(line) - 1, 0) // characters for line in text.split("\n"))
