"""Find a dataset's files in a folder, however they were unpacked, nested or renamed.

A name only says where to look. Files that are named for the dataset, or lie at the top of the
folder, are the user's word that they are it: what is wrong with them is an error. Files anywhere
else are used where what they hold is, byte for byte, what was published. The search is bounded, so
that a large folder costs little.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path, PurePosixPath

from workbook import paths
from workbook.datasets.catalogue import CATALOGUE, PEOPLE, PHOTOGRAPHS, Layout, Spec
from workbook.datasets.decode import READERS, Arrays, checked
from workbook.datasets.files import (
    File,
    canonical,
    members,
    open_zip,
    unreadable,
)
from workbook.errors import DataError, listing
from workbook.paths import is_junk, shown

DEPTH = 8
"""How many folders deep a search goes."""
ENTRIES = 100_000
"""How many files and folders a search looks at, those near the top first."""

_CLASSES = {
    name for spec in PHOTOGRAPHS.values() for name in spec.class_names if len(name) > 1
} | set("0123456789")

_NOTES = r"md|txt|rst|html?|json|ini|py|ipynb|pdf|keras|log|lock|info|yaml|yml|xml|bib"


@dataclass(frozen=True)
class Place:
    """A folder that was looked into: its path, the steps to it, and what is in it, by name."""

    path: Path
    steps: tuple[str, ...]
    files: list[str]
    folders: list[str]

    @property
    def n_classes(self) -> int:
        """How many of its folders are named as a class is: a letter, a digit or a sign."""
        return sum(map(_is_class, self.folders))


def _is_class(name: str) -> bool:
    return name in _CLASSES or (len(name) == 1 and name.isalpha())


def walk(spec: Spec, top: Path, problems: list["Candidate"]) -> Iterator[Place]:
    """Look into a folder and those below it, nearest first, within `DEPTH` and `ENTRIES`.

    Left out are hidden files, what systems leave in folders, and the workbook's own output. What
    lies in folders of classes is not looked at: there may be ten thousand pictures in each. To
    ``problems`` go folders of the dataset's own that cannot be read, and a search cut short.
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
            if named_dataset(*steps) == spec.name:
                problem = unreadable(path, error, "folder")
                problems.append(Candidate(spec, problem.where, own=True, problem=problem))
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
            problems.append(Candidate(spec, problem.where, problem=problem))
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
    return re.compile(rf"{words}(?![a-z])")


def named_dataset(*steps: str) -> str | None:
    """Return the dataset that the names of folders and a file speak of, the innermost first.

    >>> named_dataset("mnist", "Sign Language MNIST-1"), named_dataset("emnist")
    ('sign-language-mnist', None)
    """
    for step in reversed(steps):
        text = re.sub(r"[^a-z0-9]+", "-", step.lower())
        named = [
            (len(match[0]), spec.name)
            for spec in (*CATALOGUE.values(), *PHOTOGRAPHS.values(), *PEOPLE.values())
            for folder in spec.folders
            if (match := _pattern(folder).match(text))
        ]
        if named:
            return max(named)[1]
    return None


@dataclass
class Candidate:
    """Files of a dataset that lie together, by their usual names; or the ``problem`` met instead.

    ``own`` tells that they are named for the dataset or lie at the top of the folder; others are
    used if they are the published ones. Without a ``layout`` they may be of any.
    """

    spec: Spec
    where: str
    own: bool = False
    files: dict[str, File] = field(default_factory=dict)
    layout: Layout | None = None
    problem: DataError | None = None

    def __str__(self) -> str:
        """Return the file, or the folder or archive that holds the files."""
        return str(*self.files.values()) if len(self.files) == 1 else self.where

    @property
    def missing(self) -> list[str]:
        """The usual names of the files that the layout needs and that are not there."""
        parts = self.layout.parts if self.layout else ()
        return [part.file for part in parts if part.file not in self.files]

    @property
    def complete(self) -> bool:
        """Whether all files are there, so that they can be decoded."""
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

    def read(self) -> Arrays:
        """Return the arrays.

        Raises:
            DataError: A file is missing, cannot be decoded, or holds something else.
        """
        if self.problem or not self.layout:
            raise self.problem or DataError(self.where, "nothing of the dataset")
        if self.missing:
            there = ", ".join(file.path.name for file in self.files.values())
            raise DataError(
                self.where,
                f"{there} without {', '.join(self.missing)}",
                "all files of the dataset in one place",
                "Place the missing file beside the other",
            )
        arrays: Arrays = {}
        for part in self.layout.parts:
            arrays |= READERS[self.layout.reader](self.spec, part, self.files[part.file])
        return checked(self.spec, arrays, self)


