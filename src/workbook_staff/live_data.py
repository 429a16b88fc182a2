"""The data of live outputs, moved out of a notebook into data/cache, where pages find it again."""

import json
import re
from pathlib import Path

from workbook import paths
from workbook.live.output import MIME_TYPE, digest, packed

from nbformat import NotebookNode

_DATA = re.compile(r'<script type="application/json">(.*?)</script>', re.DOTALL)


def stored(output: NotebookNode) -> str | None:
    """Return the data of a notebook's output as `packed`, None where it has none (any more).

    It is in the output's HTML, or where :func:`put_away` left it.
    """
    record = output.get("data", {}).get(MIME_TYPE)
    if record is None:
        return None
    found = _DATA.search(output.data.get("text/html", ""))
    try:
        text = found[1] if found else _kept(record["sha256"]).read_text(encoding="utf-8")
        # Read and written again: whatever it was, now it is JSON without a tag.
        return packed(json.loads(text))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def put_away(notebook: NotebookNode) -> None:
    """Move the data of a notebook's outputs to ``data/cache/live/``, where a page finds them again.

    What is left is the picture and the data's digest: a notebook that is committed stays small, and
    shows its picture where no script would run.
    """
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            text = stored(output)
            if text is None or output.data.pop("text/html", None) is None:
                continue
            paths.write(_kept(digest(text)), text)


def _kept(digest: str) -> Path:
    if not re.fullmatch("[0-9a-f]{64}", digest):
        raise ValueError(f"{digest!r} is no SHA-256")
    return paths.CACHE / "live" / f"{digest}.json"
