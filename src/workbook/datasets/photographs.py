"""Datasets of photographs, one folder for each class: find, check, split and shrink them.

The photographs of `PHOTOGRAPHS` were cut from video, so neighbouring numbers show nearly the same
picture. The frames of each class, in order, are therefore cut into `RUNS` runs of consecutive
frames, of which `TEST_RUNS`, chosen by `SPLIT_SEED`, are the test set: no run is on both sides.

Those of `PEOPLE` tell whose hand they show, and no network of the course is trained on them.
Kaggle's "ASL Dataset" was published as Massey University's gestures: five people, each sign in
several lights, the hand cut out on black (Barczak and others, 2011, "A new 2D static hand gesture
colour image dataset for ASL gestures").
"""

import hashlib
import os
import re
import shutil
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from workbook import paths
from workbook.datasets import cache, kaggle, network, search, sources
from workbook.datasets.cache import Loaded
from workbook.datasets.catalogue import IMAGE_SHAPE, PEOPLE, Spec
from workbook.datasets.decode import Arrays
from workbook.datasets.files import DAMAGED, canonical, is_junk, open_zip, unreadable
from workbook.datasets.search import Candidate
from workbook.errors import DataError
from workbook.paths import shown

import numpy as np

RUNS = 10
TEST_RUNS = 2
SPLIT_SEED = 42
LARGEST_SIDE = 4000
LARGEST_FILE = 50_000_000


class Frame(NamedTuple):
    """A file named as a photograph is ("A/A1.jpg"): its class, bytes, and time of change (ns)."""

    name: str
    label: int
    size: int
    changed: int


