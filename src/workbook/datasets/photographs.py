"""Datasets of photographs, one folder for each class: find, check, split and shrink them.

The folders lie on disk or in a zip, which stays as it is.

The photographs of `PHOTOGRAPHS` were cut from video, so neighbouring numbers show nearly the same
picture. The frames of each class, in order, are therefore cut into `RUNS` runs of consecutive
frames, of which `TEST_RUNS`, chosen by `SPLIT_SEED`, are the test set: no run is on both sides.

Those of `PEOPLE` tell whose hand they show, and no network of the course is trained on them.
Kaggle's "ASL Dataset" was published as Massey University's gestures: five people, each sign in
several lights, the hand cut out on black (Barczak and others, 2011, "A new 2D static hand gesture
colour image dataset for ASL gestures").
"""

import hashlib
import io
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from workbook import paths
from workbook.datasets import cache, kaggle, network, search, sources
from workbook.datasets.cache import Loaded
from workbook.datasets.catalogue import IMAGE_SHAPE, PEOPLE, Spec
from workbook.datasets.decode import Arrays
from workbook.datasets.files import (
    canonical,
    open_zip,
    read_member,
    unreadable,
)
from workbook.datasets.search import Candidate
from workbook.errors import DataError, listing
from workbook.paths import is_junk, shown

import numpy as np

RUNS = 10
TEST_RUNS = 2
SPLIT_SEED = 42
LARGEST_SIDE = 4000
LARGEST_FILE = 50_000_000


class Frame(NamedTuple):
    """A file named as a photograph is ("A/A1.jpg"): its class, its place, and what it holds.

    ``place`` is its path below the root, or its name in the zip; ``changed`` the time of its last
    change (ns), or the checksum that the zip has of it.
    """

    name: str
    label: int
    place: str
    size: int
    changed: int


@dataclass(frozen=True)
class People:
    """Photographs of people's hands, as JPEG files in memory; none where they cannot be had.

    ``signs`` (n,) are capital letters, ``people`` (n,) the numbers of the people.
    """

    title: str
    photos: list[bytes]
    signs: np.ndarray
    people: np.ndarray

    def __len__(self) -> int:
        """Return how many photographs there are."""
        return len(self.photos)


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
    found, reasons = None, ["WORKBOOK_DATA=practice asks for drawings"]
    if sources.mode() != "practice":
        found, reasons = sources.real(spec, _placed, _downloaded)
    if found is None:
        print(
            f"NOT HERE: {spec.title} ({'; '.join(reasons)}).\n{spec.to_get}; then run this again."
        )
        return People(spec.title, [], np.array([], "U1"), np.array([], int))
    root, loaded = found
    wanted = {sign.lower() for sign in signs}
    photos, letters, people = [], [], []
    with _reading(root) as read_bytes:
        for frame in list_frames(spec, root)[0]:
            match = named(spec).fullmatch(frame.name)
            if match and match[1].lower() in wanted and frame.name not in loaded.skipped:
                photos.append(read_bytes(frame.place))
                letters.append(match[1].upper())
                people.append(int(match[2]))
    return People(spec.title, photos, np.array(letters, "U1"), np.array(people, int))


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
    # What was downloaded: a zip, or the folders that earlier versions made of it.
    return _find(spec, cache.folder(spec))[0], problems


def _find(spec: Spec, top: Path) -> tuple[Path | None, list[Candidate]]:
    """Return the folder below ``top`` with at least two of the class folders, or a zip of them.

    Those that are named for the dataset come first; others must hold files named as its are.
    Where there is none, return None and the problems, as `placed` does.
    """
    found: list[tuple[bool, bool, bool, Path]] = []
    problems: list[Candidate] = []
    for place in search.walk(spec, top, problems):
        tried: list[tuple[Path, bool]] = []
        if len(set(spec.class_names) & set(place.folders)) > 1:
            own = not place.steps or search.named_dataset(*place.steps) == spec.name
            tried.append((place.path, own))
        for name in place.files:
            zipped = search.named_dataset(*place.steps, canonical(name))
            if zipped in (None, spec.name) and name.lower().endswith(".zip"):
                tried.append((place.path / name, zipped == spec.name))
        for path, own in tried:
            try:
                if list_frames(spec, path)[0] or own:
                    is_test = path.is_dir() and "test" in path.name.lower()
                    found.append((not own, is_test, path.is_file(), path))
            except DataError as error:
                problems.append(Candidate(spec, error.where, own, problem=error))
    if found:
        return min(found)[3], []
    return None, problems or search.candidates(spec, top)


def named(spec: Spec) -> re.Pattern:
    """Return the pattern of a photograph's name, such as A/A1.jpg."""
    names = "|".join(map(re.escape, spec.class_names))
    return re.compile(rf"({names})/{spec.photograph}\.jpe?g", re.IGNORECASE)


