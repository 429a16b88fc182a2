"""One output for every place that shows a notebook.

In a notebook it is HTML: a still picture, the data as JSON, the script that wakes it. A page takes
the data from there, and holds the script once for all outputs. Elsewhere, the picture is shown.
"""

import base64
import contextlib
import hashlib
import html
import json
import os
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbook import palette, paths

if TYPE_CHECKING:
    from workbook.plots import Figure

    import numpy as np
    from nbformat import NotebookNode

MIME_TYPE = "application/vnd.workbook.live+json"

KEPT = 50
"""How many files of :func:`put_away` are kept: those that were used last."""

_DATA = re.compile(r'<script type="application/json">(.*?)</script>', re.DOTALL)


@dataclass(frozen=True)
class Live:
    """What runs in the reader's browser: ``payload`` is its data, ``still`` its picture."""

    payload: dict[str, Any]
    still: "Figure"

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, Any], dict[str, Any]]:
        data, metadata = self.still._repr_mimebundle_()
        text = packed(self.payload)
        body = element(text, data["image/png"], metadata["image/png"])
        return {
            MIME_TYPE: {"kind": self.payload["kind"], "sha256": _digest(text)},
            "text/html": f"{body}<script>{script()}</script>",
            **data,
        }, metadata


def packed(payload: dict[str, Any]) -> str:
    """Return the data as JSON that can stand inside a page: no tag can begin in it."""
    return json.dumps(payload, separators=(",", ":")).replace("<", "\\u003c")


def element(text: str, png: str, size: dict[str, Any]) -> str:
    """Return the element that the script wakes: a still picture, and the data beside it."""
    return (
        f'<div class="workbook-live"><img src="data:image/png;base64,{png}" '
        f'alt="{html.escape(size["alt"])}" width="{size["width"]}" style="max-width: 100%">'
        f'<script type="application/json">{text}</script></div>'
    )


@cache
def script() -> str:
    """Return the script that wakes every output on a page: one function, which leaves no name."""
    names = "engine parts ink weights pad tracing inside start"
    parts = [f"{name}.js" for name in names.split()]
    style = json.dumps(f".app {{\n{palette.css()}\n}}\n{asset('live.css')}")
    head = [
        '"use strict";',
        "const STYLE = {};".format(style.replace("<", "\\u003c")),
        f"const PALETTE = {json.dumps(palette.COLOURS)};  // on a light page, on a dark one",
    ]
    return "\n".join(["(() => {", *head, *map(asset, parts), "})();"])


def asset(name: str) -> str:
    """Return a file of this folder as text."""
    return (files("workbook.live") / name).read_text(encoding="utf-8")


def stored(output: "NotebookNode") -> str | None:
    """Return the data of a notebook's output as `packed`, None where it has none (any more).

    It is in the output's HTML, or where :func:`put_away` left it.
    """
    record = output.get("data", {}).get(MIME_TYPE)
    if record is None:
        return None
    found = _DATA.search(output.data.get("text/html", ""))
    try:
        text = found[1] if found else _read(record["sha256"])
        # Read and written again: whatever it was, now it is JSON without a tag.
        return packed(json.loads(text))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def put_away(notebook: "NotebookNode") -> None:
    """Move the data of a notebook's outputs to ``data/cache/live/``, where a page finds them again.

    What is left is the picture and the data's digest: a notebook that is committed stays small, and
    shows its picture where no script would run.
    """
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            text = stored(output)
            if text is None or output.data.pop("text/html", None) is None:
                continue
            with paths.writing(_kept(_digest(text))) as path:
                path.write_text(text, encoding="utf-8")
    _thin()


def _thin() -> None:
    """Remove what was used longest ago."""
    used: list[tuple[float, Path]] = []
    for path in paths.listed(paths.CACHE / "live", "*.json"):
        with contextlib.suppress(FileNotFoundError):  # another process thins, too
            used.append((path.stat().st_mtime, path))
    for _, path in sorted(used, reverse=True)[KEPT:]:
        path.unlink(missing_ok=True)


def _read(digest: str) -> str:
    text = _kept(digest).read_text(encoding="utf-8")
    with contextlib.suppress(OSError):  # where it may only be read, nothing is removed either
        os.utime(_kept(digest))
    return text


def _kept(digest: str) -> Path:
    if not re.fullmatch("[0-9a-f]{64}", digest):
        raise ValueError(f"{digest!r} is no SHA-256")
    return paths.CACHE / "live" / f"{digest}.json"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def base64_of(images: "np.ndarray") -> str:
    """Return the bytes of uint8 images."""
    return base64.b64encode(images.astype("uint8").tobytes()).decode("ascii")
