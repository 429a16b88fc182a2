"""Slides of the notebooks for a lecture: one file each, which needs nothing but a browser.

They are made of the outputs that are stored: nothing is executed, and of what a notebook holds
nothing can run. reveal.js shows them.
"""

import sys
import warnings
from pathlib import Path

from workbook import live, paths
from workbook.errors import NotebookError
from workbook_staff import html
from workbook_staff.notebooks import find
from workbook_staff.notebooks.execute import Run, stored
from workbook_staff.pages import export, file_names
from workbook_staff.pages.anchors import Anchors
from workbook_staff.slides import deck, reveal

ENDING = ".slides.html"
"""How the names of the slides end."""


def make(notebooks: list[Path] | None = None, folder: Path | None = None) -> int:
    """Write ``<name>.slides.html`` into ``folder`` (default: ``reports/``) for each notebook.

    ``notebooks`` (default: those in ``notebooks/``) may be folders and patterns, too. Returns 0, or
    1 where a notebook cannot be read, or holds nothing that a slide could show.

    Raises:
        RevealError: reveal.js is not there, and cannot be downloaded.
        OSError: The slides cannot be written.
    """
    chosen = find.chosen(notebooks or find.own())
    failed = 0
    for path, name in zip(chosen, file_names.names(chosen), strict=True):
        target = (folder or paths.REPORTS) / f"{name}{ENDING}"
        try:
            run = stored(path)
            with warnings.catch_warnings(action="ignore"):  # libraries', of odd notebooks
                text, count = page(run, path, name)
        except NotebookError as error:
            print(f"FAILED {error}", file=sys.stderr)
            failed += 1
            continue
        with paths.writing(target) as partial:
            partial.write_text(text, encoding="utf-8", errors="replace")
        bare = "" if run.is_executed else ", without outputs: run the notebook and save it first"
        print(f"{target}  {count} slides{bare}")
    return 1 if failed else 0


def page(run: Run, path: Path, name: str) -> tuple[str, int]:
    """Return the slides of the notebook that was read from ``path``, and how many they are.

    Raises:
        NotebookError: It holds nothing that a slide could show.
        RevealError: reveal.js is not there, and cannot be downloaded.
    """
    anchors = Anchors()
    cells = export.Exporter(untrusted=True).cells(run.notebook, anchors, path.resolve().parent)
    language = run.notebook.metadata.get("language_info", {}).get("pygments_lexer", "ipython3")
    made = deck.slides(cells, str(language), path.stem)
    if not made:
        raise NotebookError(f"{path}: it holds nothing that a slide could show")
    # One script, so that the policy can name it.
    script = "\n".join([reveal.text("reveal.js"), html.asset("slides.js")])
    text = html.template("slides.html.j2").render(
        title=next((h.text for h in anchors.headings if h.level == 1), "") or path.stem,
        name=name,
        slides=made,
        record=export.results(run.notebook),
        reveal=reveal.text("reveal.css"),
        style=html.asset("slides.css"),
        script=script,
        script_source=live.output.source(script),
    )
    return text, len(made)
