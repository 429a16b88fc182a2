"""What the notebooks ask: the Markdown that stands before each exercise's answer."""

from collections.abc import Iterable
from pathlib import Path

from workbook_staff.notebooks import solutions
from workbook_staff.notebooks.reading import read
from workbook_staff.notebooks.student_edition import tags


def questions(notebooks: Iterable[Path]) -> dict[str, str]:
    """Return the question of each exercise, in the order of the notebooks.

    It begins with the last paragraph that opens in bold, where there is one.

    Raises:
        NotebookError: One of them is not a notebook.
    """
    found: dict[str, str] = {}
    for path in notebooks:
        said = asked = ""
        for cell in read(path).cells:
            if cell.cell_type == "markdown" and "solution" not in tags(cell):
                said = cell.source
            elif "solution" in tags(cell):
                asked = said
            elif "check" in tags(cell):
                found[solutions.asked(cell.source).exercise] = _question(asked)
    return found


def _question(said: str) -> str:
    paragraphs = [one.strip() for one in said.split("\n\n") if not one.lstrip().startswith("#")]
    bold = [n for n, one in enumerate(paragraphs) if one.startswith("**")]
    return "\n\n".join(paragraphs[bold[-1] if bold else 0 :])
