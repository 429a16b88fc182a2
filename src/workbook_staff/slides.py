"""Slides of the notebooks for a lecture: one file each, which needs nothing but a browser.

They are made of the outputs that are stored: nothing is executed, and of what a notebook holds
nothing can run. No notebook has to be marked for them:

- A heading opens a slide, and so do words that come after code.
- Of a paragraph a slide shows the first sentence, of lists, tables and formulas all; the whole text
  is in the speaker's notes.
- A question ("**What do you expect?**") has a slide of its own, before its answer.
- Code stands with its outputs. What does not fit goes on on another slide.

An author marks a cell by ``slideshow.slide_type``, as Jupyter and RISE do: "slide" or "subslide"
opens a slide, "notes" is for the speaker, "skip" is on no slide. What is hidden on pages
(``hide-input``, ``remove-cell``, and so on) is on no slide either, nor are cells tagged
``solution``, ``check``, ``claim`` or ``full-run``, nor the sections that ``SKIPPED`` names.
"""

import html
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

from workbook import paths
from workbook.errors import NotebookError
from workbook_staff.failures import tell
from workbook_staff.html import asset
from workbook_staff.html import page as html_page
from workbook_staff.notebooks import find
from workbook_staff.notebooks.execute import Run, stored
from workbook_staff.notebooks.marks import folded, removed, slide_type
from workbook_staff.notebooks.student_edition import tags
from workbook_staff.pages import export, file_names
from workbook_staff.pages.anchors import Anchors
from workbook_staff.pages.export import Cell
from workbook_staff.pages.outputs import Piece

from bs4 import BeautifulSoup, Tag

ENDING = ".slides.html"
"""How the names of the slides end."""

HIDDEN = {"solution", "check", "claim", "full-run"}
"""Tags of the cells that are on no slide: answers, and what checks a run."""

SKIPPED = {"Setup", "Save", "References", "What you need", "Next"}
"""Headings of sections that are for a reader and not for a hall."""

CODE_LINES, TEXT_LINES, ROWS = 20, 16, 11
"""The most that a slide shows of a cell's code, of what it printed, and of a table or a list."""

SHORT = 36
"""Of a sentence of fewer characters the next one is taken, too: "First the data."."""

# A sentence may end here: what follows begins with a capital, a digit or a sign.
_END = re.compile(r"[.?!…](?=(?:</\w+>)*(?:\s*$|\s+(?:<[^>]*>)*[^a-z\s<]))")
_PAIRS = [("(", ")"), ("<", ">"), ("<code", "</code"), ("<math", "</math")]


def make(notebooks: list[Path] | None = None, folder: Path | None = None) -> int:
    """Write ``<name>.slides.html`` into ``folder`` (default: ``reports/``) for each notebook.

    ``notebooks`` (default: those in ``notebooks/``) may be folders and patterns, too. Returns 0, or
    1 where a notebook cannot be read, or holds nothing that a slide could show.

    Raises:
        OSError: The slides cannot be written.
    """
    chosen = find.chosen(notebooks or find.own())
    failed = []
    for path, name in zip(chosen, file_names.names(chosen), strict=True):
        target = (folder or paths.REPORTS) / f"{name}{ENDING}"
        try:
            run = stored(path)
            with warnings.catch_warnings(action="ignore"):  # libraries', of odd notebooks
                text = page(run, path)
        except NotebookError as error:
            failed.append(str(error))
            continue
        paths.write(target, text)
        bare = "" if run.is_executed else ", without outputs: run the notebook and save it first"
        print(f"{target}{bare}")
    return tell(failed)


def page(run: Run, path: Path) -> str:
    """Return the slides of the notebook that was read from ``path``.

    The browser lays them out: what does not fit on a slide goes on on another one.

    Raises:
        NotebookError: It holds nothing that a slide could show.
    """
    anchors = Anchors()
    deck = Deck(path.stem)
    for cell in export.Exporter(untrusted=True).cells(run.notebook, anchors, path.resolve().parent):
        deck.add(cell)
    first, *others = deck.slides
    # A heading with nothing below it is a slide, unless the next slide names it as its section.
    below = [slide.section for slide in others[1:]]
    shown = [
        slide
        for slide, section in zip_longest(others, below)
        if slide.parts or slide.title != section
    ]
    if not shown and not first.parts:
        raise NotebookError(
            f"{path}: it holds nothing that a slide could show: write text into it, or run it and "
            "save it"
        )
    title = next((h.text for h in anchors.headings if h.level == 1), "") or path.stem
    return html_page(
        "slides.html.j2",
        title=f"{title}: slides",
        styles=["slides.css"],
        script=asset("slides.js"),
        slides=[first, *shown],
        record=export.results(run.notebook),
    )


@dataclass
class Slide:
    """A slide: ``section`` and ``title`` are HTML, as are ``notes``, which the speaker sees.

    ``parts`` are kinds and HTML: "lead" (a sentence), "shown" (other prose), "ask", "code", or of
    outputs "text", "rich" or "figure".
    """

    title: str
    section: str = ""
    is_opening: bool = False
    parts: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def is_asking(self) -> bool:
        """Whether it holds a question, which stands alone."""
        return any(kind == "ask" for kind, _ in self.parts)

    @property
    def is_full(self) -> bool:
        """Whether words that come now belong on another one."""
        return any(kind not in ("lead", "shown") for kind, _ in self.parts)