@dataclass(frozen=True, repr=False)
class People:
    """Photographs on disk, one by one: none where they cannot be had, and ``source`` says why.

    ``signs`` (n,) are capital letters, ``people`` (n,) the numbers of the people, ``lights`` (n,)
    where the light came from, as the files' names have it. ``skipped`` says why files are not
    usable photographs, by their names.
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
        skipped = f" ({len(self.skipped):,} files skipped)" if self.skipped else ""
        rows = {
            "dataset": self.title,
            "photos": f"{len(self):,}{skipped}",
            "people": ", ".join(map(str, np.unique(self.people))) or "none",
            "lights": ", ".join(np.unique(self.lights)) or "none",
            "source": self.source,
            "verified": "names and pictures only: the publisher gives no digest",
            "licence": self.licence,
            "home page": self.url,
        }
        return "\n".join(f"{key:<10} {value}" for key, value in rows.items())


def load_people(name: str, signs: tuple[str, ...]) -> People:
    """Return the photographs of a dataset of `PEOPLE` that show one of ``signs``.

    Where it cannot be had there are none of them, which is announced with the way to get it:
    unlike other datasets it has no drawings that stand in for it, and nothing is trained on it.

    Args:
        name: a name of `PEOPLE`.
        signs: capital letters or digits.

    Raises:
        DataError: There is no such dataset; or ``WORKBOOK_DATA=real``, and what is placed for it
            cannot be read.
    """
    if name not in PEOPLE:
        raise DataError("datasets.load_people", f"no dataset {name!r}", " or ".join(PEOPLE))
    spec = PEOPLE[name]
    sys.audit("workbook.datasets", name)  # heard where a run is recorded
    root, loaded, reasons = None, None, ["WORKBOOK_DATA=practice asks for drawings"]
    if sources.mode() != "practice":
        found, reasons = sources.real(spec, _placed, _downloaded)
        root, loaded = found or (None, None)
    reason = "; ".join(reasons)
    skipped = loaded.skipped if loaded else {}
    if root is None:
        print(f"NOT HERE: {spec.title} ({reason}).\n{spec.to_get}; then run this again.")
    frames = list_frames(spec, root)[0] if root else []
    wanted = {sign.lower() for sign in signs}
    rows = []
    for frame in frames:
        match = named(spec).fullmatch(frame.name)
        if root and match and match[1].lower() in wanted and frame.name not in skipped:
            rows.append((str(root / frame.name), match[1].upper(), match[2], match[3].lower()))
    names, letters, people, lights = zip(*rows, strict=True) if rows else ((), (), (), ())
    return People(
        title=spec.title,
        source=f"from {shown(root)}" if root else f"not here ({reason})",
        paths=list(names),
        signs=np.array(letters, "U1"),
        people=np.array(people, int),
        lights=np.array(lights, "U9"),
        skipped=skipped,
        licence=spec.licence,
        url=spec.url,
    )


def load(spec: Spec) -> tuple[Loaded | None, str]:
    """Return the photographs as small grey arrays, or None; and the reason for practice data.

    Raises:
        DataError: ``WORKBOOK_DATA=real``, and the photographs cannot be had.
    """
    found, why = sources.load(spec, _placed, _downloaded)
    return found[1] if found else None, why


def _placed(spec: Spec) -> tuple[Path, Loaded] | None:
    """Return the folder of class folders that the user placed, and what it holds.

    Raises:
        DataError: There is a folder or a zip of the dataset that cannot be read.
    """
    root, problems = placed(spec)
    if root is None:
        sources.tell_problems(problems)
        if not problems:
            sources.require_data_dir()
        return None
    root = _unpacked(spec, root) if root.is_file() else root
    return root, read(spec, root)


def placed(spec: Spec) -> tuple[Path | None, list[Candidate]]:
    """Return the folder of class folders, or the zip of them; or None, and the problems."""
    problems: list[Candidate] = []
    for folder in paths.placed_dirs():
        root, more = _find(spec, folder)
        if root:
            return root, []
        problems += more
    if any(problem.own for problem in problems):
        return None, problems
    return _find(spec, _from_kaggle(spec))[0], problems


def _from_kaggle(spec: Spec) -> Path:
    return cache.folder(spec) / "photographs" / "kaggle"


def _find(spec: Spec, top: Path) -> tuple[Path | None, list[Candidate]]:
    """Return the folder below ``top`` with at least two of the class folders, or a zip of them.

    Those that are named for the dataset come first; others must hold files named as its are.
    Where there is none, return None and the problems, as `placed` does.
    """
    found: list[tuple[bool, bool, bool, Path]] = []
    problems: list[Candidate] = []
    for place in search.walk(top):
        own = not place.steps or search.named_dataset(*place.steps) == spec.name
        if problem := search.problem_of(spec, place):
            problems.append(problem)
        if len(set(spec.class_names) & set(place.folders)) > 1 and (
            own or _well_named(spec, place.path)
        ):
            is_test = "test" in "".join(place.steps[-1:]).lower()
            found.append((not own, is_test, False, place.path))
        for name in place.files:
            zipped = search.named_dataset(*place.steps, canonical(name))
            if zipped not in (None, spec.name) or not name.lower().endswith(".zip"):
                continue
            own_zip = zipped == spec.name
            try:
                members = _members(spec, place.path / name)
                if own_zip or any(map(named(spec).fullmatch, members)):
                    found.append((not own_zip, False, True, place.path / name))
            except DataError as error:
                problems.append(Candidate(spec, error.where, own_zip, problem=error))
    if found:
        return min(found)[3], []
    return None, problems or search.candidates(spec, top)


def named(spec: Spec) -> re.Pattern:
    """Return the pattern of a photograph's name, such as A/A1.jpg."""
    names = "|".join(map(re.escape, spec.class_names))
    return re.compile(rf"({names})/{spec.photograph}\.jpe?g", re.IGNORECASE)


def _well_named(spec: Spec, root: Path) -> bool:
    for name in spec.class_names:
        with suppress(OSError), os.scandir(root / name) as entries:
            for entry in islice(entries, 100):
                if named(spec).fullmatch(f"{name}/{entry.name}"):
                    return True
    return False


def _members(spec: Spec, file: Path) -> dict[str, str]:
    """Return the training photographs of a zip: its member by "class/file name"."""
    with open_zip(file) as archive:
        parts = {name: PurePosixPath(name).parts for name in archive.namelist()}
    return {
        "/".join(own[-2:]): name
        for name, own in parts.items()
        if len(own) > 1 and own[-2] in spec.class_names and not name.endswith("/")
        if not any(map(is_junk, own)) and "\\" not in own[-1] and ":" not in own[-1]
    }


