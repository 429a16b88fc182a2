"""Read what a Markdown cell says, block by block, and what of each goes on a slide."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bs4 import BeautifulSoup, Tag

# A sentence may end here: what follows begins with a capital, a digit or a sign.
_END = re.compile(r"[.?!…](?=(?:</\w+>)*(?:\s*$|\s+(?:<[^>]*>)*[^a-z\s<]))")
_PAIRS = [("(", ")"), ("[", "]"), ("{", "}"), ("„", "“"), ("<", ">"), ("<code", "</code"),
          ("<math", "</math")]  # fmt: skip

SHORT = 36
"""Of a sentence of fewer characters the next one is taken, too: "First the data."."""


@dataclass(frozen=True)
class Block:
    """A block of a Markdown cell.

    ``kind`` is "heading", "ask" (a question to the reader), "paragraph", "aside" (a remark in
    parentheses) or "shown" (a list, a table, a formula, a picture, code). ``text`` is the block as
    HTML; ``title`` a heading's words, or those that a paragraph opens with in bold; ``lead`` the
    first sentence after them. ``level`` is a heading's.
    """

    kind: str
    text: str
    title: str = ""
    lead: str = ""
    level: int = 0


def blocks(page: str) -> Iterator[Block]:
    """Yield the blocks of a Markdown cell, given as the HTML of its page."""
    soup = BeautifulSoup(page, "html.parser")
    for link in soup.select("a.anchor"):
        link.decompose()
    for scrolling in soup.find_all(tabindex=True):
        del scrolling["tabindex"]  # nothing does on a slide
    for element in soup.contents:
        if isinstance(element, Tag):
            yield _block(element)
        elif str(element).strip():
            yield Block("paragraph", f"<p>{element}</p>", lead=f"<p>{element}</p>")


def _block(element: Tag) -> Block:
    text, inner = str(element), element.decode_contents().strip()
    if re.fullmatch("h[1-6]", element.name):
        return Block("heading", text, title=inner, level=int(element.name[1]))
    if element.name != "p" or element.select("img, pre, math[display=block]:only-child"):
        return Block("shown", text)
    if "ask" in element.get_attribute_list("class"):
        return Block("ask", text)
    if element.get_text().startswith("("):
        return Block("aside", text)
    title = re.match(r"<strong>([^<]*[.:?!])</strong>\s*|<strong>([^<]*)</strong>(?::\s*|$)", inner)
    if title:
        inner = inner[title.end() :]
        inner = inner[:1].upper() + inner[1:]
    words = (title[1] or title[2]).strip().rstrip(".: ") if title else ""
    lead = f"<p>{first_sentence(inner)}</p>" if inner else ""
    return Block("paragraph", text, words, lead)


def first_sentence(text: str) -> str:
    """Return the first sentence of HTML, or sentences, if that is a short one."""
    for end in _END.finditer(text):
        head = text[: end.end()]
        if all(head.count(opening) <= head.count(closing) for opening, closing in _PAIRS):
            soup = BeautifulSoup(head, "html.parser")  # closes what is open
            if len(soup.get_text()) >= SHORT:
                return str(soup)
    return text
