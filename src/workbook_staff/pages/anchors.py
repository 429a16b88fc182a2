"""Give the headings of a page their anchors, and find what a link within the page means."""

import re
import unicodedata
from dataclasses import dataclass, field
from urllib.parse import unquote

OWN = {"content", "what-to-ask-about"}
"""Anchors that the templates call their own."""

PREFIX = "in-"
"""What the ids of an untrusted notebook start with, so that they are none of the page's own."""


@dataclass(frozen=True)
class Heading:
    """A heading of the page: ``level`` from 1, ``anchor`` the id that a link can name."""

    level: int
    anchor: str
    text: str


@dataclass
class Anchors:
    """The places of one page that a link can name."""

    headings: list[Heading] = field(default_factory=list)
    _taken: set[str] = field(default_factory=lambda: set(OWN))
    _ids: set[str] = field(default_factory=set)
    _by_key: dict[str, list[str]] = field(default_factory=dict)
    _cells: dict[str, str] = field(default_factory=dict)
    _repeats: dict[str, int] = field(default_factory=dict)

    def add_heading(self, level: int, text: str) -> Heading:
        """Add a heading to the page, with an anchor of its own."""
        name = anchor = slug(text) or "section"
        while anchor in self._taken:
            self._repeats[name] = self._repeats.get(name, 1) + 1
            anchor = f"{name}-{self._repeats[name]}"
        self._taken.add(anchor)
        self._by_key.setdefault(_key(text), []).append(anchor)
        self.headings.append(Heading(level, anchor, text))
        return self.headings[-1]

    def add_cell(self, name: str, anchor: str) -> None:
        """Add the name that Colab's links have for a cell, and the place where it starts."""
        self._cells.setdefault(f"scrollTo={name}", anchor)

    def add_ids(self, html: str) -> None:
        """Add the ids in a piece of the page."""
        self._ids.update(re.findall(r'\s(?:id|name)="([^"]+)"', html))

    def linked(self, html: str) -> str:
        """Return a piece of the page whose links within the page name what they mean."""
        return re.sub(
            r'(<a\b[^>]*?\shref=)"#([^"]+)"', lambda m: f'{m[1]}"#{self._meant(m[2])}"', html
        )

    def _meant(self, fragment: str) -> str:
        """Return the anchor that a link means, whichever program its author tried it in.

        Jupyter, VS Code, GitHub and Colab differ in case, punctuation and how they number
        headings of one name.
        """
        name = unquote(fragment)
        for exact in (fragment, name, PREFIX + fragment, PREFIX + name):
            if exact in self._taken or exact in self._ids:
                return exact
        if name in self._cells:
            return self._cells[name]
        if found := self._by_key.get(_key(name)):
            return found[0]
        numbered = re.fullmatch(r"(.+?)[-_](\d{1,9})(?:\.\d+)*", name)
        if numbered and (found := self._by_key.get(_key(numbered[1]))):
            return found[min(int(numbered[2]), len(found) - 1)]
        return fragment


def slug(text: str) -> str:
    """Return text as the anchors of pages are written: lower case, hyphens between words."""
    return re.sub(r"\W+", "-", text.lower()).strip("-")


def _key(text: str) -> str:
    """Return what of a heading every program keeps in its anchor; of signs only, the signs."""
    text = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[\W_]+", "", text) or re.sub(r"\s+", "", text)
