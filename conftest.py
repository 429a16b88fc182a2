"""How the notebooks are compared when ``pytest --nbval-lax`` executes them again."""

from collections.abc import Callable
from pathlib import Path

from workbook import QUICK
from workbook.datasets.sources import mode
from workbook.exercises import records
from workbook_staff.notebooks import reading
from workbook_staff.reports import NotebookError

import pytest


def pytest_collectstart(collector: pytest.Collector) -> None:
    """Leave out stderr, and the records of exercises: nothing in them is a promise to students.

    A notebook whose file has a fault is an error of one line, and does not stop the other ones.
    """
    if not hasattr(collector, "skip_compare"):
        return
    # Markdown has a plain text beside it, which is compared.
    collector.skip_compare += ("stderr", "text/markdown", records.MIME_TYPE)
    try:
        reading.check(Path(collector.path))
    except NotebookError as error:
        collector.collect = _refusal(str(error))  # type: ignore[method-assign]
        collector.config.option.continue_on_collection_errors = True


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
