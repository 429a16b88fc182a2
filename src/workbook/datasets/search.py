"""Find a dataset's files in a folder, however they were unpacked, nested or renamed.

A name only says where to look. Files that are named for the dataset, or lie at the top of the
folder, are the user's word that they are it: what is wrong with them is an error. Files anywhere
else are used where what they hold is, byte for byte, what was published. The search is bounded, so
that a large folder costs little.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from workbook import paths
from workbook.datasets.catalogue import CATALOGUE, PEOPLE, PHOTOGRAPHS, Part, Spec
from workbook.datasets.decode import READERS, Arrays, checked, is_plain_csv
from workbook.datasets.files import (
    File,
    canonical,
    is_junk,
    listed,
    open_zip,
    safe_names,
    unreadable,
)
from workbook.errors import DataError
from workbook.paths import shown

DEPTH = 8
"""How many folders deep a search goes."""
ENTRIES = 100_000
"""How many files and folders a search looks at, those near the top first."""

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
        return sum(map(_is_class, self.folders))


def _is_class(name: str) -> bool:
    return name in _CLASSES or (len(name) == 1 and name.isalpha())


def walk(top: Path) -> Iterator[Place]:
    """Look into a folder and those below it, nearest first, within `DEPTH` and `ENTRIES`.

    Left out are hidden files, what systems leave in folders, and the workbook's own output. What
    lies in folders of classes is not looked at: there may be ten thousand pictures in each. A
    folder below that cannot be read is a place with a problem; a search cut short ends with ``top``
    as one.
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
            if steps:
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


@dataclass(frozen=True)
class Candidate:
    """Files that look like a dataset: ``files`` by their usual names, or the ``problem`` met.

    ``own`` tells that they are named for the dataset or lie at the top of the folder; others are
    used if they are the published ones.
    """

    spec: Spec
    where: str
    own: bool
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

    def read(self) -> tuple[Arrays, dict[str, str]]:
        """Return the arrays, and the CSV files that pandas can read as they lie (name: path).

        Raises:
            DataError: A file is missing, cannot be decoded, or holds something else.
        """
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


class Problem(NamedTuple):
    """Why files are not used; ``own`` tells that they are the dataset's own by their names."""

    own: bool
    error: DataError


@dataclass
class _Group:
    """Files of a dataset that lie together, in a folder or a zip, by their usual names."""

    where: str
    own: bool = False
    files: dict[str, File] = field(default_factory=dict)


class _Groups(dict[tuple, _Group]):
    """The groups of a dataset's files, by the place that they lie in."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        names = (part.file for layout in spec.layouts for part in layout.parts)
        self.wanted = {canonical(name): name for name in names}

    def add(self, file: File, steps: tuple[str, ...], name: str, where: Path) -> bool:
        """Put a file into its group, if it is one of the dataset's; return whether it is."""
        if (usual := self.wanted.get(canonical(name))) is None:
            return False
        while steps and canonical(steps[-1]) in (canonical(name), canonical(name).split(".")[0]):
            steps, where = steps[:-1], where.parent if not file.member else where
        named = named_dataset(*steps, name)
        other = CATALOGUE.get(named_dataset(*steps) or "")
        theirs = [part.file for layout in other.layouts for part in layout.parts] if other else []
        if named != self.spec.name and usual in theirs:
            return True
        group = self.setdefault((where, steps), _Group(shown(where)))
        group.own |= not steps or named == self.spec.name
        group.files.setdefault(usual, file)
        return True

    def add_zip(self, path: Path, steps: tuple[str, ...]) -> Problem | None:
        """Put what a zip holds into groups; return the problem with it, if it may be meant."""
        named = named_dataset(*steps)
        own = named == self.spec.name
        if named and not own:
            return None
        try:
            with open_zip(path) as archive:
                names = safe_names(shown(path), archive)
            inner = {name: PurePosixPath(name.replace("\\", "/")) for name in names}
            added = [
                self.add(
                    File(path, name), (*steps, *inner[name].parts[:-1]), inner[name].name, path
                )
                for name in sorted(names, key=len)
            ]
            if any(added) or not own:
                return None
            problem = DataError(
                shown(path),
                f"a zip that holds {listed(names) or 'nothing'}",
                _needed(self.spec),
                self.spec.to_get,
            )
        except DataError as error:
            problem = error
        return Problem(own, problem)


