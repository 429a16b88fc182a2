"""Decide what of an output a page shows: the first of its forms that a page can show."""

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from workbook.live.output import MIME_TYPE, packed
from workbook_staff.notebooks import terminal
from workbook_staff.pages import limits, markdown, mathml, pictures, sanitize
from workbook_staff.pages.anchors import Anchors
from workbook_staff.pages.limits import Amounts, Held
from workbook_staff.pages.pictures import Sources

from nbformat import NotebookNode

NO_KERNEL = "An output that only a running notebook can show."
NOTHING = "An output with nothing to see in it was taken out."
STILL = "A still picture, without its data: execute the notebook again, and it runs here."

_LIVE_DATA = re.compile(r'<script type="application/json">(.*?)</script>', re.DOTALL)

# First to last: which form of an output is shown. Scripts and widgets are not, since they need a
# kernel or a host; their text is.
_FORMS = [
    "text/html",
    "text/markdown",
    "image/svg+xml",
    "text/latex",
    "image/png",
    "image/jpeg",
    "image/*",
    "video/*",
    "audio/*",
    "text/plain",
]
# How Python names an object that has no other text.
_NAMELESS = re.compile(r"\s*<[^<>\n]*(?: object| at 0x[0-9a-fA-F]+)>")


@dataclass(frozen=True)
class Piece:
    """A part of a page: ``kind`` says how it is laid out, ``text`` is what it holds.

    "text", "stderr" and "error" are plain text; "prose" and "rich" are HTML; a "picture" is a
    ``data:`` address; "told" is the page's own word. ``said`` is a word on what was cut off.
    """

    kind: str
    text: str
    said: str = ""
    alt: str = ""
    width: int = 0
    height: int = 0
    live: str = ""
    """JSON that the script of `workbook.live` wakes the picture with."""

    @property
    def columns(self) -> int:
        """The most cells of a row in it, 0 where there is no table."""
        return columns(self.text) if self.kind in ("rich", "prose") else 0

    @property
    def summary(self) -> str:
        """What stands for a folded text, "" where it is not folded."""
        lines = len(self.text.strip("\n").split("\n"))
        is_folded = self.kind in ("text", "stderr") and lines > limits.FOLD_LINES
        return f"{lines} lines of output" if is_folded else ""


@dataclass
class Outputs:
    """Turns the outputs of one notebook into pieces of its page, in which live ones may run."""

    clean: sanitize.Cleaner
    anchors: Anchors
    amounts: Amounts
    folder: Path
    runs_live: bool = False

    def pieces(self, outputs: list[NotebookNode]) -> list[Piece]:
        """Return what a page shows of a cell's outputs."""
        made: list[Piece] = []
        for output in _joined(outputs):
            piece = self._piece(output)
            if piece is None:
                continue
            if not self.amounts.holds("" if piece.kind == "picture" else piece.text):
                return [*made, Piece("told", "The page holds no more; the notebook does.")]
            made.append(piece)
        return made

    def _piece(self, output: NotebookNode) -> Piece | None:
        """Return what a page shows of an output, None where there is nothing in it."""
        kind = output.get("output_type")
        if kind == "stream":
            name = "stderr" if output.get("name") == "stderr" else "text"
            return _text(pictures.as_text(output.get("text", "")), name)
        if kind == "error":
            lines = output.get("traceback") or []
            trace = "\n".join(map(str, lines)) if isinstance(lines, list) else str(lines)
            named = f"{output.get('ename', '')}: {output.get('evalue', '')}"
            return _text(trace, "error") or _text(named, "error")
        data = output.get("data")
        return self._bundle(output, data) if isinstance(data, dict) and data else None

    def _bundle(self, output: NotebookNode, data: dict[str, Any]) -> Piece | None:
        """Return the first form of an output that a page can show."""
        why = ""
        for kind in _in_order(data):
            try:
                piece = self._form(kind, data[kind], output, data)
            except pictures.PictureError as error:
                why = f"{pictures.alt(output)}: the picture is not shown, since {error}."
                continue
            if piece:
                return piece
        source = pictures.as_text(data.get("text/html", ""))
        if why:
            return Piece("told", why)
        if sanitize.has_script(source):
            return Piece("told", sanitize.SCRIPT_ONLY)
        if source.strip():
            return Piece("told", NOTHING)
        return None if data.keys() <= set(_FORMS) else Piece("told", NO_KERNEL)

    def _form(
        self, kind: str, value: Any, output: NotebookNode, data: dict[str, Any]
    ) -> Piece | None:
        """Return one form of an output, None where there is nothing to see in it.

        Raises:
            PictureError: It is a picture, and cannot be shown.
        """
        text = pictures.as_text(value)
        if kind == "text/html":
            return self._html(text)
        if kind == "text/markdown":
            made = markdown.rendered(text, self.clean, self.anchors, self.amounts, self.folder)
            return Piece("prose", made) if sanitize.shows(made) else None
        if kind == "text/latex":
            if len(text) > limits.KEEP_MARKDOWN:
                return Piece("prose", markdown.as_written(text))
            return Piece("prose", mathml.prose(terminal.printable(text))) if text.strip() else None
        if kind.startswith("image/"):
            return self._picture(kind, value, output, data)
        if kind.startswith(("video/", "audio/")):
            player = kind.partition("/")[0]
            address = html.escape(f"data:{kind};base64,{''.join(text.split())}")
            return self._html(f'<{player} src="{address}"></{player}>')
        if _NAMELESS.match(text) and len(data) > 1:
            return None
        return _text(text, "text")

    def _html(self, text: str) -> Piece | None:
        held = Held()
        text = held.without_payloads(terminal.printable(text), self.amounts)
        part, said = limits.cut_html(text)
        made = self.clean(part, Sources(self.folder, self.amounts, held), ())
        if not sanitize.shows(made):
            return None
        return Piece("rich", held.back(sanitize.without_empty_headers(made)), said)

    def _picture(self, kind: str, value: Any, output: NotebookNode, data: dict[str, Any]) -> Piece:
        address = pictures.from_base64(kind, value)
        if not self.amounts.holds_data(address):
            raise pictures.PictureError("the page holds too much already")
        size = (output.get("metadata") or {}).get(kind)
        width, height = (_pixels(size, side) for side in ("width", "height"))
        made = Piece("picture", address, alt=pictures.alt(output), width=width, height=height)
        if not self.runs_live or MIME_TYPE not in data:
            return made
        alive = _live_data(pictures.as_text(data.get("text/html", "")))
        return replace(made, live=alive, said="" if alive else STILL)


