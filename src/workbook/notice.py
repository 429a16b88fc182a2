"""The mark of practice data: the loader writes down which is in use, and every figure says so."""

PRACTICE: dict[str, str] = {}
"""The titles of the datasets that are practice data as they were last loaded, by name."""


def text() -> str | None:
    """Return the mark that a figure needs now, or None."""
    if not PRACTICE:
        return None
    return f"practice data drawn by the workbook, not {' or '.join(PRACTICE.values())}"
