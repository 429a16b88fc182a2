"""Slides of the notebooks for a lecture: one file each, which needs nothing but a browser.

They are made of the outputs that are stored: nothing is executed, and of what a notebook holds
nothing can run. :mod:`workbook_staff.slides.deck` has the rules by which a notebook becomes slides,
and the marks by which its author may change that.
"""

import sys
import warnings
from pathlib import Path

from workbook import paths
from workbook.errors import NotebookError
from workbook_staff import html
from workbook_staff.notebooks import find
from workbook_staff.notebooks.execute import Run, stored
from workbook_staff.pages import export, file_names
from workbook_staff.pages.anchors import Anchors
from workbook_staff.slides import deck

ENDING = ".slides.html"
"""How the names of the slides end."""


def make(notebooks: list[Path] | None = None, folder: Path | None = None) -> int:
    """Write ``<name>.slides.html`` into ``folder`` (default: ``reports/``) for each notebook.

    ``notebooks`` (default: those in ``notebooks/``) may be folders and patterns, too. Returns 0, or
    1 where a notebook cannot be read, or holds nothing that a slide could show.

    Raises:
        OSError: The slides cannot be written.
    """
    chosen = find.chosen(notebooks or find.own())
    failed = 0
    for path, name in zip(chosen, file_names.names(chosen), strict=True):
        target = (folder or paths.REPORTS) / f"{name}{ENDING}"
        try:
            run = stored(path)
            with warnings.catch_warnings(action="ignore"):  # libraries', of odd notebooks
                text = page(run, path)
        except NotebookError as error:
            print(f"FAILED {error}", file=sys.stderr)
            failed += 1
            continue
        with paths.writing(target) as partial:
            partial.write_text(text, encoding="utf-8", errors="replace")
        bare = "" if run.is_executed else ", without outputs: run the notebook and save it first"
        print(f"{target}{bare}")
    return 1 if failed else 0


def page(run: Run, path: Path) -> str:
    """Return the slides of the notebook that was read from ``path``.

    The browser lays them out: what does not fit on a slide goes on on another one.

    Raises:
        NotebookError: It holds nothing that a slide could show.
    """
    anchors = Anchors()
    cells = export.Exporter(untrusted=True).cells(run.notebook, anchors, path.resolve().parent)
    language = run.notebook.metadata.get("language_info", {}).get("pygments_lexer", "ipython3")
    slides = deck.slides(cells, str(language), path.stem)
    if not slides:
        raise NotebookError(f"{path}: it holds nothing that a slide could show")
    title = next((h.text for h in anchors.headings if h.level == 1), "") or path.stem
    return html.page(
        "slides.html.j2",
        title=f"{title}: slides",
        styles=["slides.css"],
        script=html.asset("slides.js"),
        slides=slides,
        record=export.results(run.notebook),
    )
