"""Read a notebook, whatever an editor, a student or a learning platform did to its file.

Each part is built anew from what can be made of it: what no page needs is left out where it is not
as the format has it, so that whoever gets the notebook need not ask again.
"""

import codecs
import itertools
import json
import math
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from workbook.errors import NotebookError

import nbformat
from nbformat import NotebookNode
from nbformat.v4.convert import to_mime_key

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

_CELLS = {
    "code": "code",
    "markdown": "markdown",
    "heading": "markdown",
    "html": "markdown",
    "text": "markdown",
}
"""The types of cells, those of formats 1 to 3 too; a cell of another type is shown as text."""


def read(path: Path) -> NotebookNode:
    """Return the notebook that the file at ``path`` holds, valid in format 4.5.

    It has no state of widgets, which no page shows.

    Raises:
        OSError: The file cannot be read.
        NotebookError: There is no such file, it is too large, or it is not a notebook.
    """
    found = _loaded(path)
    ids: set[str] = set()
    notebook = nbformat.v4.new_notebook(metadata=_metadata(found.get("metadata"), _OF_NOTEBOOK))
    notebook.cells = [
        _cell(cell, number, ids) for number, cell in enumerate(_cells(found), start=1)
    ]
    parts = sum(1 + len(cell.get("outputs", [])) for cell in notebook.cells)
    if parts > MOST_PARTS:
        raise NotebookError(
            f"{path}: {parts:,} cells and outputs, and at most {MOST_PARTS:,} are read: "
            "clear the outputs of its longest loop in Jupyter, and save it again"
        )
    return notebook


def check(path: Path) -> None:
    """Raise what a notebook of the course must not have, though ``read`` would mend it.

    Raises:
        OSError: The file cannot be read.
        NotebookError: It is not a notebook, its cells have no names of their own, or it has
            another fault by nbformat's schema.
    """
    found = _loaded(path)
    mend = "open it in Jupyter and save it, which mends that"
    places: dict[str, list[str]] = {}
    for number, cell in enumerate(_cells(found), start=1):
        if isinstance(cell, dict):
            places.setdefault(_text(cell.get("id")), []).append(str(number))
    minor = found.get("nbformat_minor")
    if isinstance(minor, int) and minor >= 5 and "" in places:
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


