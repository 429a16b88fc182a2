"""Turn an executed notebook into one HTML page that needs nothing but a browser.

Mathematics becomes MathML here, figures and styles are inside the page, and a content security
policy keeps the page from asking any host for anything.
"""

import copy
import re
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from workbook import exercises, live
from workbook.exercises import records
from workbook.results import MIME_TYPE
from workbook_staff import html
from workbook_staff.notebooks import find, marks, reading, terminal
from workbook_staff.notebooks.execute import Run, duration, runs
from workbook_staff.notebooks.student_edition import student, tags
from workbook_staff.pages import markdown, pictures, sanitize
from workbook_staff.pages.anchors import Anchors, Heading
from workbook_staff.pages.limits import KEEP_MARKDOWN, Amounts
from workbook_staff.pages.outputs import Outputs, Piece, columns

from nbconvert.filters.highlight import Highlight2HTML
from nbformat import NotebookNode

_COLOURED = Highlight2HTML(pygments_lexer="ipython3")


@dataclass(frozen=True)
class Page:
    """A notebook as HTML in ``text``, and what the index says of it in ``entry``."""

    text: str
    entry: dict[str, Any]


@dataclass(frozen=True)
class Cell:
    """A cell of the page: ``text`` is HTML, ``section`` the heading that it stands under."""

    source: NotebookNode
    text: str
    pieces: list[Piece]
    section: Heading | None

    @property
    def is_code(self) -> bool:
        """Whether it holds code."""
        return bool(self.source.cell_type == "code")

    @property
    def columns(self) -> int:
        """The most columns of a table in its text, 0 where there is none."""
        return 0 if self.is_code else columns(self.text)

    @property
    def kind(self) -> str:
        """The classes of its element."""
        names = ["code" if self.is_code else "prose"]
        return " ".join(["cell", *names, *(f"tag-{tag}" for tag in tags(self.source))])

    @property
    def is_claim(self) -> bool:
        """Whether it asserts what the text says, which the page folds away."""
        return "claim" in tags(self.source)

    @property
    def folded(self) -> set[str]:
        """The parts, "input" and "output", that a reader has to open."""
        return marks.folded(self.source) | marks.removed(self.source)

    @property
    def seconds(self) -> float | None:
        """How long it took, None where that was not recorded."""
        return cell_seconds(self.source)


class Exporter:
    """Exports notebooks as pages of one edition."""

    def __init__(self, edition: str = "instructor", untrusted: bool = False) -> None:
        """Prepare for one edition, "instructor" or "student", of trusted notebooks or not."""
        self.edition, self.untrusted = edition, untrusted

    def page(
        self,
        run: Run,
        path: Path,
        commit: str = "",
        note: str = "",
        reload_script: str = "",
    ) -> Page:
        """Return the page of the notebook that was read from ``path``.

        ``commit`` is the version of the workbook that ran it, "" where that is not known; ``note``
        is a word at its top, and in the index. With a ``reload_script`` it may ask the server that
        it is from.
        """
        notebook = copy.deepcopy(run.notebook)
        if self.edition == "student":
            notebook = student(notebook)
        anchors = Anchors()
        # Of what was handed in nothing is left out, whatever its cells say.
        shown = notebook if self.untrusted else marks.without_removed(notebook)
        cells = self.cells(shown, anchors, path.resolve().parent)
        is_live = any(piece.live for cell in cells for piece in cell.pieces)
        # One script, so that the policy can name it.
        script = "" if self.untrusted else html.asset("copy.js")
        script += live.output.script() if is_live else ""
        script += reload_script
        title = next((h.text for h in anchors.headings if h.level == 1), "") or path.stem
        entry = {
            "title": title,
            "edition": self.edition,
            "further": find.is_further(path) and not self.untrusted,
            "untrusted": self.untrusted,
            "bare": not run.is_executed,
            "note": note,
            "failure": run.failure,
            "seconds": round(run.seconds, 1),
            "executed": run.executed,
            "commit": commit,
            "results": results(notebook),
            "exercises": answered(notebook),
            "thumbnail": _thumbnail(notebook),
        }
        entry["footer"] = footer(entry)
        rights = [] if self.untrusted else ["play"]
        text = html.page(
            "page.html.j2",
            title=title,
            styles=["style.css"],
            script=script,
            rights=[*rights, *(["ask its server"] if reload_script else [])],
            order="" if run.failure else out_of_order(run.notebook),
            page=entry,
            headings=anchors.headings,
            asks=[] if self.edition == "student" else _asks(cells),
            cells=cells,
            missing=len(shown.cells) - len(cells),
        )
        return Page(anchors.linked(text), entry)

    def cells(self, notebook: NotebookNode, anchors: Anchors, folder: Path) -> list[Cell]:
        """Return what the page shows of each cell; what it has no room for is left out."""
        clean = partial(sanitize.clean, plays=not self.untrusted)
        amounts = Amounts()
        outputs = Outputs(clean, anchors, amounts, folder, runs_live=not self.untrusted)
        cells = []
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                text = markdown.rendered(
                    cell.source, clean, anchors, amounts, folder, cell.get("attachments")
                )
            elif cell.cell_type == "code":
                text = code(cell.source) if cell.source.strip() else ""
            else:
                text = markdown.as_written(cell.source) if cell.source.strip() else ""
            if not amounts.holds(text):
                break
            section = anchors.headings[-1] if anchors.headings else None
            pieces = outputs.pieces(cell.get("outputs", []))
            cells.append(Cell(cell, text, pieces, section))
        return cells


