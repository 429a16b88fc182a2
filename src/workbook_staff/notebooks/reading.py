"""Read a notebook, whatever an editor, a student or a learning platform did to its file.

Each cell is built anew from what can be made of it. What the format does not allow in metadata is
left out, so that whoever gets the notebook need not ask again.
"""

import itertools
import json
import math
import re
from pathlib import Path
from typing import Any

from workbook.errors import NotebookError

import nbformat
from nbformat import NotebookNode
from nbformat.v4.convert import upgrade_cell
from nbformat.validator import normalize

MOST_BYTES = 100_000_000
"""The largest file that is read. As one line of text it costs up to 2 GB, with an emoji in it."""

MOST_PARTS = 50_000
"""The most cells and outputs of a notebook: each costs its page some 15 kB of memory."""

MOST_DEPTH = 100
"""What is nested more deeply is left out."""

# Half of a character beyond the first 65,536, as a cut through an emoji leaves it.
_SURROGATE = re.compile(r"[\ud800-\udfff]")

_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")

# A comma that nothing follows, as an edit by hand leaves it, and strings, to step over them.
_STRING_OR_LAST_COMMA = re.compile(r'("(?:[^"\\]|\\.)*")|,(?=\s*[\]}])')

# What a file begins with that was saved as a notebook and is none.
_OTHERS = {
    "<": "a web page",
    "PK": "an archive, or a document of an office program",
    "%PDF": "a PDF",
    "version https://git-lfs": "a placeholder of Git LFS, not the file itself",
    "\x1f\x8b": "a compressed file",
}


def read(path: Path) -> NotebookNode:
    """Return the notebook that the file at ``path`` holds, valid in format 4.5.

    It has no state of widgets, which no page shows.

    Raises:
        OSError: The file cannot be read.
        NotebookError: There is no such file, it is too large, or it is not a notebook.
    """
    found = loaded(path)
    ids: set[str] = set()
    notebook = nbformat.v4.new_notebook()
    notebook.metadata = nbformat.from_dict(_dict(found.get("metadata")))
    notebook.metadata.pop("widgets", None)
    notebook.cells = [_cell(cell, n, ids) for n, cell in enumerate(found["cells"], start=1)]
    parts = sum(1 + len(cell.get("outputs", [])) for cell in notebook.cells)
    if parts > MOST_PARTS:
        raise NotebookError(
            f"{path}: {parts:,} cells and outputs, and at most {MOST_PARTS:,} are read: "
            "clear the outputs of its longest loop in Jupyter, and save it again"
        )
    return normalize(notebook, 4, 5, strip_invalid_metadata=True)[1]


