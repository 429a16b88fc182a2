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
    _by_key: dict[str, str] = field(default_factory=dict)
    _repeats: dict[str, int] = field(default_factory=dict)

    def add_heading(self, level: int, text: str) -> Heading:
        """Add a heading to the page, with an anchor of its own: repeated ones as GitHub does."""
        name = anchor = slug(text) or "section"
        while anchor in self._taken:
            self._repeats[name] = self._repeats.get(name, 0) + 1
            anchor = f"{name}-{self._repeats[name]}"
        self._taken.add(anchor)
        self._by_key.setdefault(_key(text), anchor)
        self.headings.append(Heading(level, anchor, text))
        return self.headings[-1]

    def linked(self, page: str) -> str:
        """Return the page with links that name what they mean: programs differ in how they do."""
        ids = set(re.findall(r'\s(?:id|name)="([^"]+)"', page))

        def meant(fragment: str) -> str:
            name = unquote(fragment)
            exact = (fragment, name, PREFIX + fragment, PREFIX + name)
            near = self._by_key.get(_key(name), fragment)
            return next((anchor for anchor in exact if anchor in ids), near)

        return re.sub(r'(<a\b[^>]*?\shref=)"#([^"]+)"', lambda m: f'{m[1]}"#{meant(m[2])}"', page)


def slug(text: str) -> str:
    """Return text as the anchors of pages are written: lower case, hyphens between words."""
    return re.sub(r"\W+", "-", text.lower()).strip("-")


def _key(text: str) -> str:
    """Return the letters and digits of a heading, which all programs keep in its anchor.

    Of a heading that has none, its signs.
    """
    text = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[\W_]+", "", text) or re.sub(r"\s+", "", text)
