"""Write the index of the pages in the reports folder."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from workbook import paths
from workbook_staff import html


def write(folder: Path, entries: Mapping[str, dict[str, Any]], refused: Iterable[str] = ()) -> Path:
    """Write ``index.html`` into ``folder``, and return its path.

    ``entries`` are those of this run's pages by their names, the core before those that go deeper;
    of other pages in the folder, such as slides, the names are listed. ``refused`` are the lines
    that say why a notebook has no page.
    """
    pages = paths.listed(folder, "*.html")
    text = html.page(
        "index.html.j2",
        title="The workbook's notebooks",
        styles=["style.css"],
        pages=[one for one in entries.items() if not one[1]["further"]],
        further=[one for one in entries.items() if one[1]["further"]],
        others=[page.name for page in pages if page.stem not in {*entries, "index"}],
        refused=list(refused),
    )
    index = folder / "index.html"
    paths.write(index, text)
    return index