def records(notebook: NotebookNode, kind: str) -> list[dict[str, Any]]:
    """Return the records of a media type of its own that are stored in a notebook's outputs."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    found = [output.get("data", {}).get(kind) for output in outputs]
    return [record for record in found if isinstance(record, dict)]


def loaded(path: Path) -> dict[str, Any]:
    """Return the JSON of a notebook as it is stored, that of format 3 as nbformat converts it.

    Raises: as `read`.
    """
    if path.is_dir():
        raise NotebookError(f"{path}: this folder holds no notebook (*.ipynb)")
    if not path.exists():
        raise NotebookError(f"{path}: there is no such notebook")
    if not path.is_file():
        raise NotebookError(f"{path}: this is not a file")
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise NotebookError(
            f"{path}: {size / 1e6:,.0f} MB, and at most {MOST_BYTES / 1e6:,.0f} MB are read: "
            "clear its largest outputs in Jupyter, and save it again"
        )
    raw = path.read_bytes()
    try:
        text = raw.decode(json.detect_encoding(raw))
    except UnicodeDecodeError:
        text = raw.decode("cp1252", "replace")  # Windows' older editors
    try:
        found = _plain(_parsed(text))
    except RecursionError:
        raise _none(path, "it is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise _none(path, _what_it_is(text, error)) from None
    if not isinstance(found, dict):
        raise _none(path, f"JSON of type {type(found).__name__}")
    if "worksheets" in found:
        try:
            sheets = nbformat.v3.to_notebook_json(found).worksheets
            upgraded = [upgrade_cell(cell) for sheet in sheets for cell in sheet.cells]
            found["cells"] = [cell | {"id": None} for cell in upgraded]  # its ids are by chance
        except Exception as error:  # odd files have odd errors
            raise _none(path, f"format 3, which cannot be converted: {error}"[:300]) from None
    cells: Any = found.get("cells")
    if cells is None:
        keys = ", ".join(repr(key[:20]) for key in itertools.islice(found, 3)) or "nothing"
        raise _none(path, f"JSON without cells: it holds {keys}")
    if not isinstance(cells, list):
        raise _none(path, f"its cells are of JSON type {type(cells).__name__}, not in a list")
    return found


def _parsed(text: str) -> Any:
    """Return JSON: what no reader takes for a number is none, and a comma at an end is mended."""
    decoder = json.JSONDecoder(
        strict=False,
        parse_int=lambda digits: int(digits) if len(digits) < 20 else None,
        parse_constant=lambda _: None,
    )
    try:
        return decoder.decode(text)
    except json.JSONDecodeError:
        mended = _STRING_OR_LAST_COMMA.sub(lambda found: found[1] or "", text)
        if mended == text:
            raise
        return decoder.decode(mended)


def _none(path: Path, found: str) -> NotebookError:
    return NotebookError(
        f"{path}: not a notebook ({found}); expected the JSON that Jupyter saves. "
        "Save it again in Jupyter, or download it again."
    )


def _what_it_is(text: str, error: json.JSONDecodeError) -> str:
    """Return in words what a file is that is no JSON."""
    start = text.lstrip()
    if not start.strip("\0"):
        return "it is empty" if not text else "it holds nothing but blanks or zeros"
    if other := next((what for sign, what in _OTHERS.items() if start.startswith(sign)), ""):
        return other
    if "\n<<<<<<< " in text:
        return "Git has left a conflict in it"
    if start[0] not in "{[":
        return "it is no JSON"
    if error.pos >= len(text.rstrip()) - 1 or error.msg.startswith("Unterminated string"):
        return "it breaks off before its end"
    return f"line {error.lineno}, column {error.colno}: {error.msg}"


def _cell(found: Any, number: int, ids: set[str]) -> NotebookNode:
    """Return a cell; ``ids`` are those of the cells before it, and get its own.

    One of an unknown type is raw text. Where it has no id of its own, that is made of its number,
    so that reading a notebook twice gives the same.
    """
    cell = found if isinstance(found, dict) else {"source": found}
    kind = cell.get("cell_type", "code" if "outputs" in cell else "raw")
    name = cell.get("id")
    if not isinstance(name, str) or not _ID.fullmatch(name) or name in ids:
        numbers = itertools.count(2)
        name = f"cell-{number}"
        while name in ids:
            name = f"cell-{number}-{next(numbers)}"
    ids.add(name)
    made = NotebookNode(
        id=name,
        cell_type=kind if kind in ("code", "markdown") else "raw",
        metadata=nbformat.from_dict(_dict(cell.get("metadata"))),
        source=_text(cell.get("source")),
    )
    if kind == "code":
        made.execution_count = _count(cell)
        outputs = cell.get("outputs")
        outputs = outputs if isinstance(outputs, list) else [outputs]
        made.outputs = [_output(output) for output in outputs if isinstance(output, dict)]
    elif attachments := _dict(cell.get("attachments")):
        made.attachments = NotebookNode({name: _data(data) for name, data in attachments.items()})
    return made


def _output(found: dict[str, Any]) -> NotebookNode:
    """Return an output; one of an unknown type is taken by what it holds."""
    kind = found.get("output_type")
    if kind == "error" or "traceback" in found:
        lines = found.get("traceback")
        return NotebookNode(
            output_type="error",
            ename=_text(found.get("ename")) or "Error",
            evalue=_text(found.get("evalue")),
            traceback=[_text(line) for line in (lines if isinstance(lines, list) else [lines])],
        )
    if kind == "stream" or "text" in found:
        name = "stderr" if found.get("name") == "stderr" else "stdout"
        return NotebookNode(output_type="stream", name=name, text=_text(found.get("text")))
    made = NotebookNode(
        output_type="display_data",
        data=_data(found.get("data")),
        metadata=nbformat.from_dict(_dict(found.get("metadata"))),
    )
    if kind == "execute_result":
        made.output_type, made.execution_count = kind, _count(found)
    return made


def _data(found: Any) -> NotebookNode:
    """Return the forms of an output or an attachment: text, but for those that are JSON."""
    return NotebookNode(
        {
            name: nbformat.from_dict(part)
            if re.fullmatch(r"application/(.+\+)?json", name)
            else _text(part)
            for name, part in _dict(found).items()
        }
    )


def _count(found: dict[str, Any]) -> int | None:
    count = found.get("execution_count")
    return count if type(count) is int and count >= 0 else None


def _text(found: Any) -> str:
    """Return what stands for text: a string, a list of its lines, or anything else as JSON."""
    if found is None:
        return ""
    if isinstance(found, list):
        return "".join(map(_text, found))
    return found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)


def _plain(found: Any, depth: int = 0) -> Any:
    """Return JSON without what trips others up: great depth, halves of characters, infinity."""
    if isinstance(found, str):
        if _SURROGATE.search(found):
            return found.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return found
    if isinstance(found, float):
        return found if math.isfinite(found) else None
    if not isinstance(found, (dict, list)):
        return found
    if depth == MOST_DEPTH:
        return None
    if isinstance(found, list):
        for place, part in enumerate(found):  # no copy, of what may be millions
            found[place] = _plain(part, depth + 1)
        return found
    return {_plain(name): _plain(part, depth + 1) for name, part in found.items()}


def _dict(found: Any) -> dict[str, Any]:
    return found if isinstance(found, dict) else {}
