"""Turn the Markdown of a notebook into HTML, with formulas, anchors and headings in order."""

import html
import re
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from workbook_staff.notebooks.find import FURTHER
from workbook_staff.notebooks.terminal import printable
from workbook_staff.pages import mathml
from workbook_staff.pages.anchors import Anchors, slug
from workbook_staff.pages.limits import KEEP_MARKDOWN, MARK, MARKS, Amounts, Held, cut
from workbook_staff.pages.pictures import Sources
from workbook_staff.pages.sanitize import Cleaner, without_empty_headers

from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

FITS_PHONE = 36
"""Characters of code that a 360-pixel screen shows without scrolling."""

# How a notebook opens a question to the reader, in Markdown and on the page.
_ASK = "<strong>What do you expect?</strong>"
ASKED = re.compile(f'<p class="ask">{re.escape(_ASK)}(.*?)</p>', re.DOTALL)
"""Finds the questions in a page's Markdown."""


def rendered(
    source: str,
    clean: Cleaner,
    anchors: Anchors,
    amounts: Amounts,
    folder: Path,
    attachments: Any = None,
) -> str:
    """Return Markdown as HTML; its headings are added to ``anchors``.

    Pictures are looked for in ``attachments`` and in ``folder``.
    """
    held = Held()
    text = held.without_payloads(printable(source), amounts)
    if len(text) > KEEP_MARKDOWN or amounts.seconds <= 0:
        return as_written(source)
    before, started = len(anchors.headings), time.monotonic()
    renderer = _Renderer(anchors, held)
    try:
        text = MarkdownWithMath(renderer=renderer).render(text)
    except Exception:  # whatever a reader of Markdown stumbles over, RecursionError among them
        del anchors.headings[before:]
        return as_written(source)
    finally:
        amounts.seconds -= time.monotonic() - started
    own = {heading.anchor for heading in anchors.headings[before:]}
    sources = Sources(folder, amounts, held, attachments)
    return held.back(without_empty_headers(clean(text, sources, own)))


def as_written(source: str) -> str:
    """Return a text as HTML that shows it as it was written, the first part of a long one."""
    text, said = cut(printable(source))
    told = f"<p>{said}</p>" if said else ""
    reachable = 'tabindex="0" role="group" aria-label="Text"' if is_wide(text) else ""
    return f'<pre class="text" {reachable}>{html.escape(text)}</pre>{told}'


def is_wide(text: str) -> bool:
    """Return whether a phone has to scroll to show the text: the keyboard has to reach it then."""
    return any(len(line) > FITS_PHONE for line in text.splitlines())


class _Renderer(IPythonRenderer):
    """Markdown with formulas as MathML, anchors on headings, and headings in order."""

    def __init__(self, anchors: Anchors, held: Held) -> None:
        super().__init__(escape=False)
        self.anchors, self.held = anchors, held
        self.formulas: dict[str, str] = {}

    # Pictures are put inside afterwards, these and those in HTML alike.
    def image(self, text: str, url: str, title: str | None = None) -> str:
        url = url.replace(quote(MARK), MARK)  # as the base class makes addresses
        named = f' title="{html.escape(title)}"' if title else ""
        words = html.escape(self._in_words(text))
        return f'<img src="{html.escape(url)}" alt="{words}"{named}>'

    def inline_html(self, html: str) -> str:
        return html

    def block_html(self, html: str) -> str:
        return html + "\n"

    def heading(self, text: str, level: int, **attrs: Any) -> str:
        # One first heading a page, and no level left out on the way down.
        headings = self.anchors.headings
        deepest = headings[-1].level + 1 if headings else 1
        level = min(max(level, 2 if headings else 1), deepest)
        anchor = self.anchors.add_heading(level, self._in_words(text)).anchor
        link = f'<a class="anchor" href="#{anchor}" aria-label="Link to this section">#</a>'
        return f'<h{level} id="{anchor}">{text} {link}</h{level}>\n'

    def block_code(self, code: str, info: str | None = None) -> str:
        made = str(super().block_code(code, info))
        reachable = '<pre tabindex="0" role="group" aria-label="Code"'
        return made.replace("<pre", reachable, 1) if is_wide(code) else made

    def paragraph(self, text: str) -> str:
        return f'<p class="ask">{text}</p>\n' if text.startswith(_ASK) else f"<p>{text}</p>\n"

    def link(self, text: str, url: str, title: str | None = None) -> str:
        # Notebooks name each other; so do their pages, in their own way, and in one folder.
        if "://" not in url:
            url = re.sub(
                rf"^(?:\.\./|{FURTHER}/)?(.*)\.ipynb(#.*)?$",
                lambda m: f"{m[1]}.html" + ("#" + slug(unquote(m[2])) if m[2] else ""),
                url,
            )
        return str(super().link(text, url, title))

    def block_math(self, body: str) -> str:
        return self._formula(body, "block")

    def latex_environment(self, name: str, body: str) -> str:
        return self._formula(f"\\begin{{{name}}}{body}\\end{{{name}}}", "block")

    def inline_math(self, body: str) -> str:
        return self._formula(body, "inline")

    def _formula(self, latex: str, display: str) -> str:
        mark = self.held.put(mathml.mathml(latex, display))
        self.formulas[mark] = latex
        return mark

    def _in_words(self, text: str) -> str:
        """Return the plain text of HTML, with formulas as they are written."""
        text = MARKS.sub(lambda m: html.escape(self.formulas.get(m[0], "")), text)
        return html.unescape(re.sub(r"<[^>]+>", "", text)).strip()
