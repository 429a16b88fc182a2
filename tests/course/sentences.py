"""Which sentences of a notebook an output could contradict, and which of them a claim asserts."""

import ast
import re

from workbook_staff.notebooks.student_edition import tags

from nbformat import NotebookNode

_COMPARED = r"more|less|fewer|better|worse|higher|lower|larger|smaller|faster|slower|[a-z]{3,}er"
_MEASURED = re.compile(
    r"\d\s?%"
    r"|\bpercent(age)?\b"
    rf"|\b({_COMPARED})\b[^.;:]{{0,60}}\bthan\b"
    r"|\b(twice|half|three times|ten times) as (many|much|often|well|good)\b"
    r"|\b(better|worse|best|worst|most accurate|least accurate|outperforms?)\b"
    r"|\b(accuracy|loss|gap|error|errors|mistakes)\b[^.;:]{0,40}"
    r"\b(rises?|falls?|drops?|grows?|shrinks?|improves?|stays?|rose|fell|dropped|grew|shrank)\b"
    r"|\b\d[\d,.]* (errors|mistakes|points|seconds|minutes|epochs)\b",
    re.IGNORECASE,
)
# What is no statement on this notebook's outputs: code, formulas, headings, tables, addresses.
_NO_PROSE = re.compile(r"```.*?```|\$\$.*?\$\$|\$[^$]*\$|^(#|\|).*$|\]\([^)]*\)", re.S | re.M)
_ENDS = re.compile(r"(?<=[.!?])[)*\"”]*\s+(?=[^a-z\s])|\n\s*\n|\n\s*(?:[-*]|\d+\.)\s+")
# What asks, and the sections that say nothing of a run.
_PASSED_OVER = {"References", "Exercises"}


def claimed(notebook: NotebookNode) -> list[str]:
    """Return the sentences, or parts of them, that cells tagged "claim" assert."""
    found = []
    for cell in notebook.cells:
        if "claim" not in tags(cell):
            continue
        for node in ast.walk(ast.parse(cell.source)):
            match node:
                case ast.Call(
                    func=ast.Attribute(attr="claim"), args=[ast.Constant(value=said), *_]
                ):
                    found.append(str(said))
    return found


def prose(notebook: NotebookNode) -> str:
    """Return all of the notebook's text, in the form in which sentences are compared."""
    return _plain("\n\n".join(c.source for c in notebook.cells if c.cell_type == "markdown"))


def not_in_the_text(notebook: NotebookNode) -> list[str]:
    """Return the claims whose words are not in the notebook's text."""
    text = prose(notebook)
    return [said for said in claimed(notebook) if _plain(said) not in text]


def unclaimed(notebook: NotebookNode) -> list[str]:
    """Return the sentences with a measured number or a comparison that no claim asserts.

    The first cell (what one learns, and the times), questions, solutions and Markdown cells tagged
    "fact", whose numbers and comparisons are not measured in the notebook, are passed over.
    """
    claims = [_plain(said) for said in claimed(notebook)]
    found, section = [], ""
    for cell in notebook.cells[1:]:
        if cell.cell_type != "markdown":
            continue
        if heading := re.search(r"^## (.+)", cell.source, re.M):
            section = heading[1].strip()
        if section in _PASSED_OVER or {"fact", "solution"} & set(tags(cell)):
            continue
        for sentence in _ENDS.split(_NO_PROSE.sub(" ", cell.source)):
            plain = _plain(sentence)
            is_covered = any(said in plain or plain in said for said in claims)
            if _MEASURED.search(plain) and not plain.endswith("?") and not is_covered:
                found.append(plain)
    return found


def _plain(text: str) -> str:
    """Return text without emphasis, code marks and line ends."""
    return re.sub(r"\s+", " ", re.sub(r"[*_`\[\]]", "", text)).strip(" -.")
