"""Find the pictures that Markdown or HTML names: attached, inside the text, or beside it."""

import html
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from workbook_staff.pages import pictures
from workbook_staff.pages.limits import Amounts, Held


@dataclass
class Sources:
    """The places where one cell's pictures may be; call it with an address.

    What it finds is kept in ``held`` while the text is cleaned: only a mark stands in it.
    """

    folder: Path
    amounts: Amounts
    held: Held
    attachments: Any = None

    def __call__(self, address: str) -> str:
        """Return the ``data:`` address of the picture at an address.

        Raises:
            PictureError: There is none, it is none, or the page has no room for it.
        """
        scheme = address.partition(":")[0].lower()
        if scheme == "data":
            found = _inside(self.held.back(address))
        elif scheme == "attachment":
            found = self._attached(address.partition(":")[2])
        else:
            found = pictures.from_file(address, self.folder)
        kind, comma, payload = found.partition(",")
        # A picture inside the text was counted when it was taken out of it.
        if scheme != "data" and not self.amounts.holds_data(payload):
            raise pictures.PictureError("the page holds too much already")
        return kind + comma + self.held.put(payload)

    def _attached(self, name: str) -> str:
        """Return what is attached under a name, which may be written as addresses are."""
        attached = self.attachments if isinstance(self.attachments, dict) else {}
        spellings = {html.unescape(unquote(key)): key for key in attached}
        key = name if name in attached else spellings.get(html.unescape(unquote(name)))
        bundle = attached.get(key)
        if not isinstance(bundle, dict) or not bundle:
            raise pictures.PictureError("it is not attached")
        kind = min(bundle, key=lambda kind: (kind != pictures.SVG, kind != "image/png"))
        return pictures.from_base64(kind, bundle[kind])


def _inside(address: str) -> str:
    """Return the picture that its address itself holds."""
    kind, _, payload = address.partition(",")
    if kind.lower().endswith(";base64"):
        return pictures.from_base64("", unquote(payload))
    return pictures.from_bytes(unquote(payload).encode("utf-8", "replace"))