class Deck:
    """The slides of a notebook, made cell by cell."""

    def __init__(self, name: str) -> None:
        """Begin with a slide whose title is ``name`` until there is a heading."""
        self.slides = [Slide(html.escape(name), is_opening=True)]
        self.section = ""
        self.skips = False

    def add(self, cell: Cell) -> None:
        """Add a cell."""
        hidden, mark = removed(cell.source) | folded(cell.source), slide_type(cell.source)
        if mark == "skip" or HIDDEN & set(tags(cell.source)):
            return
        opens = mark in ("slide", "subslide")
        if mark == "notes":
            self.slides[-1].notes.append(cell.text)
        elif cell.source.cell_type == "code" and not self.skips:
            parts = [] if "input" in hidden else self._code(cell)
            parts += [] if "output" in hidden else outputs(cell.pieces)
            last = self.slides[-1]
            if parts and (opens or last.is_opening or last.is_asking):
                self._open(last.title)
            self.slides[-1].parts += parts
        elif cell.source.cell_type == "markdown" and "input" not in hidden:
            self._add_prose(cell.text, opens or self.slides[-1].is_full)

    def _add_prose(self, text: str, opens: bool) -> None:
        soup = BeautifulSoup(text, "html.parser")
        for link in soup.select("a.anchor"):
            link.decompose()
        for scrolling in soup.find_all(tabindex=True):
            del scrolling["tabindex"]  # nothing does on a slide
        for block in soup.find_all(recursive=False):
            if re.fullmatch("h[1-6]", block.name):
                self._add_heading(block)
                opens = False
            elif not self.skips:
                kind, shown = _prose(block)
                if opens or (kind == "ask" and self.slides[-1].parts):
                    self._open(self.slides[-1].title)
                self.slides[-1].parts.append((kind, shown))
                self.slides[-1].notes.append(str(block))
                opens = kind == "ask"

    def _add_heading(self, heading: Tag) -> None:
        title, level = heading.decode_contents().strip(), int(heading.name[1])
        self.skips = title in SKIPPED
        if level == 1 and len(self.slides) == 1 and not self.skips:
            self.slides[0].title = title
            return
        self.section = title if level < 3 else self.section
        if not self.skips:
            self._open(title)

    def _open(self, title: str) -> None:
        self.slides.append(Slide(title, self.section if self.section != title else ""))

    def _code(self, cell: Cell) -> list[tuple[str, str]]:
        if not cell.text:
            return []
        kept, said = _cut(cell.source.source.strip("\n"), CODE_LINES)
        text = export.code(kept).replace(' tabindex="0"', "")
        return [("code", text + said)]


def _prose(block: Tag) -> tuple[str, str]:
    """Return how a block of prose is on a slide: its kind, and what of it is shown, as HTML."""
    if block.name != "p" or block.select("img, pre, math[display=block]:only-child"):
        return "shown", standing(str(block))
    if "ask" in block.get_attribute_list("class"):
        return "ask", str(block)
    return "lead", f"<p>{first_sentence(block.decode_contents().strip())}</p>"


def first_sentence(text: str) -> str:
    """Return the first sentence of HTML, or sentences, if that is a short one."""
    for end in _END.finditer(text):
        head = text[: end.end()]
        if all(head.count(opening) <= head.count(closing) for opening, closing in _PAIRS):
            soup = BeautifulSoup(head, "html.parser")  # closes what is open
            if len(soup.get_text()) >= SHORT:
                return str(soup)
    return text


def outputs(pieces: list[Piece]) -> Iterator[tuple[str, str]]:
    """Yield the parts of a slide that a cell's outputs make."""
    for piece in pieces:
        if piece.kind == "picture":
            size = (
                f' style="--width: {piece.width}; --height: {piece.height}"' if piece.width else ""
            )
            image = f'<img src="{html.escape(piece.text)}" alt="{html.escape(piece.alt)}">'
            yield "figure", f"<figure{size}>{image}</figure>"
        elif piece.kind == "told":
            yield "text", f'<p class="told">{html.escape(piece.text)}</p>'
        elif piece.kind in ("rich", "prose") and not piece.text.startswith("<pre"):
            yield "rich", standing(piece.text)
        else:  # Keras' summaries are printed, too
            is_html = piece.kind in ("rich", "prose")
            text = BeautifulSoup(piece.text, "html.parser").get_text() if is_html else piece.text
            kept, said = _cut(text.strip("\n"), TEXT_LINES)
            yield "text", f"<pre>{html.escape(kept)}</pre>{said}"


def standing(text: str) -> str:
    """Return a table or a list, the first rows of a long one; other HTML as it is."""
    soup = BeautifulSoup(text, "html.parser")
    for name, what in (("tr", "rows"), ("li", "points")):
        if found := soup.find_all(name):
            for element in found[ROWS:]:
                element.decompose()
            return str(soup) + _rest(len(found) - ROWS, what)
    return text


def _cut(text: str, most: int) -> tuple[str, str]:
    lines = text.split("\n")
    return "\n".join(lines[:most]), _rest(len(lines) - most, "lines")


def _rest(count: int, what: str) -> str:
    return f'<p class="rest">… {count} more {what} in the notebook</p>' if count > 0 else ""
