"""Make slides of a notebook's cells, by rules, so that no notebook has to be marked for it.

A piece of Markdown and the code after it are an idea. Of its prose, the slide shows the title, the
first sentence of each paragraph, lists, tables and formulas; all of it is in the speaker's notes. A
question has a slide of its own, before its answer. Code stands with what came of it; what is too
much for one slide goes on on the next.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from workbook.reports.editions import tags
from workbook.reports.export import Cell
from workbook.reports.slides import prose
from workbook.reports.slides.parts import HEIGHT, TITLE_HEIGHT, Part, code, lead, outputs, shown

LEFT_OUT = {"Setup", "Save", "References", "How long it takes", "What you need", "Next"}
"""Headings, and words that a paragraph opens with, of what is for a reader and not for a hall."""

WITHOUT_CODE = {"Summary"}
"""Headings of sections of which only the results are shown."""

HIDDEN = {"solution", "check", "full-run"}
"""Tags of the cells that are on no slide: answers, and what checks a run."""


@dataclass
class Slide:
    """A slide: ``section`` and ``title`` are HTML, as are ``notes``, which the speaker sees."""

    section: str
    title: str = ""
    parts: list[Part] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    question: str = ""

    @property
    def heading(self) -> str:
        """Its title; without one, its first sentence; without that, its section."""
        return self.title or (self.parts[0].words if self.opens_with_words else self.section)

    @property
    def opens_with_words(self) -> bool:
        """Whether its first sentence is its heading, and so not shown once more."""
        return not self.title and bool(self.parts) and self.parts[0].kind == "lead"

    @property
    def is_beside(self) -> bool:
        """Whether its figure stands beside the text, since it is tall."""
        return any(part.is_tall for part in self.parts)

    def holds(self, *kinds: str) -> bool:
        """Return whether a part of one of these kinds is on it."""
        return any(part.kind in kinds for part in self.parts)

    def has_room(self, added: Iterable[Part]) -> bool:
        """Return whether these parts fit on it, too."""
        parts = [*self.parts, *added]
        tall = any(part.is_tall for part in parts)
        if tall and sum(part.kind == "figure" for part in parts) > 1:
            return False
        # The column beside a tall figure is half as wide.
        taken = sum(part.height * 1.8 for part in parts if part.kind != "figure") if tall else 0
        taken = taken or sum(part.height for part in parts)
        return taken + TITLE_HEIGHT <= HEIGHT

    @property
    def shows(self) -> bool:
        """Whether what came of code is on it."""
        return self.holds("text", "rich", "figure")


@dataclass
class _Idea:
    section: str
    title: str = ""
    words: list[Part] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    question: str = ""
    # Of each cell, its code and what came of it.
    steps: list[list[Part]] = field(default_factory=list)
    # Whether it may begin with words on what came before.
    follows: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.words or self.question or self.steps)


def slides(cells: list[Cell], language: str) -> list[Slide]:
    """Return the slides of a notebook's cells; ``language`` is that of its code, for Pygments."""
    made: list[Slide] = []
    for idea in _ideas(cells, language):
        if idea.follows and made and made[-1].shows and made[-1].section == idea.section:
            _look_back(made[-1], idea)
        if idea.is_empty:
            if made:
                made[-1].notes += idea.notes
        elif idea.question:
            made.append(Slide(idea.section, idea.title, idea.words, idea.notes, idea.question))
        elif idea.steps:
            _add_steps(made, idea)
        else:
            _add_words(made, idea)
    return made


def _ideas(cells: list[Cell], language: str) -> list[_Idea]:
    """Return what the cells say and do, without what is not for the hall."""
    ideas = [_Idea("")]
    under: dict[int, str] = {}  # the headings that a cell stands under, by their level
    for cell in cells:
        if cell.source.cell_type == "code":
            names = set(under.values())
            if LEFT_OUT & names or HIDDEN & set(tags(cell.source)):
                continue
            step = [] if WITHOUT_CODE & names else code(cell, language)
            step += outputs(cell.pieces)
            if step:
                ideas[-1].steps.append(step)
        elif cell.source.cell_type == "markdown":
            ideas.append(_Idea(ideas[-1].section, follows=True))
            for block in prose.blocks(cell.text):
                if block.kind == "heading":
                    under = {level: name for level, name in under.items() if level < block.level}
                    under[block.level] = block.title
                    ideas.append(_Idea(under.get(2, ""), block.title))
                elif not LEFT_OUT & set(under.values()):
                    _take(ideas, block)
    return ideas


def _take(ideas: list[_Idea], block: prose.Block) -> None:
    """Add a block of prose to the last idea, or begin another one with it."""
    if block.title and block.title not in LEFT_OUT:
        idea = ideas[-1]
        if idea.is_empty and idea.title in ("", idea.section):
            idea.title, idea.follows = block.title, False
        else:
            ideas.append(_Idea(idea.section, block.title))
    idea = ideas[-1]
    idea.notes.append(block.text)
    if block.title in LEFT_OUT:
        return
    if block.kind == "ask":
        idea.question = block.text
        ideas.append(_Idea(idea.section, idea.title))
    elif block.kind == "shown":
        idea.words.append(shown(block.text))
    elif block.lead:
        idea.words.append(lead(block.lead))


def _look_back(last: Slide, idea: _Idea) -> None:
    """Give the words that are on the slide before to its notes: all but the last paragraph."""
    if any(part.kind != "lead" for part in idea.words):
        return
    kept = 1 if idea.steps or idea.question else 0
    while len(idea.words) > kept:
        idea.words.pop(0)
        last.notes.append(idea.notes.pop(0))


def _add_steps(made: list[Slide], idea: _Idea) -> None:
    """Add slides of code and what came of it; the first cell's are with the words before it."""
    last = made[-1] if made else None
    first = [*idea.words, *idea.steps[0]]
    if last and _goes_on(last, idea) and last.has_room(first):
        last.notes += idea.notes
    else:
        made.append(Slide(idea.section, idea.title, notes=idea.notes))
    if made[-1].has_room(first):
        idea.steps[0] = first
    else:
        made[-1].parts += idea.words
    for step in idea.steps:
        if made[-1].shows or not made[-1].has_room(step):
            _turn(made, idea)
        for part in step:
            if not made[-1].has_room([part]):
                _turn(made, idea)
            made[-1].parts.append(part)


def _turn(made: list[Slide], idea: _Idea) -> None:
    """Begin another slide, unless nothing is on the last one yet."""
    if made[-1].parts:
        made.append(Slide(idea.section, idea.title))


def _goes_on(last: Slide, idea: _Idea) -> bool:
    """Return whether the slide before has code that has shown nothing yet, of the same matter."""
    same = last.section == idea.section and idea.title in ("", last.title)
    return same and last.holds("code") and not last.shows


def _add_words(made: list[Slide], idea: _Idea) -> None:
    """Add a slide of words; they go on the one before if that is one, too, and has room."""
    last = made[-1] if len(made) > 1 else None  # the first slide is the notebook's title
    if last and last.section == idea.section and idea.title and not last.question:
        opening = f"<strong>{idea.title}.</strong> "
        if idea.words and idea.words[0].kind == "lead":
            joined = [lead(f"<p>{opening}{idea.words[0].words}</p>"), *idea.words[1:]]
        else:
            joined = [lead(f"<p>{opening}</p>"), *idea.words]
        if not last.holds("code") and not last.shows and last.has_room(joined):
            last.parts += joined
            last.notes += idea.notes
            return
    made.append(Slide(idea.section, idea.title, idea.words, idea.notes))