def _downloaded(spec: Spec) -> tuple[Path, Loaded]:
    """Download the zip of Kaggle, once; return as `_placed` does.

    Raises:
        DataError: Kaggle cannot be reached, refuses, or sends something else.
    """
    root = cache.folder(spec) / "kaggle.zip"
    with cache.lock(spec):
        if not root.is_file():
            asked = kaggle.request(spec)
            with sources.downloading(spec, asked["url"]) as folder:
                network.fetch(path=folder / "archive.zip", **asked)
                (folder / "archive.zip").replace(root)
    try:
        return root, read(spec, root)
    except DataError as problem:
        root.unlink(missing_ok=True)
        raise DataError("Kaggle", f"sent something else ({problem})") from None


def read(spec: Spec, root: Path) -> Loaded:
    """Check every photograph once, shrink it, and write the small ones: (n, 28, 28) uint8, grey.

    Files that are no usable photograph are skipped and named. Of `PEOPLE`, whose photographs are
    used in full size, no array is made.

    Raises:
        DataError: No class, or only one, has a usable photograph; or a folder cannot be read.
    """
    frames, others = list_frames(spec, root)

    def shrink() -> Loaded:
        return _shrunk(spec, root, frames, others)

    loaded = cache.get_or_make(spec, "photographs", shrink, _fingerprint(root, frames, others))
    if loaded.skipped:
        found = [f"{name} ({why})" for name, why in loaded.skipped.items()]
        print(f"Skipped {len(found):,} files of {shown(root)}: {listing(found, 5, '; ')}.")
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
    return _fingerprint(root, *list_frames(spec, root))


def _fingerprint(root: Path, frames: list[Frame], others: dict[str, str]) -> str:
    entries = repr([str(root), list(map(tuple, frames)), sorted(others.items())])
    return hashlib.sha256(entries.encode()).hexdigest()


def list_frames(spec: Spec, root: Path) -> tuple[list[Frame], dict[str, str]]:
    """Return the photographs by class and number; and the other files, with why they are none.

    Raises:
        DataError: A folder cannot be read, or the zip is damaged.
    """
    numbered: dict[str, tuple[tuple[int, int], Frame]] = {}
    others: dict[str, str] = {}
    pattern = named(spec)
    files = _in_folders(spec, root) if root.is_dir() else _in_zip(spec, root)
    for name, place, size, changed in files:
        if match := pattern.fullmatch(name):
            label = spec.class_names.index(name.partition("/")[0])
            frame = Frame(name, label, place, size, changed)
            numbered[name] = (label, int(match[2])), frame
        else:
            others[name] = "not named as its photographs are"
    return [frame for _, frame in sorted(numbered.values())], others


def _in_folders(spec: Spec, root: Path) -> Iterator[tuple[str, str, int, int]]:
    for folder in spec.class_names:
        try:
            with os.scandir(root / folder) as entries:
                for entry in entries:
                    if entry.is_file() and not is_junk(entry.name):
                        name, stat = f"{folder}/{entry.name}", entry.stat()
                        yield name, name, stat.st_size, stat.st_mtime_ns
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError as error:
            raise unreadable(root / folder, error, "folder") from None


def _in_zip(spec: Spec, file: Path) -> Iterator[tuple[str, str, int, int]]:
    """Yield the files that lie in a folder of a class, whatever that lies in; each name once."""
    with open_zip(file) as archive:
        for info in archive.infolist():
            parts = info.filename.split("/")
            of_class = len(parts) > 1 and parts[-2] in spec.class_names
            if of_class and not info.is_dir() and not any(map(is_junk, parts)):
                yield "/".join(parts[-2:]), info.filename, info.file_size, info.CRC


@contextmanager
def _reading(root: Path) -> Iterator[Callable[[str], bytes]]:
    """Give what reads a photograph by its place: its path below a folder, or its name in a zip."""
    if root.is_dir():
        yield lambda place: (root / place).read_bytes()
        return
    with open_zip(root) as archive:
        yield lambda place: read_member(shown(root), archive, place)


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

    with _reading(root) as read_bytes, ThreadPoolExecutor() as pool:

        def shrink(frame: Frame) -> np.ndarray | str:
            if frame.size > LARGEST_FILE:
                return "too large"
            try:
                return small(read_bytes(frame.place))
            except OSError:
                return "cannot be read"

        work = pool.map(shrink, frames)
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


def small(data: bytes) -> np.ndarray | str:
    """Return a JPEG file as a grey uint8 image (28, 28), or why it is not a usable one.

    The decoder works at a quarter of the size ("draft"), which is where most of the time goes.
    """
    from PIL import Image

    if not data:
        return "empty"
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
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
