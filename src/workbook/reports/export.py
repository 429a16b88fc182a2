"""Turn an executed notebook into one HTML page that needs nothing but a browser.

Mathematics becomes MathML here, figures and styles are inside the page, and a content security
policy keeps the page from asking any host for anything.
"""

import base64
import copy
import html
import io
import json
import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from workbook import live
from workbook.reports.editions import student, tags
from workbook.reports.execute import Run
from workbook.results import MIME_TYPE

import nh3
from bs4 import BeautifulSoup
from latex2mathml.converter import convert_to_element
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import (
    InvalidNotebook,
    IPythonRenderer,
    MarkdownWithMath,
)
from nbformat import NotebookNode
from PIL import Image
from traitlets.config import Config

RECORD = "workbook-record"
"""The name of the ``<meta>`` element that carries a page's record to the index."""

FIELDS = {"name", "title", "edition", "untrusted", "failure", "seconds", "commit", "results"}
"""What a page's record holds at least."""

FOLD_LINES = 25
"""Text outputs with more lines than this are folded."""

KEEP_LINES = 2000
"""Text outputs with more lines than this are cut off: a browser would print them for minutes."""

FITS_PHONE = 36
"""Characters of code that a 360-pixel screen shows without scrolling."""

THUMBNAIL = (480, 360)
"""Pixels: the width, and the greatest height, below which a figure is cut off."""

# First to last: what of an output is shown. Scripts and widgets are not, since they need a kernel
# or a host; their text is.
_SHOWN = [
    "text/html",
    "text/markdown",
    "image/svg+xml",
    "text/latex",
    "image/png",
    "image/jpeg",
    "text/plain",
]

# fmt: off
_SAFE_TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "code", "col", "colgroup", "dd", "del",
    "details", "div", "dl", "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6",
    "hr", "i", "img", "kbd", "li", "mark", "ol", "p", "pre", "q", "s", "small", "span", "strong",
    "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul", "var",
}
_DROPPED_TAGS = {"script", "style", "iframe", "object", "template", "noscript", "svg"}
_SAFE_ATTRIBUTES = {
    "*": {"alt", "aria-label", "class", "colspan", "role", "rowspan", "scope", "tabindex", "title"},
    "a": {"href"},
    "img": {"src"},
    **{f"h{level}": {"id"} for level in range(1, 7)},
}
# fmt: on


@dataclass(frozen=True)
class Heading:
    """A heading of the page: ``level`` from 1, ``anchor`` the id that a link can name."""

    level: int
    anchor: str
    text: str