def problem_of(spec: Spec, place: Place) -> Problem | None:
    """Return the problem with a place, if it may be why the dataset is not found."""
    own = named_dataset(*place.steps) == spec.name
    return Problem(own, place.problem) if place.problem and (own or not place.steps) else None


def candidates(spec: Spec, top: Path) -> list[Candidate]:
    """Return where the dataset may be below a folder: complete sets first, its own before others.

    Looked at are folders and zip archives. Files that belong together but lie apart come after
    those that lie in one place; then follow the problems, and what is named for the dataset but
    is not among the files that are read.
    """
    groups = _Groups(spec)
    problems: list[Problem | None] = []
    unread: list[Path] = []
    folders: list[tuple[Place, str]] = []
    for place in walk(top):
        problems.append(problem_of(spec, place))
        for name in sorted(place.files, key=lambda name: name.lower().endswith((".gz", ".zip"))):
            path = place.path / name
            if groups.add(File(path), place.steps, name, place.path):
                continue
            if name.lower().endswith(".zip"):
                problems.append(groups.add_zip(path, (*place.steps, canonical(name))))
            elif _may_be_meant(spec, place, name):
                unread.append(path)
        folders += [(place, name) for name in place.folders if canonical(name) in groups.wanted]
        if place.n_classes > 1 and named_dataset(*place.steps) == spec.name:
            unread.append(place.path)
    for place, name in folders:  # a folder by a file's name, where the file itself is not there
        groups.add(File(place.path / name), place.steps, name, place.path)

    sets = [
        Candidate(spec, group.where, group.own, layout.reader, layout.parts, files)
        for group in groups.values()
        for layout in spec.layouts
        if (files := {p.file: group.files[p.file] for p in layout.parts if p.file in group.files})
    ]
    gathered = [_gathered(spec, top, layout.reader, layout.parts, sets) for layout in spec.layouts]
    whole = [c for c in sets if c.complete] or [c for c in gathered if c.complete]
    rest = [
        Candidate(spec, problem.error.where, problem.own, problem=problem.error)
        for problem in filter(None, problems)
    ]
    rest += [] if whole else sets
    if not whole and not rest and unread:
        rest = [Candidate(spec, shown(unread[0]), False, problem=_unread(spec, unread))]
    return [c for part in (whole, rest) for c in sorted(part, key=lambda c: not c.own)]


def _gathered(
    spec: Spec, top: Path, reader: str, parts: tuple[Part, ...], sets: list[Candidate]
) -> Candidate:
    """Return the files of a layout from all the places where some of them lie."""
    files: dict[str, File] = {}
    own = True
    for one in sorted(sets, key=lambda c: not c.own):
        if one.reader == reader and one.files.keys() - files.keys():
            files = one.files | files
            own &= one.own
    return Candidate(spec, shown(top), own, reader, parts, files)


def _needed(spec: Spec) -> str:
    return " or ".join(", ".join(p.file for p in layout.parts) for layout in spec.layouts) or (
        f"folders {spec.class_names[0]}, {spec.class_names[1]} … of photographs"
    )


def _unread_form(name: str) -> str:
    """Return what a file that is not read is, by its suffix; "" where that tells nothing."""
    for kind, form in _UNREAD.items():
        if re.search(rf"\.({kind})(\.(gz|zip))?$", name.lower()):
            return form
    return ""


def _may_be_meant(spec: Spec, place: Place, name: str) -> bool:
    """Return whether a file that is not read may have been placed for the dataset."""
    if re.search(rf"\.({_NOTES})$", name.lower()):
        return False
    named = named_dataset(*place.steps, name)
    return named == spec.name or (not named and not place.steps and bool(_unread_form(name)))


def _unread(spec: Spec, unread: list[Path]) -> DataError:
    """Return the problem with files that may be meant for the dataset and are not read."""
    first = unread[0]
    same = [path.name for path in unread if path.parent == first.parent]
    if first.is_dir():
        form = "pictures in folders of classes, a form that is not read"
    elif re.search(rf"\.({_PICTURES})$", first.name.lower()):
        form = "pictures, a form that is not read"
    else:
        form = _unread_form(first.name) or "not a file that is read"
    where, found = shown(first), form
    if len(same) > 1:
        where, found = shown(first.parent), f"holds {listed(same)}: {form}"
    return DataError(where, found, _needed(spec), spec.to_get)
