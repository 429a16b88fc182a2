"""Make slides of a notebook's cells, by rules, so that no notebook has to be marked for it.

A piece of Markdown and the code after it are an idea. Of its prose, the slide shows the title, the
first sentence of each paragraph, lists, tables and formulas; all of it is in the speaker's notes. A
question has a slide of its own, before its answer. Code stands with what came of it; what is too
much for one slide goes on on the next.
"""

import html
from collections.abc import Iterable
from dataclasses import dataclass, field

from workbook_staff.notebooks.student_edition import tags
from workbook_staff.pages.export import Cell
from workbook_staff.slides import prose
from workbook_staff.slides.parts import HEIGHT, TITLE_HEIGHT, Part, code, lead, outputs, standing

LEFT_OUT = {"Setup", "Save", "References", "How long it takes", "What you need", "Next"}
"""Headings, and words that a paragraph opens with, of what is for a reader and not for a hall."""

WITHOUT_CODE = {"Summary"}
"""Headings of sections of which only the results are shown."""

MOST = 45
"""Of more slides than this, first those of code that shows nothing are left out, then AT_LAST."""

WHOLE = {"Build", "Train"}
"""Headings of sections whose code is the matter itself, and never left out."""

AT_LAST = {"Going further"}
"""Headings of sections that a lecture which is too long does without."""

SMALLER = 0.85
"""How much smaller text may be made, to keep words, their code and what came of it together."""

# A sentence that takes more than this, in pixels, is too long for a heading.
_HEADING = 130

WORDS_ONLY = {"Exercises"}
"""Headings of sections of which only the words are shown."""

HIDDEN = {"solution", "check", "claim", "full-run"}
"""Tags of the cells that are on no slide: answers, and what checks a run."""


@dataclass
class Slide:
    """A slide: ``section`` and ``title`` are HTML, as are ``notes``, which the speaker sees."""

    section: str
    title: str = ""
    parts: list[Part] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    question: str = ""
    is_title: bool = False
    # Whether it comes after a question: then one answer at a time is on it.
    answers: bool = False

    @property
    def heading(self) -> str:
        """Its title; without one, its first sentence; without that, its section."""
        return self.title or (self.parts[0].words if self.opens_with_words else self.section)

    @property
    def opens_with_words(self) -> bool:
        """Whether its first sentence is its heading, and so not shown once more."""
        first = self.parts[0] if self.parts and not self.title else None
        return first is not None and first.kind == "lead" and first.height <= _HEADING

    @property
    def is_beside(self) -> bool:
        """Whether its figure stands beside the text, since it is tall."""
        return any(part.is_tall for part in self.parts)

    def holds(self, *kinds: str) -> bool:
        """Return whether a part of one of these kinds is on it."""
        return any(part.kind in kinds for part in self.parts)

    def has_room(self, added: Iterable[Part], smaller: float = 1) -> bool:
        """Return whether these parts fit on it, too, with text that is as much smaller."""
        parts = [*self.parts, *added]
        tall = any(part.is_tall for part in parts)
        if tall and sum(part.kind == "figure" for part in parts) > 1:
            return False
        # The column beside a tall figure is half as wide.
        taken = sum(part.height * 1.8 for part in parts if part.kind != "figure") if tall else 0
        taken = taken or sum(part.height for part in parts)
        return (taken + TITLE_HEIGHT) * smaller <= HEIGHT

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
    is_title: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.words or self.question or self.steps)


def slides(cells: list[Cell], language: str, name: str) -> list[Slide]:
    """Return the slides of a notebook's cells, none where nothing in them can be shown.

    ``language`` is that of its code, for Pygments; ``name`` its title where it has no heading.
    """
    for brief, left_out in ((False, LEFT_OUT), (True, LEFT_OUT), (True, LEFT_OUT | AT_LAST)):
        made = _slides(_ideas(cells, language, brief, left_out))
        if len(made) <= MOST:
            break
    if made and not any(slide.is_title for slide in made):
        made.insert(0, Slide("", html.escape(name), is_title=True))
    return made


def _slides(ideas: list[_Idea]) -> list[Slide]:
    made: list[Slide] = []
    for idea in ideas:
        if idea.follows and made and made[-1].shows and made[-1].section == idea.section:
            _look_back(made[-1], idea)
        if idea.is_title and not idea.question:
            made.append(Slide("", idea.title, idea.words, idea.notes, is_title=True))
            if idea.steps:
                _add_steps(made, _Idea("", steps=idea.steps))
        elif idea.is_empty:
            if made:
                made[-1].notes += idea.notes
        elif idea.question:
            made.append(Slide(idea.section, idea.title, idea.words, idea.notes, idea.question))
        elif idea.steps:
            _add_steps(made, idea)
        else:
            _add_words(made, idea)
    return made


