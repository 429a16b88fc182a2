"""How the notebooks are compared when ``pytest --nbval-lax`` executes them again."""

import os
from collections.abc import Callable
from pathlib import Path

from workbook import QUICK
from workbook.datasets.sources import mode
from workbook.errors import NotebookError
from workbook.exercises import records
from workbook_staff.notebooks import execute, reading

import nbformat
import pytest


def pytest_configure() -> None:
    """Let what trains have as many threads as where the notebooks' outputs are from."""
    os.environ |= execute.ONE_THREAD | os.environ


def pytest_collectstart(collector: pytest.Collector) -> None:
    """Leave out stderr, and the records of exercises: nothing in them is a promise to students.

    A notebook whose file has a fault is an error of one line, and does not stop the other ones.
    """
    if not hasattr(collector, "skip_compare"):
        return
    # Markdown has a plain text beside it, which is compared.
    collector.skip_compare += ("stderr", "text/markdown", records.MIME_TYPE)
    try:
        check(Path(collector.path))
    except NotebookError as error:
        collector.collect = _refusal(str(error))  # type: ignore[method-assign]
        collector.config.option.continue_on_collection_errors = True


def check(path: Path) -> None:
    """Raise what a notebook of the course must not have, though ``reading.read`` would mend it.

    Raises:
        OSError: The file cannot be read.
        NotebookError: It is not a notebook, its cells have no names of their own, or it has
            another fault by nbformat's schema.
    """
    found = reading.loaded(path)
    mend = "open it in Jupyter and save it, which mends that"
    places: dict[str, list[str]] = {}
    for number, cell in enumerate(found["cells"], start=1):
        name = cell.get("id") if isinstance(cell, dict) else ""
        places.setdefault(str(name or ""), []).append(str(number))
    if found.get("nbformat_minor") == 5 and "" in places:
        raise NotebookError(f"{path}: no id in cell {', '.join(places[''])}; {mend}")
    for name, cells in places.items():
        if name and len(cells) > 1:
            raise NotebookError(
                f"{path}: cells {' and '.join(cells)} have the same id, {name!r}; {mend}"
            )
    try:
        nbformat.validate(found)
    except Exception as error:  # what is far from the format makes nbformat itself stumble
        at = list(getattr(error, "absolute_path", ()))
        place = f"cell {at[1] + 1}: " if len(at) > 1 and at[0] == "cells" else ""
        message = str(getattr(error, "message", error)).splitlines()[0]
        raise NotebookError(
            f"{path}: {place}{message[:160]}; mend it there, or have it executed and stored anew "
            f"by: python -m workbook notebooks {path}"
        ) from None


def _refusal(line: str) -> Callable[[], list[pytest.Item]]:
    def collect() -> list[pytest.Item]:
        raise pytest.Collector.CollectError(line)

    return collect


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Compare cells tagged ``full-run`` only where training is full and the data is real."""
    short = QUICK or mode() == "practice"
    for item in items:
        if short and "full-run" in _tags(item):
            item.options["check"] = False  # type: ignore[attr-defined]


def _tags(item: pytest.Item) -> list[str]:
    cell = getattr(item, "cell", None)
    return cell.metadata.get("tags", []) if cell is not None else []