class Exporter:
    """Exports notebooks as pages; one object for many, since nearly all the cost is the first."""

    def __init__(self, edition: str = "instructor", untrusted: bool = False) -> None:
        """Prepare for one edition, "instructor" or "student", of trusted notebooks or not."""
        self.edition = edition
        self._clean = clean if untrusted else local
        template = files("workbook.reports") / "templates" / "page.html.j2"
        self._exporter = HTMLExporter(
            template_name="base",
            template_file=str(template),
            config=Config(
                NbConvertBase={"display_data_priority": _SHOWN},
                # A progress bar writes each step over the last one.
                CoalesceStreamsPreprocessor={"enabled": True},
            ),
            filters={
                "wide": _is_wide,
                "lines": lambda text: len(text.strip("\n").splitlines()),
                "first_lines": lambda text: "\n".join(text.splitlines()[:KEEP_LINES]),
                "table_headers": _without_empty_headers,
                "seconds": _seconds,
                "alt": alt,
                "clean": self._clean,
            },
        )

    def page(self, run: Run, path: Path, commit: str = "", name: str = "") -> str:
        """Return the page for the notebook that was read from ``path``, which gives it its name.

        ``commit`` is the version of the workbook that ran it, "" where that is not known.
        """
        notebook = copy.deepcopy(run.notebook)
        if self.edition == "student":
            notebook = student(notebook)
        alive = self._clean is not clean and _wake(notebook)
        headings, asks = self._render_markdown(notebook, path.resolve().parent)
        # One script, so that the policy can name it.
        script = "" if self._clean is clean else asset("copy.js")
        script += live.output.script() if alive else ""
        title = next((h.text for h in headings if h.level == 1), path.stem)
        record = {
            "name": name or path.stem,
            "title": title,
            "edition": self.edition,
            "untrusted": self._clean is clean,
            "failure": run.failure,
            "seconds": round(run.seconds, 1),
            "commit": commit,
            "results": results(notebook),
            "thumbnail": _thumbnail(notebook),
        }
        body, _ = self._exporter.from_notebook_node(
            notebook,
            {
                "page": record,
                "record": json.dumps(record),
                "headings": headings,
                "facts": facts(record),
                "fold_lines": FOLD_LINES,
                "keep_lines": KEEP_LINES,
                "asks": asks,
                "style": asset("style.css"),
                "script": script,
                "script_source": live.output.source(script) if script else "'none'",
            },
        )
        return str(body)

    def _render_markdown(
        self, notebook: NotebookNode, folder: Path
    ) -> tuple[list[Heading], list[tuple[Heading, str]]]:
        """Put the HTML of every Markdown cell and output beside its source.

        This comes before the template, since the table of contents comes before the cells.
        Returns the headings, and what is asked of the reader: the section and the question.
        """
        headings: list[Heading] = []
        asks = []
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.html = self._markdown(cell.source, folder, headings, cell.get("attachments"))
                if headings:
                    asks += [(headings[-1], found) for found in _ASKED.findall(cell.html)]
            for output in cell.get("outputs", []):
                if live.MIME_TYPE in output.get("data", {}):
                    output.data.pop("text/html", None)  # its picture is shown, alive or still
                if "text/markdown" in output.get("data", {}):
                    output.html = self._markdown(output.data["text/markdown"], folder, headings)
                elif "text/latex" in output.get("data", {}):
                    output.html = mathml(output.data["text/latex"].strip().strip("$"), "block")
                elif "data" in output and not output.data.keys() & set(_SHOWN):
                    output.data["text/plain"] = "An output that only a running notebook can show."
        return headings, asks

    def _markdown(
        self, source: str, folder: Path, headings: list[Heading], attachments: Any = None
    ) -> str:
        renderer = _Renderer(folder, headings, attachments or {})
        text = MarkdownWithMath(renderer=renderer).render(source.translate(_NO_MARKS))
        text = _without_empty_headers(self._clean(renderer.embed(text)))
        # An entity gives a mark that is none of ours, and counts as nothing.
        formulas = dict(enumerate(renderer.formulas))
        return re.sub(f"{_MARK}(\\d+){_MARK}", lambda m: formulas.get(int(m[1]), ""), text)


# Stands for a formula while the text around it is cleaned: a private-use character, which the
# text itself may then not contain.
_MARK = "\ue000"
_NO_MARKS = {ord(_MARK): None}


# What the templates call their own: a notebook must not speak in their voice.
_OWN_ANCHORS = {"content", "what-to-ask-about"}
_OWN_CLASSES = {"notice", "failed", "good", "bad", "skip", "top", "bottom", "took"}

# How a notebook opens a question to the reader, in Markdown and on the page.
_ASK = "<strong>What do you expect?</strong>"
_ASKED = re.compile(f'<p class="ask">{re.escape(_ASK)}(.*?)</p>', re.DOTALL)


class _Renderer(IPythonRenderer):
    """Markdown with formulas as MathML, anchors on headings, and headings in order."""

    def __init__(self, folder: Path, headings: list[Heading], attachments: dict[str, Any]) -> None:
        super().__init__(escape=False, embed_images=True, path=str(folder), attachments=attachments)
        self.headings = headings
        self.formulas: list[str] = []

    def embed(self, text: str) -> str:
        """Put the image files that the HTML names inside it."""
        return self._html_embed_images(text) if "<img" in text else text

    def image(self, text: str, url: str, title: str | None = None) -> str:
        try:
            return str(super().image(text, url, title))
        except InvalidNotebook:  # it lacks what it says is attached
            return f"<em>missing picture: {html.escape(text or url)}</em>"

    # The base class embeds images tag by tag here, and so closes every tag where it opens.
    def inline_html(self, html: str) -> str:
        return html

    def block_html(self, html: str) -> str:
        return html + "\n"

    def heading(self, text: str, level: int, **attrs: Any) -> str:
        # One first heading a page, and no level left out on the way down.
        deepest = self.headings[-1].level + 1 if self.headings else 1
        level = min(max(level, 2 if self.headings else 1), deepest)
        plain = html.unescape(re.sub(r"<[^>]+>", "", text))
        anchor = _anchor(plain, _OWN_ANCHORS | {heading.anchor for heading in self.headings})
        self.headings.append(Heading(level, anchor, plain))
        link = f'<a class="anchor" href="#{anchor}" aria-label="Link to this section">#</a>'
        return f'<h{level} id="{anchor}">{text} {link}</h{level}>\n'

    def block_code(self, code: str, info: str | None = None) -> str:
        made = str(super().block_code(code, info))
        reachable = '<pre tabindex="0" role="group" aria-label="Code"'
        return made.replace("<pre", reachable, 1) if _is_wide(code) else made

    def paragraph(self, text: str) -> str:
        return f'<p class="ask">{text}</p>\n' if text.startswith(_ASK) else f"<p>{text}</p>\n"

    def link(self, text: str, url: str, title: str | None = None) -> str:
        # Notebooks name each other; so do their pages.
        if "://" not in url:
            url = re.sub(r"\.ipynb(?=#|$)", ".html", url)
        return str(super().link(text, url, title))

    def block_math(self, body: str) -> str:
        return self._formula(body, "block")

    def latex_environment(self, name: str, body: str) -> str:
        return self._formula(f"\\begin{{{name}}}{body}\\end{{{name}}}", "block")

    def inline_math(self, body: str) -> str:
        return self._formula(body, "inline")

    def _formula(self, latex: str, display: str) -> str:
        self.formulas.append(mathml(latex, display))
        return f"{_MARK}{len(self.formulas) - 1}{_MARK}"


