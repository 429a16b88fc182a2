"""Find a dataset's files in a folder, however they were unpacked, nested or renamed.

A name is only where to look: a file's own name says what it may be, the folders around it say
whose. The search is bounded, so that a large folder costs little.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path, PurePosixPath

from workbook import paths
from workbook.datasets.catalogue import CATALOGUE, PEOPLE, PHOTOGRAPHS, Layout, Part, Spec
from workbook.datasets.readers import (
    READERS,
    Arrays,
    File,
    canonical,
    checked,
    is_junk,
    is_plain_csv,
    listed,
    open_zip,
    safe_names,
    shown,
    unreadable,
)
from workbook.errors import DataError

DEPTH = 8
"""How many folders deep a search goes."""
ENTRIES = 100_000
"""How many files and folders a search looks at, those near the top first."""

OWN, OPEN, ELSEWHERE = range(3)
"""How surely a place is a dataset's: it is named for it (or is the folder that was given), it is
named for nothing (``archive``), or it is named for something else."""

_NAMELESS = re.compile(
    r"((archive|data|datasets?|raw|inputs?|kaggle|downloads?|train|test|training|testing|files?"
    r"|new-folder|extracted|unzipped|unpacked|csv|idx|original|competitions?|versions?|\d+)-?)+"
)
_CLASSES = {
    name for spec in PHOTOGRAPHS.values() for name in spec.class_names if len(name) > 1
} | set("0123456789")

_UNREAD = {
    r"parquet|arrow|feather": "a table in a form that is not read",
    r"tfrecord.*|h5|hdf5|mat|arff|pt|npy": "a form that is not read",
    r"pkl|pickle": "pickled Python objects, which can run code and are never loaded",
    r"rar|7z|tar|tgz|bz2|xz": "an archive of a kind that is not opened",
    r"crdownload|part|partial|download|opdownload": "a download that is not finished",
}
_PICTURES = r"png|jpe?g|bmp|gif|tiff?"
_NOTES = r"md|txt|rst|html?|json|ini|py|ipynb|pdf|keras|log|lock|info|yaml|yml|xml|bib"


@dataclass(frozen=True)
class Place:
    """A folder that was looked into: its path, the steps to it, and what is in it, by name."""

    path: Path
    steps: tuple[str, ...]
    files: list[str]
    folders: list[str]
    problem: DataError | None = None

    @property
    def n_classes(self) -> int:
        """How many of its folders are named as a class is: a letter, a digit or a sign."""
        return sum(_is_class(name) for name in self.folders)


def _is_class(name: str) -> bool:
    return name in _CLASSES or (len(name) == 1 and name.isalpha())


def walk(top: Path) -> Iterator[Place]:
    """Look into a folder and those below it, nearest first, within `DEPTH` and `ENTRIES`.

    Left out are hidden files, what systems leave in folders, and the workbook's own output. What
    lies in folders of classes is not looked at: there may be ten thousand pictures in each.
    """
    own = (paths.CACHE, paths.DATA / "models")
    queue: list[tuple[Path, tuple[str, ...]]] = [(top, ())]
    seen = 0
    for path, steps in queue:
        files: list[str] = []
        folders: list[str] = []
        try:
            with os.scandir(path) as entries:
                for entry in entries:
                    if (seen := seen + 1) > ENTRIES:
                        break
                    if not is_junk(entry.name):
                        (folders if _leads_on(entry) else files).append(entry.name)
        except OSError as error:
            yield Place(path, steps, [], [], unreadable(path, error, "folder"))
            continue
        place = Place(path, steps, sorted(files), sorted(folders))
        yield place
        if seen > ENTRIES:
            problem = DataError(
                shown(top),
                f"more than {ENTRIES:,} files and folders, of which the first were looked at",
                "",
                "Place the files in a folder of their own near the top",
            )
            problem.sure = False
            yield Place(top, (), [], [], problem)
            return
        if len(steps) < DEPTH:
            queue += [
                (path / name, (*steps, name))
                for name in place.folders
                if path / name not in own and not (place.n_classes > 1 and _is_class(name))
            ]


def _leads_on(entry: os.DirEntry) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


@cache
def _pattern(folder: str) -> re.Pattern:
    words = re.sub(r"[^a-z0-9]+", "-?", folder)
    return re.compile(rf"(?:{_NAMELESS.pattern})?({words})(?![a-z])")


def owner(name: str) -> str | None:
    """Return the dataset that a file's or a folder's name speaks of, or None.

    >>> owner("Sign Language MNIST-1"), owner("fashion-mnist_train.csv"), owner("emnist")
    ('sign-language-mnist', 'fashion-mnist', None)
    """
    text = re.sub(r"[^a-z0-9]+", "-", name.lower())
    named = [
        (len(found[found.lastindex or 0]), spec.name)
        for spec in (*CATALOGUE.values(), *PHOTOGRAPHS.values(), *PEOPLE.values())
        for folder in spec.folders
        if (found := _pattern(folder).match(text))
    ]
    return max(named)[1] if named else None


def level(spec: Spec, steps: tuple[str, ...]) -> int | None:
    """Return how surely what lies at the end of these steps is a dataset's; None: another's."""
    for step in reversed(steps):
        if named := owner(step):
            return OWN if named == spec.name else None
    if not steps:
        return OWN
    return OPEN if all(_NAMELESS.fullmatch(_plain(step)) for step in steps) else ELSEWHERE


def matters(spec: Spec, place: Place) -> DataError | None:
    """Return what was wrong with a place if it may be why a dataset is not found."""
    if (
        place.problem
        and place.problem.sure
        and (not place.steps or level(spec, place.steps) != OWN)
    ):
        return None
    return place.problem


def _plain(step: str) -> str:
    return canonical(step).rpartition("/")[2].strip("-")


@dataclass(frozen=True)
class Candidate:
    """Files that look like a dataset: ``files`` by their usual names, or the ``problem`` met.

    ``level`` tells how surely they are the dataset's: `OWN`, `OPEN` or `ELSEWHERE`.
    """

    spec: Spec
    where: str
    level: int
    reader: str = ""
    parts: tuple[Part, ...] = ()
    files: dict[str, File] = field(default_factory=dict)
    problem: DataError | None = None

    def __str__(self) -> str:
        """Return the file, or the folder or archive that holds the files."""
        return str(*self.files.values()) if len(self.parts) == 1 else self.where

    @property
    def missing(self) -> list[str]:
        """The usual names of the files that the layout needs and that are not there."""
        return [part.file for part in self.parts if part.file not in self.files]

    @property
    def complete(self) -> bool:
        """Whether it can be tried."""
        return not self.problem and not self.missing

    def fingerprint(self) -> list[list[str | int]]:
        """Return path, size in bytes and time of change (ns) of each file on disk."""
        try:
            stats = {file.path: file.path.stat() for file in self.files.values()}
        except OSError as error:
            raise unreadable(Path(error.filename), error) from None
        return [
            [str(path.absolute()), s.st_size, s.st_mtime_ns] for path, s in sorted(stats.items())
        ]

    def read(self) -> tuple[Arrays, dict[str, str]]:
        """Return the arrays, and the CSV files that pandas can read as they lie (name: path).

        Raises:
            DataError: A file is missing, cannot be decoded, or holds something else.
        """
        try:
            return self._read()
        except DataError as error:
            error.sure = self.level == OWN
            raise

    def _read(self) -> tuple[Arrays, dict[str, str]]:
        if self.problem:
            raise self.problem
        if self.missing:
            there = ", ".join(file.path.name for file in self.files.values())
            raise DataError(
                self.where,
                f"{there} without {', '.join(self.missing)}",
                "all files of the dataset in one place",
                "Place the missing file beside the other",
            )
        arrays: Arrays = {}
        as_they_lie = {}
        for part in self.parts:
            file = self.files[part.file]
            data = file.read()
            arrays |= READERS[self.reader](self.spec, part, file, data)
            if part.columns and is_plain_csv(part, file):
                as_they_lie[part.file] = str(file.path.absolute())
        return checked(self.spec, arrays, self), as_they_lie


def candidates(spec: Spec, top: Path) -> list[Candidate]:
    """Return where the dataset seems to be below a folder: complete sets first, the surest first.

    Looked at are folders and zip archives. Files that belong together but lie apart come after
    those that lie in one place; then follow the problems, and what is named for the dataset but
    is not among the files that are read.
    """
    wanted = {canonical(p.file): p.file for layout in spec.layouts for p in layout.parts}
    units: dict[tuple, _Unit] = {}
    found: list[Candidate] = []
    strange: list[Path] = []

    def take(file: File, steps: tuple[str, ...], name: str, where: Path) -> bool:
        """Put a file with those that belong to it, if it is wanted; tell whether it is."""
        if (usual := wanted.get(canonical(name))) is None:
            return False
        while steps and canonical(steps[-1]) in (canonical(name), canonical(name).split(".")[0]):
            steps, where = steps[:-1], where.parent if not file.member else where
        sure = OWN if owner(name) == spec.name else level(spec, steps)
        if sure is None:
            if any(usual == p.file for p in _others(spec, steps)):
                return True
            sure = ELSEWHERE
        unit = units.setdefault((where, steps), _Unit(shown(where), sure))
        unit.level = min(unit.level, sure)
        unit.files.setdefault(usual, file)
        return True

    def open_archive(path: Path, steps: tuple[str, ...]) -> None:
        """Take what a zip holds, or note what is wrong with it if it is this dataset's."""
        if (sure := level(spec, steps)) is None:
            return
        try:
            with open_zip(path) as archive:
                names = safe_names(shown(path), archive)
            inner = [PurePosixPath(n.replace("\\", "/")) for n in names]
            taken = [
                take(File(path, name), (*steps, *place.parts[:-1]), place.name, path)
                for name, place in sorted(
                    zip(names, inner, strict=True), key=lambda pair: len(pair[0])
                )
            ]
            if sure != OWN or any(taken):
                return
            problem = DataError(
                shown(path),
                f"a zip that holds {listed(names) or 'nothing'}",
                _needed(spec),
                spec.to_get,
            )
        except DataError as error:
            problem = error
        found.append(Candidate(spec, shown(path), sure, problem=problem))

    later = []
    for place in walk(top):
        if (problem := matters(spec, place)) is not None:
            sure = OWN if problem.sure else OPEN
            found.append(Candidate(spec, shown(place.path), sure, problem=problem))
        for name in sorted(place.files, key=lambda name: name.lower().endswith((".gz", ".zip"))):
            path = place.path / name
            if take(File(path), place.steps, name, place.path):
                continue
            if name.lower().endswith(".zip"):
                open_archive(path, (*place.steps, canonical(name)))
            elif _is_strange(spec, place, name):
                strange.append(path)
        later += [(place, name) for name in place.folders if canonical(name) in wanted]
        if place.n_classes > 1 and level(spec, place.steps) == OWN and place.steps:
            strange.append(place.path)
    for place, name in later:  # a folder by a file's name, for want of the file
        take(File(place.path / name), place.steps, name, place.path)

    sets = [
        Candidate(spec, unit.where, unit.level, layout.reader, layout.parts, held)
        for unit in sorted(units.values(), key=lambda unit: unit.level)
        for layout in spec.layouts
        if (held := {p.file: unit.files[p.file] for p in layout.parts if p.file in unit.files})
    ]
    whole = [c for c in sets if c.complete]
    if not whole:
        whole = [c for layout in spec.layouts if (c := _gathered(spec, top, layout, sets)).complete]
    parts = [] if whole else sets
    rest = sorted([*found, *parts], key=lambda c: c.level)
    if not whole and not rest and strange:
        rest = [Candidate(spec, shown(strange[0]), OPEN, problem=_unread(spec, strange))]
    return [*whole, *rest]


