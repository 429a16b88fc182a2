"""Write the index of the pages in the reports folder, from the record that each page carries."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from workbook import paths
from workbook_staff import html
from workbook_staff.pages.export import FIELDS, RECORD, facts, is_record

from bs4 import BeautifulSoup, Tag

MOST_CHARACTERS = 4_000_000
"""How much of a page is read at most: its record is at its beginning."""


def write(folder: Path, written: Iterable[str] = (), refused: Iterable[str] = ()) -> Path:
    """Write ``index.html`` into ``folder``, of the pages there, and return its path.

    ``written`` are the names of this run's pages, the core before those that go deeper; others
    come after them, as being of earlier runs. ``refused`` are the lines that say why a notebook has
    no page.
    """
    made = set(written)
    pages = [record for page in paths.listed(folder, "*.html") if (record := _record(page))]
    text = html.page(
        "index.html.j2",
        title="The workbook's notebooks",
        styles=["style.css"],
        pages=[page for page in pages if page["name"] in made and not page["further"]],
        further=[page for page in pages if page["name"] in made and page["further"]],
        earlier=[page for page in pages if page["name"] not in made],
        refused=list(refused),
    )
    index = folder / "index.html"
    with paths.writing(index) as partial:
        partial.write_text(text, encoding="utf-8", errors="replace")
    return index


def _record(page: Path) -> dict[str, Any] | None:
    """Return the record that the page carries, None for a page that is not one of ours.

    The page is called by its file's name, and has the facts about its run in words.
    """
    try:
        with page.open(encoding="utf-8", errors="replace") as file:
            head = file.read(MOST_CHARACTERS).partition("</head>")[0]
    except OSError:  # a folder of that name, say
        return None
    element = BeautifulSoup(head, "html.parser").find("meta", attrs={"name": RECORD})
    if not isinstance(element, Tag):
        return None
    try:
        record = json.loads(str(element["content"]))
    except ValueError:
        return None
    if not isinstance(record, dict) or not set(record) >= FIELDS:
        return None
    if record["results"] is not None and not is_record(record["results"]):
        return None
    return {"further": False} | record | {"name": page.stem, "facts": facts(record)}
