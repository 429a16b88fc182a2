"""One output for every place that shows a notebook.

In a notebook it is HTML: a still picture, the data as JSON, the script that wakes it. A page takes
the data from there, and holds the script once for all outputs. Elsewhere, the picture is shown.
"""

import base64
import html
import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from workbook import palette

if TYPE_CHECKING:
    from workbook.plots import Figure

    import numpy as np

MIME_TYPE = "application/vnd.workbook.live+json"


@dataclass(frozen=True)
class Live:
    """What runs in the reader's browser: ``payload`` is its data, ``still`` its picture."""

    payload: dict[str, Any]
    still: "Figure"

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, Any], dict[str, Any]]:
        data, metadata = self.still._repr_mimebundle_()
        body = element(packed(self.payload), data["image/png"], metadata["image/png"])
        return {
            MIME_TYPE: {"kind": self.payload["kind"]},
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


def base64_of(images: "np.ndarray") -> str:
    """Return the bytes of uint8 images."""
    return base64.b64encode(images.astype("uint8").tobytes()).decode("ascii")
