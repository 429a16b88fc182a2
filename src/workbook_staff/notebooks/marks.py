"""What authors mark in a cell's metadata: what is hidden, and how it goes on slides.

The names are those of Jupyter Book (``hide-input``), nbconvert (``remove_cell``), JupyterLab
(``jupyter.source_hidden``), Colab (``cellView: form``) and RISE (``slideshow.slide_type``).
"""

import copy

from workbook_staff.notebooks.student_edition import tags

from nbformat import NotebookNode

PARTS = ("input", "output")
"""The parts of a cell that can be hidden."""

_METADATA = {
    "input": [("jupyter", "source_hidden"), ("hide_input",), ("cellView",)],
    "output": [("jupyter", "outputs_hidden"), ("collapsed",)],
}
_HIDES = (True, "form")


def removed(cell: NotebookNode) -> set[str]:
    """Return the parts of a cell that its author leaves out of what is published."""
    return _tagged(cell, "remove")


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
        if gone != set(PARTS):
            cells.append(cell)
    return NotebookNode(notebook | {"cells": cells})


def folded(cell: NotebookNode) -> set[str]:
    """Return the parts of a cell that its author hides until a reader asks for them."""
    return _tagged(cell, "hide") | {
        part for part in PARTS if any(_value(cell, keys) in _HIDES for keys in _METADATA[part])
    }


def slide_type(cell: NotebookNode) -> str:
    """Return how a cell goes on slides, "" where its author leaves that to the rules."""
    found = _value(cell, ("slideshow", "slide_type"))
    return found if isinstance(found, str) else ""


def _tagged(cell: NotebookNode, verb: str) -> set[str]:
    found = {tag.lower().replace("_", "-") for tag in tags(cell)}
    if f"{verb}-cell" in found:
        return set(PARTS)
    names = {"input": {"input"}, "output": {"output", "outputs", "all-outputs"}}
    return {part for part in PARTS if found & {f"{verb}-{name}" for name in names[part]}}


def _value(cell: NotebookNode, keys: tuple[str, ...]) -> object:
    value: object = cell.metadata
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value