def _unpacked(spec: Spec, file: Path) -> Path:
    """Return the folder in the cache with the photographs of a zip, which stays as it is."""
    stat = file.stat()
    key = hashlib.sha256(f"{file}{stat.st_size}{stat.st_mtime_ns}".encode()).hexdigest()[:16]
    root = cache.folder(spec) / "photographs" / key
    with cache.lock(spec):
        if not root.is_dir():
            _unpack(spec, file, root)
    return root


def _unpack(spec: Spec, file: Path, root: Path) -> None:
    partial = root.with_name("unpacking")
    if not (members := _members(spec, file)):
        raise DataError(shown(file), "no folder of a class", "folders A to Z", spec.to_get)
    try:
        shutil.rmtree(partial, ignore_errors=True)  # of a run that was killed
        with open_zip(file) as archive:
            for name, member in members.items():
                if archive.getinfo(member).file_size > LARGEST_FILE:
                    raise DataError(shown(file), f"{member} is no photograph", "some kilobytes")
                (partial / name).parent.mkdir(parents=True, exist_ok=True)
                (partial / name).write_bytes(archive.read(member))
        partial.replace(root)
    except (*DAMAGED, RuntimeError) as error:  # RuntimeError: it wants a password
        raise DataError(
            shown(file), f"cannot be unpacked ({error})", "", "Free some space or get it again"
        ) from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _downloaded(spec: Spec) -> tuple[Path, Loaded]:
    """Download and unpack the photographs of Kaggle, once; return as `_placed` does.

    Raises:
        DataError: Kaggle cannot be reached, refuses, or sends something else.
    """
    root = _from_kaggle(spec)
    with cache.lock(spec):
        if not root.is_dir():
            asked = kaggle.request(spec)
            with sources.downloading(spec, asked["url"]) as folder:
                network.fetch(path=folder / "archive.zip", **asked)
                try:
                    _unpack(spec, folder / "archive.zip", root)
                except DataError as problem:
                    raise DataError("Kaggle", f"sent something else ({problem})") from None
    found = _find(spec, root)[0] or root  # an earlier version unpacked into folders below
    return found, read(spec, found)


def read(spec: Spec, root: Path) -> Loaded:
    """Check every photograph once, shrink it, and write the small ones: (n, 28, 28) uint8, grey.

    Files that are no usable photograph are skipped; of a dataset to train on they are named. Of
    `PEOPLE`, whose photographs are used in full size, no array is made.

    Raises:
        DataError: No class, or only one, has a usable photograph; or a folder cannot be read.
    """
    frames, others = list_frames(spec, root)

    def shrink() -> Loaded:
        return _shrunk(spec, root, frames, others)

    loaded = cache.get_or_make(spec, "photographs", shrink, _fingerprint(root, frames, others))
    if loaded.skipped and loaded.arrays:
        first = "; ".join(f"{name} ({why})" for name, why in list(loaded.skipped.items())[:5])
        more = f"; and {len(loaded.skipped) - 5:,} more" if len(loaded.skipped) > 5 else ""
        print(f"Skipped {len(loaded.skipped):,} files of {shown(root)}: {first}{more}.")
    return loaded


def fingerprint(spec: Spec) -> str:
    """Return a digest of the names, sizes and times of the photographs, "" where none are placed.

    Raises:
        DataError: They cannot be read.
    """
    root, problems = placed(spec)
    if root is None:
        sources.tell_problems([problem for problem in problems if problem.own])
        return ""
    if root.is_file():  # a zip
        stat = root.stat()
        return _fingerprint(root, [Frame(root.name, 0, stat.st_size, stat.st_mtime_ns)], {})
    return _fingerprint(root, *list_frames(spec, root))


def _fingerprint(root: Path, frames: list[Frame], others: dict[str, str]) -> str:
    entries = repr([str(root), list(map(tuple, frames)), sorted(others.items())])
    return hashlib.sha256(entries.encode()).hexdigest()