def _live_data(text: str) -> str:
    """Return the data in a live output's HTML as `packed`, "" where there is none."""
    found = _LIVE_DATA.search(text)
    try:
        # Read and written again: whatever it was, now it is JSON without a tag.
        return packed(json.loads(found[1])) if found else ""
    except ValueError:
        return ""


def columns(text: str) -> int:
    """Return the most cells of a table's row in HTML, 0 where there is no table."""
    rows = re.split(r"<tr\b", text)[1:]
    return max((len(re.findall(r"<t[dh]\b", row)) for row in rows), default=0)


def _text(text: str, kind: str) -> Piece | None:
    """Return what a terminal would show, None where that is nothing."""
    read = text[: limits.READ_CHARACTERS]
    # The end of an error says what it was.
    kept, said = limits.cut(terminal.plain(read), last=kind == "error")
    if len(read) < len(text) and not said:
        said = f"The page holds what came of the first {len(read):,} characters of {len(text):,}."
    return Piece(kind, kept, said) if kept.strip() else None


def _joined(outputs: list[NotebookNode]) -> Iterator[NotebookNode]:
    """Yield the outputs, with what a program wrote piece by piece in one."""
    for (kind, _), group in groupby(outputs, lambda o: (o.get("output_type"), o.get("name"))):
        if kind == "stream":
            first, *rest = group
            text = "".join(pictures.as_text(part.get("text", "")) for part in (first, *rest))
            yield NotebookNode(first | {"text": text})
        else:
            yield from group


def _in_order(data: dict[str, Any]) -> list[str]:
    """Return the forms of an output that a page may show, the best first.

    A live output's HTML is for notebooks: a page wakes its picture.
    """
    data = {kind: v for kind, v in data.items() if kind != "text/html" or MIME_TYPE not in data}
    forms = {kind: kind if kind in _FORMS else f"{kind.partition('/')[0]}/*" for kind in data}
    shown = [kind for kind, form in forms.items() if form in _FORMS]
    return sorted(shown, key=lambda kind: _FORMS.index(forms[kind]))


def _pixels(size: Any, side: str) -> int:
    """Return a side of a picture in pixels, 0 where its metadata has none that can be."""
    found = size.get(side) if isinstance(size, dict) else None
    return int(found) if isinstance(found, int | float) and 1 <= found <= 10_000 else 0
