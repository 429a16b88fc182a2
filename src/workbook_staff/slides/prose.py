"""Read what a Markdown cell says, block by block, and what of each goes on a slide."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from bs4 import BeautifulSoup, NavigableString, Tag

# Where a sentence may end: what follows begins with a capital, a digit or a sign.
_END = re.compile(r"[.?!…](?=\s+[^a-z\s])|[.?!…]\s*$")
_OPENING, _CLOSING = "([{„“", ")]}”"
# Of shorter sentences, the next one is taken, too: "First the data."
_SHORT = 36


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
    for element in list(soup.contents):
        if isinstance(element, Tag):
            yield _block(element)
        elif str(element).strip():
            yield Block("paragraph", f"<p>{element}</p>", lead=f"<p>{element}</p>")


def _block(element: Tag) -> Block:
    if re.fullmatch("h[1-6]", element.name):
        words = element.decode_contents().strip()  # HTML, as a title may hold code or a formula
        return Block("heading", str(element), title=words, level=int(element.name[1]))
    if element.name != "p" or element.find(["img", "pre"]) or _is_formula(element):
        return Block("shown", str(element))
    text = str(element)
    if "ask" in element.get_attribute_list("class"):
        return Block("ask", text)
    if element.get_text().startswith("("):
        return Block("aside", text)
    title = _title(element)
    _cut(element)
    return Block("paragraph", text, title, str(element) if element.get_text().strip() else "")


def _is_formula(paragraph: Tag) -> bool:
    formula = paragraph.find("math", attrs={"display": "block"})
    return isinstance(formula, Tag) and formula.get_text() == paragraph.get_text().strip()


def _title(paragraph: Tag) -> str:
    """Take the words in bold that a paragraph opens with as a title; return them as HTML."""
    bold = paragraph.contents[0] if paragraph.contents else None
    if not (isinstance(bold, Tag) and bold.name == "strong"):
        return ""
    words, after = bold.get_text().strip(), bold.next_sibling
    following = str(after).lstrip() if isinstance(after, NavigableString) else ""
    closed = re.search(r"[.:?!]$", words) or following.startswith(":") or after is None
    if not closed:
        return ""  # the beginning of a sentence
    bold.extract()
    if isinstance(after, NavigableString):
        rest = following.removeprefix(":").lstrip()
        after.replace_with(rest[:1].upper() + rest[1:])
    return html.escape(words.rstrip(".: "))


def _cut(paragraph: Tag) -> None:
    """Leave of a paragraph its first sentence, or sentences, if that is a short one."""
    depth, length, ended = 0, 0, False
    for node in list(paragraph.descendants):
        if not isinstance(node, NavigableString) or node.parent is None:
            continue
        if ended:
            node.extract()
            continue
        if not node.find_parent(["code", "math"]):
            depth, end = _end(str(node), depth, _SHORT - length)
            if end:
                node.replace_with(str(node)[:end])
                ended = True
        length += len(node)
    for element in paragraph.find_all(["code", "em", "strong", "a", "math"]):
        if not element.get_text():
            element.decompose()


def _end(text: str, depth: int, least: int) -> tuple[int, int]:
    """Return how deep in parentheses a text ends, and where its first sentence does (0: nowhere).

    A sentence that ends before ``least`` characters does not count.
    """
    ends = {found.start() for found in _END.finditer(text)}
    for place, letter in enumerate(text):
        depth += (letter in _OPENING) - (letter in _CLOSING and depth > 0)
        if depth == 0 and place in ends and place + 1 >= least:
            return depth, place + 1
    return depth, 0
