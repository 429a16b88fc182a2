"""Where things are: the checkout, the user's data, and what the workbook itself writes."""

import os
from pathlib import Path


def _root() -> Path:
    """Return the checkout that holds this package, or the current folder outside of one."""
    checkout = Path(__file__).resolve().parents[2]
    return checkout if (checkout / "pyproject.toml").is_file() else Path.cwd()


ROOT = _root()
NOTEBOOKS = ROOT / "notebooks"
REPORTS = ROOT / "reports"
CACHE = ROOT / "data" / "cache"
MODELS = ROOT / "data" / "models"


def placed_dirs() -> list[Path]:
    """Return the folders in which to look for the user's own files, first to last.

    The folder that ``WORKBOOK_DATA_DIR`` names (read, never written) comes before ``data/``.
    """
    named = os.environ.get("WORKBOOK_DATA_DIR")
    return [Path(named).expanduser(), ROOT / "data"] if named else [ROOT / "data"]
