"""What authors mark in a cell's metadata: what is hidden, and how it goes on slides.

The names are those of Jupyter Book's tags (``hide-input``, ``remove-cell``), which nbconvert writes
with ``_``, of RISE (``slideshow.slide_type``), of Colab (``cellView``), and of the editors' own
command to fold a cell.
"""

import copy

from workbook_staff.notebooks.student_edition import tags

from nbformat import NotebookNode

PARTS = {"input", "output"}
"""The parts of a cell that can be hidden."""

_FOLDED = {
    "input": {"source_hidden", "hide_input", "cellView"},
    "output": {"outputs_hidden", "collapsed"},
}


def removed(cell: NotebookNode) -> set[str]:
    """Return the parts of a cell that its author leaves out of what is published."""
    return _tagged(cell, "remove")


def folded(cell: NotebookNode) -> set[str]:
    """Return the parts of a cell that its author hides until a reader asks for them."""
    found = cell.metadata.get("jupyter")
    known = cell.metadata | (found if isinstance(found, dict) else {})
    told = {name for name, value in known.items() if value is True or value == "form"}  # Colab
    return _tagged(cell, "hide") | {part for part in PARTS if told & _FOLDED[part]}


def without_removed(notebook: NotebookNode) -> NotebookNode:
    """Return the notebook without what its author leaves out; cells that stay are shared."""
    cells = []
    for cell in notebook.cells:
        gone = removed(cell)
        if gone:
            cell = copy.deepcopy(cell)
            if "input" in gone:
                cell.source = ""
            if "output" in gone and "outputs" in cell:
                cell.outputs = []
        if gone != PARTS:
            cells.append(cell)
    return NotebookNode(notebook | {"cells": cells})


def slide_type(cell: NotebookNode) -> str:
    """Return how a cell goes on slides, "" where its author leaves that to the rules."""
    slideshow = cell.metadata.get("slideshow")
    found = slideshow.get("slide_type") if isinstance(slideshow, dict) else None
    return found if isinstance(found, str) else ""


def _tagged(cell: NotebookNode, verb: str) -> set[str]:
    found = {tag.lower().replace("_", "-") for tag in tags(cell)}
    if f"{verb}-cell" in found:
        return PARTS
    return {part for part in PARTS if found & {f"{verb}-{part}", f"{verb}-all-{part}s"}}
