"""Name the pages of notebooks: distinct, and fit for any file system."""

import hashlib
import os
import re
import unicodedata
from collections import Counter
from pathlib import Path

from workbook_staff.notebooks.find import NOTEBOOK

MOST_BYTES = 120
"""The longest name: with the parts that writing adds it fits where names are shortest (143)."""

# What Windows refuses in a name; and what turns the direction of writing, and so hides the rest.
_REFUSED = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028-\u202e\u2066-\u2069]')
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)


def names(paths: list[Path]) -> list[str]:
    """Return a name for the page of each notebook, without ".html".

    It is the notebook's own; where several have the same, as much of the path is put before it as
    tells them apart. What a file system would take for the same is the same here: capitals or
    not, an accent as a character of its own or not. None is called "index".
    """
    parts = [[_safe(part) for part in _parts(path)] for path in paths]
    wanted = [own[-1] for own in parts]
    for depth in range(2, max(map(len, parts), default=0) + 1):
        counts = Counter(map(_same, [*wanted, "index"]))
        wanted = [
            "-".join(own[-depth:]) if counts[_same(name)] > 1 else name
            for own, name in zip(parts, wanted, strict=True)
        ]
    taken, made = {"index"}, []
    for name in map(_short, wanted):
        unique, count = name, 1
        while _same(unique) in taken:
            count += 1
            unique = f"{name}-{count}"
        taken.add(_same(unique))
        made.append(unique)
    return made


def _parts(path: Path) -> list[str]:
    """Return the folders of a path, and the name of the file without its ending."""
    whole = Path(os.path.abspath(path))  # noqa: PTH100 - links stay as they were named
    stem = NOTEBOOK.sub("", whole.name)
    return [*whole.parts[1:-1], stem or whole.name]


def _safe(part: str) -> str:
    """Return a name that every file system takes, and that is not hidden."""
    safe = _REFUSED.sub("_", unicodedata.normalize("NFC", part)).strip(" .")
    return f"{safe}_" if _DEVICES.fullmatch(safe) or not safe else safe


def _same(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _short(name: str) -> str:
    """Return a name of at most ``MOST_BYTES``; what a cut one was is in the digits at its end."""
    if len(name.encode()) <= MOST_BYTES:
        return name
    digits = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name.encode()[: MOST_BYTES - 9].decode(errors='ignore')}-{digits}"
