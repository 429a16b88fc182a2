"""What is at hand of every dataset, without loading or downloading it.

A table, which `make data` prints, and digests, by which a kept run knows its data.
"""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from workbook.datasets import cache, photographs, sources
from workbook.datasets.catalogue import CATALOGUE, PEOPLE, PHOTOGRAPHS, Spec, find_spec, names
from workbook.paths import shown


def table() -> str:
    """Return what `datasets.load` would use of each dataset: a text table."""
    rows = [("dataset", "found", "verified", "images", "size", "licence")]
    specs = [find_spec(name) for name in names()]
    for spec in specs:
        images = f"{spec.n_train:,} + {spec.n_test:,}"
        rows.append((spec.name, *_state(spec), images, spec.size, spec.licence))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    hints = [f"  {spec.name}: {spec.how_to_get}" for spec in specs]
    return "\n".join([*lines, "", "How to get them:", *hints])


def digest(name: str) -> str:
    """Return a digest of the data that `datasets.load` would find now, "" where none is at hand.

    It is made of what earlier loads recorded of the files, so that no image is read; of files that
    were never loaded, of their sizes and times of change.
    """
    spec = find_spec(name)
    if sources.mode() == "practice":
        data: list[Any] = ["practice"]  # drawn by the code alone
    elif spec.name in PHOTOGRAPHS | PEOPLE:
        data = [found for found in [photographs.fingerprint(spec)] if found]
    else:
        data = [
            [entry["arrays"], entry["source"]] if entry else files
            for _, files, entry in _at_hand(spec)
        ]
        if spec.cut_from:
            data += filter(None, [digest(spec.cut_from)])
    return hashlib.sha256(json.dumps(data).encode()).hexdigest()[:32] if data else ""


def _at_hand(spec: Spec) -> Iterator[tuple[str, object, dict[str, Any] | None]]:
    """Yield the places where `load` would find a dataset, first to last: each in words, with the
    fingerprint of its files and their entry in the cache, None where they were not loaded yet.
    """
    for candidate in sources.at_hand(spec):
        if candidate.complete:
            files = candidate.fingerprint()
            yield str(candidate), files, cache.entry_of(spec, "placed", files)
    for slot in ("keras", "kaggle", "cut"):
        if entry := cache.entry_of(spec, slot):
            yield f"data/cache, {entry['source']}", None, entry


def _state(spec: Spec) -> tuple[str, str]:
    """Return where `load` would find a dataset, and whether that is known to be right."""
    if sources.mode() == "practice":
        return "practice data (WORKBOOK_DATA=practice)", "no"
    if spec.name in CATALOGUE:
        for where, _, entry in _at_hand(spec):
            return where, ("yes" if entry["verified"] else "no") if entry else "not yet"
        problems = sources.at_hand(spec)
    else:
        root, problems = photographs.placed(spec)
        if root:
            return shown(root), "no digest"
    for problem in problems:
        if problem.own:
            return f"{problem.where}, unusable: load() tells why", "no"
    if spec.cut_from:
        return f"load() cuts it from {CATALOGUE[spec.cut_from].title}", "-"
    return "not here: load() downloads it", "-"
