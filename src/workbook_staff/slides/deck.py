"""Make slides of a notebook's cells, by rules, so that no notebook has to be marked for it.

Without a mark:

- A heading opens a slide, and so do words in bold that open a paragraph and close like a title.
- Prose and the code after it are one slide. Of the prose it shows the first sentence of each
  paragraph, lists, tables and formulas; all of it is in the speaker's notes. Prose that no code
  follows is about what came before, and is in the notes there.
- A question ("**What do you expect?**") has a slide of its own, before its answer.
- Code stands with what came of it; a slide has one figure. What does not fit goes on another slide.
- ``SECTIONS`` says of which sections less is shown, since they are for a reader and not for a hall.

An author marks a cell by ``slideshow.slide_type``, as Jupyter and RISE do: "slide" or "subslide"
opens a slide, "fragment" and "-" go on on the last one, "notes" is for the speaker, "skip" is on no
slide. What is hidden on pages (``hide-input``, ``remove-cell``, and so on) is on no slide either,
nor are cells tagged ``solution``, ``check``, ``claim`` or ``full-run``.
"""

import html
from collections.abc import Iterator
from dataclasses import dataclass, field

from workbook_staff.notebooks.marks import folded, removed, slide_type
from workbook_staff.notebooks.student_edition import tags
from workbook_staff.pages import export
from workbook_staff.pages.export import Cell
from workbook_staff.pages.outputs import Piece
from workbook_staff.slides import prose

from bs4 import BeautifulSoup, Tag

HIDDEN = {"solution", "check", "claim", "full-run"}
"""Tags of the cells that are on no slide: answers, and what checks a run."""

SECTIONS: dict[str, set[str]] = {
    "Setup": set(),
    "Save": set(),
    "References": set(),
    "How long it takes": set(),
    "What you need": set(),
    "Next": set(),
    "Exercises": {"words"},
    "Summary": {"words", "outputs"},
}
"""What is shown of a section, by its heading or by the bold words that open a paragraph."""

MOST = 45
"""Of more slides than this, those of code that shows nothing are left out, then ``AT_LAST``."""

WHOLE = {"Build", "Train"}
"""Headings of sections whose code is the matter itself, and never left out."""

AT_LAST: dict[str, set[str]] = {"Going further": set()}
"""Sections that a lecture which is too long does without."""

CODE_LINES, TEXT_LINES, ROWS = 24, 16, 11
"""The most that a slide shows of a cell's code, of what it printed, and of a table or a list."""

WORDS = 5
"""The most titles of paragraphs that share a slide, where no code is."""

TALL = 0.72
"""A figure whose height is more than this share of its width stands beside the text."""


@dataclass
class Slide:
    """A slide: ``section`` and ``title`` are HTML, as are ``notes``, which the speaker sees.

    ``parts`` are kinds and HTML: "lead" (a sentence), "shown" (other prose), "ask", "code", or of
    what came of code "text", "rich" or "figure". ``named`` is whether the title is its own.
    """

    section: str
    title: str = ""
    named: bool = False
    parts: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    is_opening: bool = False
    is_beside: bool = False

    def holds(self, *kinds: str) -> bool:
        """Return whether a part of one of these kinds is on it."""
        return any(kind in kinds for kind, _ in self.parts)