def _ideas(cells: list[Cell], language: str, brief: bool, left_out: set[str]) -> list[_Idea]:
    """Return what the cells say and do, but for the sections ``left_out``.

    With ``brief``, code that shows nothing is there in the sections ``WHOLE`` only.
    """
    ideas = [_Idea("")]
    under: dict[int, str] = {}  # the headings that a cell stands under, by their level
    for cell in cells:
        if cell.source.cell_type == "code":
            names = set(under.values())
            if (left_out | WORDS_ONLY) & names or HIDDEN & set(tags(cell.source)):
                continue
            shown = outputs(cell.pieces)
            silent = WITHOUT_CODE & names or (brief and not shown and not WHOLE & names)
            if step := ([] if silent else code(cell, language)) + shown:
                ideas[-1].steps.append(step)
        elif cell.source.cell_type == "markdown":
            ideas.append(_Idea(ideas[-1].section, follows=True))
            for block in prose.blocks(cell.text):
                if block.kind == "heading":
                    # The first one is of level 1, and others of its rank of level 2.
                    level = max(block.level, 2)
                    under = {above: name for above, name in under.items() if above < level}
                    under[level] = block.title
                    opens = block.level == 1 and block.title not in left_out
                    ideas.append(
                        _Idea("" if opens else under.get(2, ""), block.title, is_title=opens)
                    )
                elif not left_out & set(under.values()):
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
        idea.words.append(standing(block.text))
    elif block.lead:
        idea.words.append(lead(block.lead))


def _look_back(last: Slide, idea: _Idea) -> None:
    """Give the words that are on the slide before to its notes: all but those on the code."""
    if any(part.kind != "lead" for part in idea.words):
        return
    kept = 1 if idea.steps else 0
    while len(idea.words) > kept:
        idea.words.pop(0)
        last.notes.append(idea.notes.pop(0))


def _add_steps(made: list[Slide], idea: _Idea) -> None:
    """Add slides of code and what came of it; the words before it are with the first code."""
    first = [*idea.words, *idea.steps[0]]
    last = made[-1] if made else None
    if last and idea.title in ("", last.title) and _goes_on(last, idea.section, first):
        last.notes += idea.notes
    else:
        answers = last is not None and bool(last.question)
        made.append(Slide(idea.section, idea.title, notes=idea.notes, answers=answers))
    made[-1].parts += idea.words
    for step in idea.steps:
        # Words and code stay together, even where what came of it has to go on the next slide.
        alone = not made[-1].shows and not made[-1].holds("code")
        together = alone and made[-1].has_room(step[:1], SMALLER)
        if made[-1].parts and not together and not _goes_on(made[-1], idea.section, step):
            made.append(Slide(idea.section, idea.title))
        for part in step:
            if made[-1].parts and not made[-1].has_room([part], SMALLER):
                made.append(Slide(idea.section, idea.title))
            made[-1].parts.append(part)


def _goes_on(last: Slide, section: str, added: list[Part]) -> bool:
    """Return whether more of the same section goes on a slide: no two things to look at."""
    if last.section != section or last.question or last.is_title or not last.has_room(added):
        return False
    return not last.shows or not (
        last.answers or last.holds("figure") or any(p.kind == "figure" for p in added)
    )


def _add_words(made: list[Slide], idea: _Idea) -> None:
    """Add a slide of words; they go on the one before if that is one, too, and has room."""
    words = idea.words
    if idea.title:
        opening = words[0].words if words and words[0].kind == "lead" else ""
        title = idea.title if idea.title.endswith(("?", "!")) else f"{idea.title}."
        words = [lead(f"<p><strong>{title}</strong> {opening}</p>"), *words[bool(opening) :]]
    last = made[-1] if made else None
    wordy = last and not (last.is_title or last.question or last.shows or last.holds("code"))
    same = last is not None and last.section == idea.section and not last.is_title
    if last and same and wordy and last.has_room(words):
        last.parts += words
        last.notes += idea.notes
    elif last and same and not wordy and not idea.title and all(p.kind == "lead" for p in words):
        last.notes += idea.notes  # on what came before
    else:
        made.append(Slide(idea.section, idea.title, idea.words, idea.notes))