class _Places(dict[tuple, Candidate]):
    """A dataset's files by the place that they lie in, a folder or a zip."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        names = (part.file for layout in spec.layouts for part in layout.parts)
        self.wanted = {canonical(name): name for name in names}

    def add(self, file: File, steps: tuple[str, ...], name: str, where: Path) -> bool:
        """Put a file into its place, if it is one of the dataset's; return whether it is."""
        if (usual := self.wanted.get(canonical(name))) is None:
            return False
        while steps and canonical(steps[-1]) in (canonical(name), canonical(name).split(".")[0]):
            steps, where = steps[:-1], where.parent if not file.member else where
        named = named_dataset(*steps, name)
        other = CATALOGUE.get(named_dataset(*steps) or "")
        theirs = [part.file for layout in other.layouts for part in layout.parts] if other else []
        if named == self.spec.name or usual not in theirs:
            place = self.setdefault((where, steps), Candidate(self.spec, shown(where)))
            place.own |= not steps or named == self.spec.name
            place.files.setdefault(usual, file)
        return True

    def add_zip(self, path: Path, steps: tuple[str, ...]) -> DataError | None:
        """Put what a zip holds into its place; return the problem with it, if it has one."""
        if (named := named_dataset(*steps)) not in (None, self.spec.name):
            return None
        try:
            with open_zip(path) as archive:
                names = members(archive)
        except DataError as problem:
            return problem
        added = False
        for name in sorted(names, key=len):
            *folders, last = PurePosixPath(name.replace("\\", "/")).parts
            added |= self.add(File(path, name), (*steps, *folders), last, path)
        if added or not named:
            return None
        found = f"a zip that holds {listing(names) or 'nothing'}"
        return DataError(shown(path), found, _needed(self.spec), self.spec.to_get)


def candidates(spec: Spec, top: Path) -> list[Candidate]:
    """Return where the dataset may be below a folder: complete sets first, its own before others.

    Looked at are folders and zip archives. Files that belong together but lie apart come after
    those that lie in one place; then follow the problems, and what is named for the dataset but
    is not among the files that are read.
    """
    places = _Places(spec)
    problems: list[Candidate] = []
    unread: list[Path] = []
    for place in walk(spec, top, problems):
        for name in sorted(place.files, key=lambda name: name.lower().endswith((".gz", ".zip"))):
            path = place.path / name
            named = named_dataset(*place.steps, canonical(name)) == spec.name
            if places.add(File(path), place.steps, name, place.path):
                continue
            if name.lower().endswith(".zip"):
                if error := places.add_zip(path, (*place.steps, canonical(name))):
                    problems.append(Candidate(spec, error.where, named, problem=error))
            elif named and not re.search(rf"\.({_NOTES})$", name.lower()):
                unread.append(path)
        if place.n_classes > 1 and named_dataset(*place.steps) == spec.name:
            unread.append(place.path)

    sets = [_of_layout(layout, place) for place in places.values() for layout in spec.layouts]
    sets = sorted((one for one in sets if one.files), key=lambda one: not one.own)
    whole = [one for one in sets if one.complete]
    whole = whole or [one for one in _gathered(spec, top, sets) if one.complete]
    rest = problems if whole else [*problems, *sets]
    if unread and not whole and not rest:
        text = f"holds {listing([path.name for path in unread])}, a form that is not read"
        error = DataError(shown(unread[0].parent), text, _needed(spec), spec.to_get)
        rest = [Candidate(spec, error.where, problem=error)]
    return whole + sorted(rest, key=lambda one: not one.own)


def _of_layout(layout: Layout, place: Candidate) -> Candidate:
    files = {p.file: place.files[p.file] for p in layout.parts if p.file in place.files}
    return replace(place, layout=layout, files=files)


def _gathered(spec: Spec, top: Path, sets: list[Candidate]) -> Iterator[Candidate]:
    """Yield the files of each layout from all the places where some of them lie."""
    for layout in spec.layouts:
        parts = [one for one in sets if one.layout == layout]
        files = {name: file for one in reversed(parts) for name, file in one.files.items()}
        yield Candidate(spec, shown(top), all(one.own for one in parts), files, layout)


def _needed(spec: Spec) -> str:
    return " or ".join(", ".join(p.file for p in layout.parts) for layout in spec.layouts) or (
        f"folders {spec.class_names[0]}, {spec.class_names[1]} … of photographs"
    )