class Deck:
    """The slides of a notebook, made cell by cell."""

    def __init__(self, language: str, brief: bool, sections: dict[str, set[str]]) -> None:
        """Prepare for code in ``language``, for Pygments; see ``MOST`` and ``SECTIONS``."""
        self.language, self.brief, self.sections = language, brief, sections
        self.slides: list[Slide] = []
        self.under: dict[int, str] = {}  # the headings that a cell stands under, by their level

    def open(self, title: str = "", named: bool = False) -> Slide:
        """Open a slide in the section, called as the last one if not otherwise."""
        last = self.slides[-1] if self.slides else None
        section = self.under.get(2, "")
        same = last is not None and last.section == section and not last.is_opening
        self.slides.append(
            Slide(section, title or (last.title if last and same else section), named)
        )
        return self.slides[-1]

    def last(self) -> Slide:
        """Return the slide that is being filled."""
        return self.slides[-1] if self.slides else self.open()

    def shown(self, heading: str = "") -> set[str]:
        """Return what is shown under the headings here, and under one more."""
        every = {"words", "code", "outputs"}
        for name in [*self.under.values(), heading]:
            every &= self.sections.get(name, every)
        return every

    def add(self, cell: Cell) -> None:
        """Add a cell."""
        hidden = removed(cell.source) | folded(cell.source)
        mark = slide_type(cell.source)
        if mark == "skip" or HIDDEN & set(tags(cell.source)):
            return
        if cell.source.cell_type == "code":
            code = [] if "input" in hidden or "code" not in self.shown() else self._code(cell)
            made = (
                [] if "output" in hidden or "outputs" not in self.shown() else outputs(cell.pieces)
            )
            if made or not self.brief or WHOLE & set(self.under.values()):
                self._add_code(code + made, mark, _is_tall(cell.pieces))
        elif cell.source.cell_type == "markdown" and "input" not in hidden:
            if mark == "notes":
                self.last().notes.append(cell.text)
                return
            starts = mark in ("slide", "subslide") or (
                not mark and self.last().holds("code", "text", "rich", "figure", "ask")
            )
            for block in prose.blocks(cell.text):
                starts = self._add_block(block, starts)

    def _add_block(self, block: prose.Block, starts: bool) -> bool:
        """Add a block of prose; return whether the next one has to start a slide, too."""
        if block.kind == "heading":
            is_first = block.level == 1 and not self.under and block.title not in self.sections
            level = 1 if is_first else max(block.level, 2)
            self.under = {above: name for above, name in self.under.items() if above < level}
            self.under[level] = block.title
            if self.shown():
                slide = self.open(block.title, named=True)
                slide.is_opening = level == 1
            return False
        if "words" not in self.shown(block.title):
            return starts
        slide = self.last()
        covered = slide.holds("code", "text", "rich", "figure", "ask") or slide.is_opening
        if (block.kind == "ask" and covered) or (
            block.title and block.title != slide.title and slide.parts
        ):
            slide = self.open(block.title, named=bool(block.title))
        elif starts:
            slide = self.open()
        elif block.title:
            slide.title, slide.named = block.title, True
        slide.notes.append(block.text)
        if block.kind == "shown":
            slide.parts.append(("shown", standing(block.text)))
        elif block.kind == "ask":
            slide.parts.append(("ask", block.text))
        elif block.lead:
            slide.parts.append(("lead", block.lead))
        return block.kind == "ask"

    def _add_code(self, parts: list[tuple[str, str]], mark: str, is_tall: bool) -> None:
        if not parts:
            return
        slide = self.last()
        figures = any(kind == "figure" for kind, _ in parts)
        full = slide.holds("ask", "figure") or (figures and slide.holds("text", "rich"))
        if mark in ("slide", "subslide") or slide.is_opening or (full and not mark):
            slide = self.open()
        elif len(self.slides) > 1 and not slide.named and not slide.holds("code"):
            # Of words before code, all but the last are about what came before.
            before = self.slides[-2]
            while (
                before.holds("code", "figure") and [k for k, _ in slide.parts[:2]] == ["lead"] * 2
            ):
                slide.parts.pop(0)
                before.notes.append(slide.notes.pop(0))
        slide.parts += parts
        slide.is_beside |= is_tall

    def _code(self, cell: Cell) -> list[tuple[str, str]]:
        if not cell.text:
            return []
        kept, said = _cut(cell.source.source.strip("\n"), CODE_LINES)
        text = export.code(kept, self.language).replace(' tabindex="0"', "")
        return [("code", text + said)]


def slides(cells: list[Cell], language: str, name: str) -> list[Slide]:
    """Return the slides of a notebook's cells, none where nothing in them can be shown.

    ``language`` is that of its code, for Pygments; ``name`` its title where it has no heading.
    """
    for brief, sections in ((False, SECTIONS), (True, SECTIONS), (True, SECTIONS | AT_LAST)):
        deck = Deck(language, brief, sections)
        for cell in cells:
            deck.add(cell)
        made = list(_settled(deck.slides))
        if len(made) <= MOST:
            break
    if made and not any(slide.is_opening for slide in made):
        made.insert(0, Slide("", html.escape(name), is_opening=True))
    return made


