"""Write the index of the pages in the reports folder, from the record that each page carries."""

import json
from pathlib import Path
from typing import Any

from workbook import paths
from workbook.reports.export import FIELDS, RECORD, asset, facts, is_record

from bs4 import BeautifulSoup, Tag
from jinja2 import Environment, PackageLoader


def write(folder: Path) -> Path:
    """Write ``index.html`` into ``folder``, of the pages there, and return its path."""
    pages = [record for page in paths.listed(folder, "*.html") if (record := _record(page))]
    environment = Environment(
        loader=PackageLoader("workbook.reports"), autoescape=True, keep_trailing_newline=True
    )
    text = environment.get_template("index.html.j2").render(
        pages=[page | {"facts": facts(page)} for page in pages], style=asset("style.css")
    )
    index = folder / "index.html"
    with paths.writing(index) as partial:
        partial.write_text(text, encoding="utf-8")
    return index


def _record(page: Path) -> dict[str, Any] | None:
    """Return the record that the page carries, None for a page that is not one of ours."""
    head = page.read_text(encoding="utf-8", errors="replace").partition("</head>")[0]
    element = BeautifulSoup(head, "html.parser").find("meta", attrs={"name": RECORD})
    if not isinstance(element, Tag):
        return None
    try:
        record = json.loads(str(element["content"]))
    except ValueError:
        return None
    ours = isinstance(record, dict) and set(record) >= FIELDS
    return record if ours and (record["results"] is None or is_record(record["results"])) else None