@dataclass
class _Unit:
    """What lies in one place: a folder or a zip."""

    where: str
    level: int
    files: dict[str, File] = field(default_factory=dict)


def _others(spec: Spec, steps: tuple[str, ...]) -> Iterator[Part]:
    """Give the files of the dataset that the steps speak of, which is another one."""
    other = CATALOGUE.get(next(filter(None, map(owner, reversed(steps))), ""))
    for layout in other.layouts if other else ():
        yield from layout.parts


def _gathered(spec: Spec, top: Path, layout: Layout, sets: list[Candidate]) -> Candidate:
    """Return the files of a layout from all the places where some of them lie."""
    files: dict[str, File] = {}
    sure = OWN
    for one in sets:
        if one.reader == layout.reader and one.files.keys() - files.keys():
            files = one.files | files
            sure = max(sure, one.level)
    return Candidate(spec, shown(top), sure, layout.reader, layout.parts, files)


def _needed(spec: Spec) -> str:
    return " or ".join(", ".join(p.file for p in layout.parts) for layout in spec.layouts) or (
        f"folders {spec.class_names[0]}, {spec.class_names[1]} … of photographs"
    )


def _form(name: str) -> str:
    """Return what a file that is not read is, by its suffix; "" where that tells nothing."""
    for kind, form in _UNREAD.items():
        if re.search(rf"\.({kind})(\.(gz|zip))?$", name.lower()):
            return form
    return ""


def _is_strange(spec: Spec, place: Place, name: str) -> bool:
    """Return whether a file that is not read may be meant for the dataset."""
    if re.search(rf"\.({_NOTES})$", name.lower()):
        return False
    sure = level(spec, (*place.steps, name))
    around = level(spec, place.steps)
    return sure == OWN or (sure is not None and bool(_form(name)) and around in (OWN, OPEN))


def _unread(spec: Spec, strange: list[Path]) -> DataError:
    """Return what to tell of files that may be meant for the dataset and are not read."""
    first = strange[0]
    same = [path.name for path in strange if path.parent == first.parent]
    if first.is_dir():
        form = "pictures in folders of classes, a form that is not read"
    elif re.search(rf"\.({_PICTURES})$", first.name.lower()):
        form = "pictures, a form that is not read"
    else:
        form = _form(first.name) or "not a file that is read"
    if len(same) > 1:
        return DataError(
            shown(first.parent), f"holds {listed(same)}: {form}", _needed(spec), spec.to_get
        )
    return DataError(shown(first), form, _needed(spec), spec.to_get)
