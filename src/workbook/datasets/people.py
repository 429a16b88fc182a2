"""Photographs of people whose hands no network of the course was trained on: whose, which sign.

Kaggle's "ASL Dataset" is known before as Massey University's gestures: five people, each sign in
several lights, the hand cut out on black (Barczak and others, 2011, "A new 2D static hand gesture
colour image dataset for ASL gestures").
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from workbook.datasets import photographs, sources
from workbook.datasets.catalogue import PEOPLE, Spec
from workbook.datasets.readers import shown
from workbook.errors import DataError

import numpy as np

NAMES = tuple(PEOPLE)


@dataclass(frozen=True, repr=False)
class People:
    """Photographs on disk, one by one: none where they cannot be had, and ``source`` says why.

    ``signs`` (n,) are capital letters, ``people`` (n,) the numbers of the people, ``lights`` (n,)
    where the light came from, as the files' names have it. ``skipped`` tells of files that are no
    usable photograph, and why.
    """

    title: str
    source: str
    paths: list[str]
    signs: np.ndarray
    people: np.ndarray
    lights: np.ndarray
    skipped: dict[str, str]
    licence: str = ""
    url: str = ""

    def __len__(self) -> int:
        """Return how many photographs there are."""
        return len(self.paths)

    def __repr__(self) -> str:
        """Return what there is and where it came from, as a small table."""
        rows = {
            "dataset": self.title,
            "photos": f"{len(self):,}"
            + (f" ({len(self.skipped):,} files skipped)" * bool(self.skipped)),
            "people": ", ".join(map(str, np.unique(self.people))) or "none",
            "lights": ", ".join(np.unique(self.lights)) or "none",
            "source": self.source,
            "verified": "names and pictures only: the publisher gives no digest",
            "licence": self.licence,
            "home page": self.url,
        }
        return "\n".join(f"{key:<10} {value}" for key, value in rows.items())


def load(name: str, signs: tuple[str, ...]) -> People:
    """Return the photographs of a dataset of `PEOPLE` that show one of ``signs``.

    Where it cannot be had there are none of them, which is announced with the way to get it:
    unlike other datasets it has no drawings that stand in for it, and nothing is trained on it.

    Args:
        name: one of `NAMES`.
        signs: capital letters or digits.

    Raises:
        DataError: There is no such dataset; or ``WORKBOOK_DATA=real``, and what is placed for it
            cannot be read.
    """
    if name not in PEOPLE:
        raise DataError("datasets.load_people", f"no dataset {name!r}", " or ".join(NAMES))
    spec = PEOPLE[name]
    sys.audit("workbook.datasets", name)  # heard where a run is recorded
    if sources.mode() == "practice":
        found, why = None, "WORKBOOK_DATA=practice asks for drawings"
    else:
        found, reasons = sources.real(spec, _placed, _downloaded)
        why = "; ".join(reasons)
    if found is None:
        print(f"NOT HERE: {spec.title} ({why}).\n{spec.to_get}; then run this again.")
        root, frames, skipped = None, [], {}
    else:
        root, frames, skipped = found
    wanted = {sign.lower() for sign in signs}
    pattern = photographs.named(spec)
    rows = []
    for frame in frames:
        match = pattern.fullmatch(frame)
        if match and match[1].lower() in wanted:
            rows.append((str(root / frame), match[1].upper(), int(match[2]), match[3].lower()))
    columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
    return People(
        title=spec.title,
        source=f"from {shown(root)}" if root else f"not here ({why})",
        paths=list(columns[0]),
        signs=np.array(columns[1], "U1"),
        people=np.array(columns[2], int),
        lights=np.array(columns[3], "U9"),
        skipped=skipped,
        licence=spec.licence,
        url=spec.url,
    )


Found = tuple[Path, list[str], dict[str, str]]


def _placed(spec: Spec) -> Found | None:
    root = photographs.placed_folder(spec)
    return _read(spec, root) if root else None


def _downloaded(spec: Spec) -> Found:
    return _read(spec, photographs.download(spec))


def _read(spec: Spec, root: Path) -> Found:
    """Return the folder, the names of the usable photographs in it, and what else was there.

    Raises:
        DataError: There is no usable photograph, or a folder cannot be read.
    """
    frames, skipped = photographs.listed(spec, root)
    names = [name for name, *_ in frames]
    with ThreadPoolExecutor() as pool:
        seen = pool.map(lambda name: photographs.small(root / name), names)
        skipped |= {name: s for name, s in zip(names, seen, strict=True) if isinstance(s, str)}
    good = [name for name in names if name not in skipped]
    if not good:
        raise DataError(
            shown(root),
            f"no usable photograph, {len(skipped)} other files",
            f"{spec.n_test:,} in {len(spec.class_names)} folders",
            spec.to_get,
        )
    return root, good, skipped
