"""How the notebooks are compared when ``pytest --nbval-lax`` executes them again."""

from workbook import QUICK
from workbook.datasets.sources import mode

import pytest


def pytest_collectstart(collector: pytest.Collector) -> None:
    """Leave stderr out: nothing in it is a promise to students."""
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += ("stderr",)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Compare cells tagged ``full-run`` only where training is full and the data is real."""
    short = QUICK or mode() == "practice"
    for item in items:
        if short and "full-run" in _tags(item):
            item.options["check"] = False  # type: ignore[attr-defined]


def _tags(item: pytest.Item) -> list[str]:
    cell = getattr(item, "cell", None)
    return cell.metadata.get("tags", []) if cell is not None else []