def list_frames(spec: Spec, root: Path) -> tuple[list[Frame], dict[str, str]]:
    """Return the photographs by class and number; and the other files, with why they are none."""
    frames: list[Frame] = []
    others: dict[str, str] = {}
    for label, class_name in enumerate(spec.class_names):
        numbered = []
        for file_name, stat in _entries(root / class_name):
            name = f"{class_name}/{file_name}"
            match = named(spec).fullmatch(name)
            if stat is None:
                others[name] = "not a file"
            elif not match:
                others[name] = "not named as its photographs are"
            else:
                frame = Frame(name, label, stat.st_size, stat.st_mtime_ns)
                numbered.append((int(match[2]), frame))
        frames += [frame for _, frame in sorted(numbered)]
    return frames, others


def _entries(folder: Path) -> list[tuple[str, os.stat_result | None]]:
    """Return the names in a folder, if it is there, each with its size and time if it is a file.

    Raises:
        DataError: The folder cannot be read.
    """
    try:
        if not folder.is_dir():
            return []
        with os.scandir(folder) as entries:
            return [
                (entry.name, entry.stat() if entry.is_file() else None)
                for entry in entries
                if not is_junk(entry.name)
            ]
    except OSError as error:
        raise unreadable(folder, error, "folder") from None


def split(frames: Iterable[tuple[str, int]]) -> tuple[list, list]:
    """Return the training and the test frames; both are lists of (name, label).

    ``frames`` come in order of class and number. See the module's text for how they are cut.
    """
    rng = np.random.default_rng(SPLIT_SEED)
    by_class: dict[int, list[tuple[str, int]]] = {}
    for frame in frames:
        by_class.setdefault(frame[1], []).append(frame)
    train: list[tuple[str, int]] = []
    test: list[tuple[str, int]] = []
    for own in by_class.values():
        chosen = rng.choice(RUNS, TEST_RUNS, replace=False)
        for run, places in enumerate(np.array_split(np.arange(len(own)), RUNS)):
            (test if run in chosen else train).extend(own[place] for place in places)
    return train, test


def _shrunk(spec: Spec, root: Path, frames: list[Frame], others: dict[str, str]) -> Loaded:
    from tqdm.auto import tqdm

    with ThreadPoolExecutor() as pool:
        work = pool.map(lambda frame: small(root / frame.name), frames)
        images = list(tqdm(work, total=len(frames), desc=spec.title, disable=len(frames) < 1000))
    found = {frame.name: image for frame, image in zip(frames, images, strict=True)}
    skipped = others | {name: image for name, image in found.items() if isinstance(image, str)}
    good = [(name, label) for name, label, *_ in frames if name not in skipped]
    train, test = ([], good) if spec.name in PEOPLE else split(good)
    if not test or (spec.n_train and len({label for _, label in train}) < 2):
        raise DataError(
            shown(root),
            f"{len(good)} usable photographs, {len(skipped)} other files",
            f"{spec.n_train + spec.n_test:,} in {len(spec.class_names)} folders",
            spec.to_get,
        )
    arrays: Arrays = {}
    for subset, chosen in (("train", train), ("test", test)) if spec.n_train else ():
        arrays[f"X_{subset}"] = np.stack([np.asarray(found[name]) for name, _ in chosen])
        arrays[f"y_{subset}"] = np.array([label for _, label in chosen], np.uint8)
    return Loaded(arrays, f"from {shown(root)}", False, skipped=skipped)


def small(path: Path) -> np.ndarray | str:
    """Return a JPEG as a grey uint8 image (28, 28), or why it is not a usable one.

    The decoder works at a quarter of the size ("draft"), which is where most of the time goes.
    """
    from PIL import Image

    try:
        if path.stat().st_size == 0:
            return "empty"
        with Image.open(path, formats=["JPEG"]) as image:
            if max(image.size) > LARGEST_SIDE:
                return f"{image.size[0]} x {image.size[1]} pixels"
            if image.mode not in ("RGB", "L"):
                return f"{image.mode} colours, not RGB"
            image.draft("L", (2 * IMAGE_SHAPE[1], 2 * IMAGE_SHAPE[0]))
            grey = image.convert("L").resize(IMAGE_SHAPE[::-1], Image.Resampling.BOX)
            return np.asarray(grey, np.uint8)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        known = "cannot identify" in str(error)
        return "not a JPEG" if known else "damaged"
