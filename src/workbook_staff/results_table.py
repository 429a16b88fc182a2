"""The README's table of the notebooks, made from the results that they recorded."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbook import paths
from workbook.errors import NotebookError
from workbook_staff.failures import tell
from workbook_staff.notebooks import find
from workbook_staff.notebooks.execute import duration
from workbook_staff.notebooks.reading import read
from workbook_staff.pages.export import results

ROW = re.compile(
    r"^\| (\[(\w+)\]\(notebooks/((?:\w+/)?\2)\.ipynb\)) \| ([^|]*) \|.*$", re.MULTILINE
)
"""A row: the notebook's link and name, what it teaches (prose, kept), and what was recorded."""


def renewed(readme: str, records: Mapping[str, Mapping[str, Any]]) -> str:
    """Return ``readme`` with the row of each notebook in ``records`` made anew.

    A notebook is called as in ``notebooks/``: "01_mnist_dense", "further/01_inside_and_moved".

    Raises:
        NotebookError: A notebook has a record, and the table has no row for it.
    """
    rows = {name for _, _, name, _ in ROW.findall(readme)}
    for name in records:
        if name not in rows:
            raise NotebookError(f"README.md has no row for notebooks/{name}.ipynb: add one by hand")

    def row(found: re.Match) -> str:
        link, _, name, teaches = found.groups()
        if name not in records:
            return found[0]
        return "| " + " | ".join([link, teaches, *_cells(records[name])]) + " |"

    return ROW.sub(row, readme)


def _cells(record: Mapping[str, Any]) -> list[str]:
    accuracy = dict(record["accuracy"])
    main = [accuracy.pop(name, None) for name in ("training", "validation", "test")]
    return [
        *("–" if value is None else f"{value:.2%}" for value in main),
        ", ".join(f"{name} {floor:.1%}" for name, floor in record["floors"].items()),
        "; ".join(f"{name}: {value:.2%}" for name, value in accuracy.items()),
        f"{duration(record['seconds'])} on {record['device']}",
    ]


def name(path: Path) -> str:
    """Return what one of the course's notebooks is called in the table."""
    return find.place(path).with_suffix("").as_posix()


def renew() -> int:
    """Make the README's table anew from the results stored in the notebooks.

    Returns 0, or 1 where a stored run is none in full on real data.

    Raises:
        NotebookError: A file in ``notebooks/`` is not a notebook, or the table lacks its row.
    """
    recorded = {name(path): results(read(path)) for path in find.own()}
    short = [one for one, found in recorded.items() if found and found["held"] is None]
    if short:
        return tell(
            f"notebooks/{one}.ipynb: its outputs are of a short run, or one on practice data; "
            "run it in full on the real data first: python -m workbook notebooks"
            for one in short
        )
    path = paths.ROOT / "README.md"
    old = path.read_text(encoding="utf-8")
    text = renewed(old, {one: found for one, found in recorded.items() if found})
    paths.write(path, text)
    print(path)
    return 0