def _settled(found: list[Slide]) -> Iterator[Slide]:
    """Yield the slides, with words that no code follows on those that they belong to."""
    last: Slide | None = None
    for slide in found:
        wordy = slide.parts and not slide.holds("ask", "code", "text", "rich", "figure")
        if slide.is_opening or not wordy or last is None or last.section != slide.section:
            if slide.parts or slide.is_opening:
                if last:
                    yield last
                last = slide
            elif last:
                last.notes += slide.notes
            continue
        is_words = not last.is_opening and not last.holds("ask", "code", "text", "rich", "figure")
        titles = sum(text.startswith("<p><strong>") for _, text in last.parts)
        if is_words and titles < WORDS and (slide.named or not last.holds("shown")):
            last.parts += _titled(slide)
            last.notes += slide.notes
        elif not slide.named and not slide.holds("shown") and not last.holds("ask"):
            last.notes += slide.notes
        else:
            yield last
            last = slide
    if last:
        yield last


def _titled(slide: Slide) -> list[tuple[str, str]]:
    """Return the parts of a slide that goes on on another one, its title among them."""
    if not slide.named:
        return slide.parts
    first = slide.parts[0][1] if slide.parts[0][0] == "lead" else "<p></p>"
    stop = "" if slide.title.endswith(("?", "!")) else "."
    words = first.replace("<p>", f"<p><strong>{slide.title}{stop}</strong> ", 1)
    return [("lead", words), *slide.parts[slide.parts[0][0] == "lead" :]]


def outputs(pieces: list[Piece]) -> list[tuple[str, str]]:
    """Return the parts that came of a cell; what it printed piece by piece is one."""
    parts: list[tuple[str, str]] = []
    printed: list[str] = []
    for piece in [*pieces, None]:
        text = _printed(piece) if piece else None
        if text is not None:
            printed.append(text)
            continue
        if printed:
            kept, said = _cut("\n".join(printed), TEXT_LINES)
            parts.append(("text", f"<pre>{html.escape(kept)}</pre>{said}"))
            printed = []
        if piece and piece.kind == "picture":
            size = (
                f' style="--width: {piece.width}; --height: {piece.height}"' if piece.width else ""
            )
            image = f'<img src="{html.escape(piece.text)}" alt="{html.escape(piece.alt)}">'
            parts.append(("figure", f"<figure{size}>{image}</figure>"))
        elif piece and piece.kind == "told":
            parts.append(("text", f'<p class="told">{html.escape(piece.text)}</p>'))
        elif piece:
            parts.append(("rich", standing(piece.text)))
    return parts


def standing(text: str) -> str:
    """Return a table or a list, the first rows of a long one; other HTML as it is."""
    soup = BeautifulSoup(text, "html.parser")
    for name, what in (("tr", "rows"), ("li", "points")):
        if found := soup.find_all(name):
            for element in found[ROWS:]:
                element.decompose()
            return str(soup) + _rest(len(found) - ROWS, what)
    return text


def _printed(piece: Piece) -> str | None:
    """Return what a piece of output holds if it is plain text, however it is written."""
    if piece.kind in ("text", "stderr", "error"):
        return piece.text.strip("\n")
    if piece.kind == "rich" and "<pre" in piece.text:
        soup = BeautifulSoup(piece.text, "html.parser")
        if all(tag.name == "pre" for tag in soup.contents if isinstance(tag, Tag)):
            return soup.get_text().strip("\n")
    return None


def _is_tall(pieces: list[Piece]) -> bool:
    return any(p.kind == "picture" and p.height > TALL * p.width > 0 for p in pieces)


def _cut(text: str, most: int) -> tuple[str, str]:
    lines = text.split("\n")
    return "\n".join(lines[:most]), _rest(len(lines) - most, "lines")


def _rest(count: int, what: str) -> str:
    return f'<p class="rest">… {count} more {what} in the notebook</p>' if count > 0 else ""