def mathml(latex: str, display: str = "inline") -> str:
    """Return LaTeX mathematics as MathML; what cannot be read as such is shown as it is written.

    ``display`` is "inline" or "block".
    """
    # The library knows this environment by its other name only.
    known = re.sub(r"\\(begin|end)\{aligned\}", r"\\\1{align*}", latex)
    try:
        tree = convert_to_element(known, display=display)
    except Exception:  # the library's errors have no common class, and IndexError is among them
        return f"<code>{html.escape(latex)}</code>"
    # The library's own serialiser leaves text unescaped: \text{<script>} would be one.
    for element in tree.iter():
        element.text = html.unescape(element.text) if element.text else None
        for name in ("href", "style", "class", "id"):
            element.attrib.pop(name, None)
    tree.set("tabindex", "0") if display == "block" else None
    return ElementTree.tostring(tree, encoding="unicode")


def clean(text: str) -> str:
    """Return HTML with everything removed that could run a script, load or imitate anything."""
    return nh3.clean(
        text,
        tags=_SAFE_TAGS,
        clean_content_tags=_DROPPED_TAGS,
        attributes=_SAFE_ATTRIBUTES,
        attribute_filter=_safe_value,
        url_schemes={"http", "https", "mailto", "data"},
        link_rel=None,
    )


def local(text: str) -> str:
    """Return HTML with a link in place of everything that it would load from elsewhere."""
    soup = BeautifulSoup(text, "html.parser")
    for element in soup.select("[src]:not([src^='data:']), link[href]"):
        source = str(element.get("src") or element.get("href"))
        link = soup.new_tag("a", href=source)
        link.string = str(element.get("alt") or source)
        element.replace_with(link)
    return str(soup)


def _safe_value(tag: str, name: str, value: str) -> str | None:
    """Return an attribute's value, None where it loads, or looks like, something else."""
    if name == "src":
        return value if value.startswith("data:image/") else None
    if name == "href":
        # Browsers leave white space and control characters out of an address.
        return None if re.sub(r"[\s\x00-\x1f]", "", value).lower().startswith("data:") else value
    if name == "id":
        return None if value in _OWN_ANCHORS else value
    if name == "class":
        return None if _OWN_CLASSES & set(value.split()) else value
    return value


