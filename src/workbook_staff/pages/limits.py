"""Bound how much of a notebook its page holds, so that a browser can show it."""

import re
from dataclasses import dataclass, field

FOLD_LINES = 25
"""Text outputs with more lines than this are folded."""

KEEP_LINES = 2000
"""Texts with more lines than this are cut off: a browser would print them for minutes."""

KEEP_CHARACTERS = 200_000
"""Texts with more characters than this are cut off."""

KEEP_MARKDOWN = 20_000
"""Markdown with more characters than this is shown as it was written: it could
take very long to read, and no person writes so much into one cell."""

KEEP_HTML = 500_000
"""HTML outputs with more characters than this, pictures not counted, are cut off."""

READ_CHARACTERS = 8_000_000
"""What a program wrote is read up to here, to find what a terminal would show in the end."""

PAGE_CHARACTERS = 8_000_000
"""Characters of a page, pictures not counted."""

PAGE_DATA = 64_000_000
"""Characters of pictures, sound and film in a page."""

PAGE_SECONDS = 30.0
"""How long the Markdown of a page may take to read; what comes after is shown as it was written."""

# What a piece costs a page beside its text: the elements around it.
_PIECE = 200

# Stands for something while the text around it is read or cleaned: a private-use character,
# which the text itself may then not contain.
MARK = "\ue000"
_NO_MARKS = {ord(MARK): None}
MARKS = re.compile(f"{MARK}(\\d{{1,9}}){MARK}")
"""Finds what stands for a piece."""

_PAYLOAD = re.compile(
    r"(data:[a-z]+/[\w.+-]+;base64,)([\w+/=%\s-]{500,})", re.ASCII | re.IGNORECASE
)


@dataclass
class Amounts:
    """What a page can still hold."""

    characters: int = PAGE_CHARACTERS
    seconds: float = PAGE_SECONDS
    data: int = PAGE_DATA

    def holds(self, text: str) -> bool:
        """Count a piece of the page; return whether there is room for it."""
        self.characters -= len(text) + _PIECE
        return self.characters >= 0

    def holds_data(self, data: str) -> bool:
        """Count a picture, sound or film; return whether there is room for it.

        One that is too large leaves its room to smaller ones.
        """
        if len(data) > self.data:
            return False
        self.data -= len(data)
        return True


@dataclass
class Held:
    """Pieces that are kept out of a text while it is read and cleaned.

    Each is put back once, since a notebook could name it as often as it likes.
    """

    _pieces: dict[int, str] = field(default_factory=dict)

    def put(self, piece: str) -> str:
        """Keep a piece, and return the mark that stands for it."""
        number = len(self._pieces)
        self._pieces[number] = piece
        return f"{MARK}{number}{MARK}"

    def without_payloads(self, text: str, amounts: Amounts) -> str:
        """Return a text with marks for the files in it, as long as books, and no other marks.

        Of a file that the page has no room for, nothing is left.
        """
        return _PAYLOAD.sub(
            lambda m: m[1] + (self.put(m[2]) if amounts.holds_data(m[2]) else ""),
            text.translate(_NO_MARKS),
        )

    def back(self, text: str) -> str:
        """Return a text with the pieces in place of their marks."""
        pieces = dict(self._pieces)
        return MARKS.sub(lambda m: pieces.pop(int(m[1]), ""), text)


def cut(text: str, last: bool = False) -> tuple[str, str]:
    """Return the first (or last) part of a text that a page can hold, and a word on the rest.

    The word is "" where the text is whole.
    """
    which = "last" if last else "first"
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    kept, said = text, ""
    if len(lines) > KEEP_LINES:
        kept = "\n".join(lines[-KEEP_LINES:] if last else lines[:KEEP_LINES])
        said = _said(f"{which} {KEEP_LINES} lines", str(len(lines)))
    if len(kept) > KEEP_CHARACTERS:
        kept = kept[-KEEP_CHARACTERS:] if last else kept[:KEEP_CHARACTERS]
        said = _said(f"{which} {KEEP_CHARACTERS:,} characters", f"{len(text):,}")
    return kept, said


def cut_html(text: str) -> tuple[str, str]:
    """Return the first part of an HTML text that a page can hold, and a word on the rest."""
    if len(text) <= KEEP_HTML:
        return text, ""
    # Not within a tag.
    kept = text[: max(text.rfind("<", 0, KEEP_HTML), 0)] or text[:KEEP_HTML]
    return kept, _said(f"first {KEEP_HTML:,} characters", f"{len(text):,}")


def _said(part: str, whole: str) -> str:
    return f"The page holds the {part}; the notebook has all {whole}."