def _loaded(path: Path) -> dict[str, Any]:
    """Return the JSON of a notebook as it is stored."""
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
    text = raw.decode(json.detect_encoding(raw), errors="workbook-windows")
    try:
        found = _plain(_parsed(text))
    except RecursionError:
        raise _none(path, "it is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise _none(path, _what_it_is(text, error)) from None
    if not isinstance(found, dict):
        raise _none(path, f"JSON of type {type(found).__name__}")
    cells = found.get("cells", found.get("worksheets"))
    if cells is None:
        keys = ", ".join(repr(key[:20]) for key in itertools.islice(found, 3)) or "nothing"
        raise _none(path, f"JSON without cells: it holds {keys}")
    if not isinstance(cells, list):
        raise _none(path, f"its cells are of JSON type {type(cells).__name__}, not in a list")
    return found


def _parsed(text: str) -> Any:
    def loads(text: str) -> Any:
        return json.loads(text, strict=False, parse_int=_int, parse_constant=lambda _: None)

    try:
        return loads(text)
    except json.JSONDecodeError:
        mended = _STRING_OR_LAST_COMMA.sub(lambda found: found[1] or "", text)
        if len(mended) == len(text):
            raise
        return loads(mended)


def _int(digits: str) -> int | None:
    """Return a whole number; one that Python refuses to read counts as nothing."""
    return int(digits) if len(digits) < 20 else None


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


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    """Return what bytes that are not UTF-8 are in the alphabet of Windows' older editors."""
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error("workbook-windows", _as_windows)


def _cells(notebook: dict[str, Any]) -> Iterator[Any]:
    """Yield the cells, which formats 2 and 3 have in worksheets."""
    if isinstance(notebook.get("cells"), list):
        yield from notebook["cells"]
    else:
        for sheet in notebook["worksheets"]:
            yield from _list(_dict(sheet).get("cells"))


def _cell(found: Any, number: int, ids: set[str]) -> NotebookNode:
    """Return a cell; ``ids`` are those of the cells before it, and get its own."""
    cell = found if isinstance(found, dict) else {"source": found}
    named = str(cell.get("cell_type", "code" if "outputs" in cell else "raw"))
    kind = _CELLS.get(named, "raw")
    sources = (cell.get(key) for key in ("source", "input", "code", "text"))
    source = _text(next((part for part in sources if part is not None), ""))
    if named == "heading":
        level = cell.get("level")
        level = level if isinstance(level, int) and 1 <= level <= 6 else 1
        source = f"{'#' * level} {' '.join(source.split())}"
    made = NotebookNode(
        id=_id(cell.get("id"), number, ids),
        cell_type=kind,
        metadata=_metadata(cell.get("metadata"), _OF_CELL),
        source=source,
    )
    if kind == "code":
        made.execution_count = _count(cell.get("execution_count", cell.get("prompt_number")))
        outputs = cell.get("outputs")
        outputs = [outputs] if isinstance(outputs, dict) else _list(outputs)
        made.outputs = [_output(output) for output in outputs if isinstance(output, dict)]
    elif attachments := _dict(cell.get("attachments")):
        made.attachments = NotebookNode(
            {name: _data(_dict(data)) for name, data in attachments.items()}
        )
    return made


def _id(found: Any, number: int, ids: set[str]) -> str:
    """Return a cell's id, or one made of its number where it has none of its own.

    The number, so that reading a notebook twice gives the same.
    """
    wanted = found if isinstance(found, str) and _ID.fullmatch(found) else f"cell-{number}"
    made = next(
        name
        for name in itertools.chain([wanted], (f"cell-{number}-{n}" for n in itertools.count(2)))
        if name not in ids
    )
    ids.add(made)
    return made


def _output(found: dict[str, Any]) -> NotebookNode:
    """Return an output; one of an unknown type is taken by what it holds."""
    kind = found.get("output_type")
    if kind in ("error", "pyerr") or "traceback" in found:
        lines = found.get("traceback")
        return NotebookNode(
            output_type="error",
            ename=_text(found.get("ename")) or "Error",
            evalue=_text(found.get("evalue")),
            traceback=[_text(line) for line in (lines if isinstance(lines, list) else [lines])],
        )
    shown = kind in ("execute_result", "pyout", "display_data")
    if kind == "stream" or ("text" in found and not shown):
        name = found.get("name", found.get("stream"))
        return NotebookNode(
            output_type="stream",
            name="stderr" if name == "stderr" else "stdout",
            text=_text(found.get("text")),
        )
    data = found.get("data")
    if not isinstance(data, dict):  # formats 1 to 3 have it beside the rest, under short names
        rest = {"output_type", "metadata", "prompt_number", "execution_count", "data", "transient"}
        data = to_mime_key({key: part for key, part in found.items() if key not in rest})
    metadata = {
        name: part
        for name, part in _dict(found.get("metadata")).items()
        if isinstance(part, dict) or "/" not in name
    }
    made = NotebookNode(
        output_type="display_data", data=_data(data), metadata=nbformat.from_dict(metadata)
    )
    if kind in ("execute_result", "pyout"):
        made.output_type = "execute_result"
        made.execution_count = _count(found.get("execution_count", found.get("prompt_number")))
    return made


def _data(found: dict[str, Any]) -> NotebookNode:
    """Return the forms of an output or an attachment: text, but for those that are JSON."""
    return NotebookNode(
        {
            name: nbformat.from_dict(part)
            if re.fullmatch(r"application/(.+\+)?json", name)
            else _text(part)
            for name, part in found.items()
        }
    )


def _count(found: Any) -> int | None:
    if isinstance(found, str) and found.isdecimal():
        found = _int(found)
    return found if isinstance(found, int) and not isinstance(found, bool) and found >= 0 else None


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


def _strings(found: Any) -> dict[str, str]:
    return {name: part for name, part in _dict(found).items() if isinstance(part, str)}


def _kernel(found: Any) -> dict[str, str] | None:
    kept = _strings(found)
    return kept if {"name", "display_name"} <= set(kept) else None


def _language(found: Any) -> dict[str, str] | None:
    kept = _strings(found)
    return kept if "name" in kept else None


def _tags(found: Any) -> list[str]:
    kept = [tag for tag in _list(found) if isinstance(tag, str) and re.fullmatch("[^,]+", tag)]
    return list(dict.fromkeys(kept))


def _times(found: Any) -> dict[str, str]:
    def is_time(text: str) -> bool:
        try:
            return datetime.fromisoformat(text).tzinfo is not None
        except ValueError:
            return False

    return {name: text for name, text in _strings(found).items() if is_time(text)}


def _only(kind: type) -> Callable[[Any], Any]:
    return lambda found: found if isinstance(found, kind) else None


# What the format says of metadata: how to keep what is right of it. All else may be anything.
_OF_NOTEBOOK: dict[str, Callable[[Any], Any]] = {
    "kernelspec": _kernel,
    "language_info": _language,
    "title": _only(str),
    "authors": _only(list),
    "widgets": lambda _: None,
    "orig_nbformat": lambda _: None,
    "signature": lambda _: None,
}
_OF_CELL: dict[str, Callable[[Any], Any]] = {
    "tags": _tags,
    "execution": _times,
    "jupyter": _only(dict),
    "collapsed": _only(bool),
    "scrolled": lambda found: found if found in (True, False, "auto") else None,
    "name": lambda found: found if isinstance(found, str) and found else None,
    "format": _only(str),
    "trusted": lambda _: None,
}


def _metadata(found: Any, kinds: dict[str, Callable[[Any], Any]]) -> NotebookNode:
    kept = dict(_dict(found))
    for name in kinds.keys() & kept.keys():
        kept[name] = kinds[name](kept[name])
        if kept[name] is None:
            del kept[name]
    return nbformat.from_dict(kept)


def _dict(found: Any) -> dict[str, Any]:
    return found if isinstance(found, dict) else {}


def _list(found: Any) -> list[Any]:
    return found if isinstance(found, list) else []