def _wake(notebook: NotebookNode) -> bool:
    """Put what the script of `workbook.live` needs beside each of its outputs, if there is one."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    for output in outputs:
        output.live = live.output.stored(output)
    return any(output.live for output in outputs)


def results(notebook: NotebookNode) -> dict[str, Any] | None:
    """Return what the notebook recorded about its run (the last record), None where nothing.

    A record that is not one, as a notebook from anywhere may hold, counts as nothing.
    """
    for cell in reversed(notebook.cells):
        for output in cell.get("outputs", []):
            record = output.get("data", {}).get(MIME_TYPE)
            if is_record(record):
                parts = {name: _in_order(record[name]) for name in ("accuracy", "floors")}
                return record | parts | {"held": _held(record)}
    return None


def _held(record: dict[str, Any]) -> bool | None:
    """Return whether every floor was reached, None where the run was none to ask it of."""
    if record["practice"] or record["quick"]:
        return None
    reached = record["accuracy"]
    return all(reached.get(name, 0) >= floor for name, floor in record["floors"].items())


def _in_order(fractions: dict[str, float]) -> dict[str, float]:
    """Return the parts in the order of a course; a stored notebook has them by the alphabet."""
    first = [name for name in ("training", "validation", "test") if name in fractions]
    return {name: fractions[name] for name in first} | fractions


def is_record(value: Any) -> bool:
    """Return whether a value is what ``results.Summary.record`` makes."""

    def holds(part: Any, kind: type | tuple[type, ...]) -> bool:
        return isinstance(part, dict) and all(isinstance(item, kind) for item in part.values())

    return (
        isinstance(value, dict)
        and {"title", "source", "verified", "practice", "quick", "seed", "device"} <= set(value)
        and isinstance(value.get("seconds"), int | float)
        and holds(value.get("accuracy"), (int, float))
        and holds(value.get("floors"), (int, float))
        and holds(value.get("versions"), str)
    )


def facts(record: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what to know about the run behind a page, in words: names and values."""
    found = record["results"] or {}
    said = []
    if found:
        source = f"{found['title']}, {found['source']}"
        if not found["practice"]:
            source += ", verified" if found["verified"] else ", not verified"
        said += [
            ("Data", source),
            ("Run", "quick" if found["quick"] else "full"),
            ("Training", duration(found["seconds"])),
        ]
    if record["seconds"]:
        said.append(("Whole notebook", duration(record["seconds"])))
    if found:
        said += [
            ("Device", found["device"]),
            ("Seed", str(found["seed"])),
            ("Versions", ", ".join(f"{k} {v}" for k, v in found["versions"].items())),
        ]
    return [*said, ("Commit", record["commit"])] if record["commit"] else said


def duration(seconds: float) -> str:
    """Return a time as it is said: "48 s", "2 min 5 s"."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


@cache
def asset(name: str) -> str:
    """Return a file of the templates folder as text."""
    return (files("workbook.reports") / "templates" / name).read_text(encoding="utf-8")


def _thumbnail(notebook: NotebookNode) -> dict[str, str] | None:
    """Return the main figure, small: the first of a cell tagged main-figure, else the last."""
    figures = [
        (cell, output)
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    if not figures:
        return None
    main = [output for cell, output in figures if "main-figure" in tags(cell)]
    output = main[0] if main else figures[-1][1]
    try:
        image = Image.open(io.BytesIO(base64.b64decode(output.data["image/png"]))).convert("RGB")
    # A notebook from anywhere may hold what is no picture, or too large a one.
    except (OSError, ValueError, Image.DecompressionBombError):
        return None
    width, height = THUMBNAIL
    image = image.resize((width, max(1, round(image.height * width / image.width))))
    image = image.crop((0, 0, width, min(height, image.height)))
    buffer = io.BytesIO()
    image.save(buffer, format="webp", quality=80)
    source = "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()
    return {"source": source, "alt": alt(output)}


def alt(output: NotebookNode) -> str:
    """Return the description of a figure that travels with it."""
    metadata = output.get("metadata", {})
    own = [metadata.get(kind, {}).get("alt") for kind in ("image/png", "image/jpeg")]
    return str(next(filter(None, [*own, metadata.get("alt")]), "A figure without a description"))


def _anchor(text: str, taken: set[str]) -> str:
    slug = re.sub(r"\W+", "-", text.lower()).strip("-") or "section"
    anchor, count = slug, 1
    while anchor in taken:
        count += 1
        anchor = f"{slug}-{count}"
    return anchor


def _is_wide(text: str) -> bool:
    """Return whether a phone has to scroll to show the text: the keyboard has to reach it then."""
    return any(len(line) > FITS_PHONE for line in text.splitlines())


def _without_empty_headers(text: str) -> str:
    """A header cell with nothing in it, as pandas and Markdown write, is an ordinary cell."""
    return re.sub(r"<th\b[^>]*>\s*</th>", "<td></td>", text)


def _seconds(cell: NotebookNode) -> float | None:
    """Return how long the cell took, None where that was not recorded."""
    times = cell.metadata.get("execution", {})
    if "iopub.execute_input" not in times or "shell.execute_reply" not in times:
        return None
    start, end = (times[key] for key in ("iopub.execute_input", "shell.execute_reply"))
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