def out_of_order(notebook: NotebookNode) -> str:
    """Return in words that code was not run from top to bottom, "" where it was, or not at all."""
    cells = [c for c in notebook.cells if runs(c) and "skip-execution" not in tags(c)]
    counts = [cell.get("execution_count") for cell in cells]
    found = [count for count in counts if count]
    if not found or (len(found) == len(counts) and all(a < b for a, b in pairwise(found))):
        return ""
    said = ", ".join(str(count or "none") for count in counts[:20])
    return f"{said}, …" if len(counts) > 20 else said


def code(source: str) -> str:
    """Return the source of a cell as HTML, coloured as Python is."""
    if len(source) > KEEP_MARKDOWN:
        return markdown.as_written(source)
    made = str(_COLOURED(terminal.printable(source)))
    if not markdown.is_wide(source):
        return made
    return made.replace("<pre>", '<pre tabindex="0" role="group" aria-label="Code">', 1)


def results(notebook: NotebookNode) -> dict[str, Any] | None:
    """Return what the notebook recorded about its run (the last record), None where nothing.

    A record that is not one, as a notebook from anywhere may hold, counts as nothing.
    """
    for record in reversed(reading.records(notebook, MIME_TYPE)):
        if _is_record(record):
            parts = {name: _in_order(record[name]) for name in ("accuracy", "floors")}
            return record | parts | {"held": _held(record)}
    return None


def answered(notebook: NotebookNode) -> str:
    """Return how many exercises were answered and right, as the notebook's own records say."""
    outcomes = {}
    for record in reading.records(notebook, records.MIME_TYPE):
        name, outcome = record.get("exercise"), record.get("outcome")
        if isinstance(name, str) and name in exercises.EXERCISES and outcome != "predicted":
            outcomes[name] = outcome
    right = list(outcomes.values()).count("right")
    return f"{right} of {len(outcomes)} right" if outcomes else ""


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


def _is_record(value: dict[str, Any]) -> bool:
    """Return whether a value is what ``results.Summary.record`` makes."""

    def holds(part: Any, kind: type | tuple[type, ...]) -> bool:
        return isinstance(part, dict) and all(isinstance(item, kind) for item in part.values())

    return (
        {"title", "source", "verified", "practice", "quick", "seed", "device"} <= set(value)
        and isinstance(value.get("seconds"), int | float)
        and holds(value.get("accuracy"), (int, float))
        and holds(value.get("floors"), (int, float))
        and holds(value.get("versions"), str)
    )


def footer(entry: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what to know about the run behind a page, in words: names and values."""
    found = entry["results"] or {}
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
    if entry["seconds"]:
        said.append(("Whole notebook", duration(entry["seconds"])))
    if when := entry["executed"]:
        said.append(("Executed", f"{when}; nothing that it used has changed since"))
    if entry["exercises"]:
        said.append(("Exercises", entry["exercises"]))
    if found:
        said += [
            ("Device", found["device"]),
            ("Seed", str(found["seed"])),
            ("Versions", ", ".join(f"{k} {v}" for k, v in found["versions"].items())),
        ]
    return [*said, ("Commit", entry["commit"])] if entry["commit"] else said


def _asks(cells: list[Cell]) -> list[tuple[Heading, str, str]]:
    """Return what is asked of the reader: the section, the question, and the text's own answer.

    The answer is the first paragraph after the cell that tells; "" where a new section, or
    another question, comes before one.
    """
    asks = []
    for number, cell in enumerate(cells):
        if cell.source.cell_type == "markdown" and cell.section:
            telling = _answer(cells[number + 1 :])
            asks += [(cell.section, text, telling) for text in markdown.ASKED.findall(cell.text)]
    return asks


def _answer(following: list[Cell]) -> str:
    prose = (n for n, cell in enumerate(following) if cell.source.cell_type == "markdown")
    first = next(prose, 0)
    if not first:  # it follows at once, and nothing tells: or there is none
        return ""
    paragraph = re.match(r"\s*<p>(.*?)</p>", following[first].text, re.DOTALL)
    return re.sub(r'\sid="[^"]*"', "", paragraph[1]) if paragraph else ""  # said twice, named once


def _thumbnail(notebook: NotebookNode) -> dict[str, str] | None:
    """Return the main figure, small: the first of a cell tagged main-figure, else the last."""
    figures = [
        (cell, output)
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if isinstance(output.get("data"), dict) and "image/png" in output.data
    ]
    if not figures:
        return None
    main = [output for cell, output in figures if "main-figure" in tags(cell)]
    output = main[0] if main else figures[-1][1]
    source = pictures.thumbnail(pictures.as_text(output.data["image/png"]))
    return {"source": source, "alt": pictures.alt(output)} if source else None


def cell_seconds(cell: NotebookNode) -> float | None:
    """Return how long the cell took, None where that was not recorded."""
    times = cell.metadata.get("execution", {})
    try:
        start, end = (
            datetime.fromisoformat(times[key])
            for key in ("iopub.execute_input", "shell.execute_reply")
        )
        return (end - start).total_seconds()
    except (KeyError, TypeError, ValueError):  # a notebook from anywhere may hold anything
        return None
