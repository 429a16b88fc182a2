"""A dataset of photographs, one folder for each class: find, check, split, shrink and stream them.

The photographs were cut from video, so neighbouring numbers show nearly the same picture. The
frames of each class, in order, are therefore cut into `RUNS` runs of consecutive frames, of which
`TEST_RUNS`, chosen by `SPLIT_SEED`, are the test set: no run is on both sides.
"""

import hashlib
import os
import re
import shutil
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from workbook import paths
from workbook.datasets import cache, search, sources
from workbook.datasets.cache import Loaded
from workbook.datasets.catalogue import IMAGE_SHAPE, Spec
from workbook.datasets.readers import (
    DAMAGED,
    Arrays,
    canonical,
    is_junk,
    open_zip,
    shown,
    unreadable,
)
from workbook.errors import DataError

import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf

RUNS = 10
TEST_RUNS = 2
SPLIT_SEED = 42
SIDE = 200
LARGEST_SIDE = 4000
LARGEST_FILE = 50_000_000


@dataclass(frozen=True)
class Photographs:
    """Photographs on disk: paths and labels (uint8) of both subsets; the skipped, and why."""

    train: tuple[list[str], np.ndarray]
    test: tuple[list[str], np.ndarray]
    skipped: dict[str, str]


def load(spec: Spec) -> tuple[Loaded | None, Photographs | None, str]:
    """Return the small grey arrays, the photographs, and else why practice data is due.

    Raises:
        DataError: ``WORKBOOK_DATA=real``, and the photographs cannot be had.
    """
    found, why = sources.load(spec, _read_placed, lambda spec: read(spec, download(spec)))
    return *(found or (None, None)), why


def _read_placed(spec: Spec) -> tuple[Loaded, Photographs] | None:
    root = placed_folder(spec)
    return read(spec, root) if root else None


def placed_folder(spec: Spec) -> Path | None:
    """Return the folder of class folders that is there, unpacked if it is a zip; None if none is.

    Raises:
        DataError: There is a folder or a zip of the dataset that cannot be read.
    """
    root = placed(spec)
    if root is None:
        sources.require_data_dir()
        return None
    return _unpacked(spec, root) if root.is_file() else root


def placed(spec: Spec) -> Path | None:
    """Return the folder of class folders, or the zip of them, that is there; None if there is none.

    Raises:
        DataError: There is a folder or a zip of the dataset that cannot be read.
    """
    problem = None
    for folder in paths.placed_dirs():
        try:
            if root := _found(spec, folder):
                return root
        except DataError as error:
            problem = problem or error
    own = _from_kaggle(spec)
    if not (problem and problem.sure) and own.is_dir() and (root := _found(spec, own)):
        return root
    if problem:
        raise problem
    return None


def _from_kaggle(spec: Spec) -> Path:
    return cache.folder(spec) / "photographs" / "kaggle"


def _found(spec: Spec, top: Path) -> Path | None:
    """Return the folder below ``top`` with at least two of the class folders, or a zip of them.

    Those that are named for the dataset come first; others must hold files named as its are.

    Raises:
        DataError: What is named for the dataset cannot be read, or holds something else.
    """
    found: list[tuple[int, bool, int, Path]] = []
    problems: list[DataError] = []
    for place in search.walk(top):
        sure = search.level(spec, place.steps)
        if problem := search.matters(spec, place):
            problems.append(problem)
        if len(set(spec.class_names) & set(place.folders)) > 1 and (
            sure == search.OWN or _well_named(spec, place.path)
        ):
            is_test = "test" in "".join(place.steps[-1:]).lower()
            found.append((sure or 0, is_test, 0, place.path))
        for name in place.files:
            steps = (*place.steps, canonical(name))
            sure = search.level(spec, steps)
            if sure is None or not name.lower().endswith(".zip"):
                continue
            try:
                members = _members(spec, place.path / name)
                if sure == search.OWN or any(map(named(spec).fullmatch, members)):
                    found.append((sure, False, 1, place.path / name))
            except DataError as error:
                error.sure = sure == search.OWN
                problems.append(error)
    if found:
        return min(found)[3]
    if problems:
        raise max(problems, key=lambda problem: problem.sure)
    for candidate in search.candidates(spec, top):
        candidate.read()
    return None


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
    """Unpack the photographs of a zip into the cache, once; the zip stays as it is."""
    stat = file.stat()
    key = hashlib.sha256(f"{file}{stat.st_size}{stat.st_mtime_ns}".encode()).hexdigest()[:16]
    root = cache.folder(spec) / "photographs" / key
    partial = root.with_name("unpacking")
    with cache.lock(spec):
        if root.is_dir():
            return root
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
    return root


def download(spec: Spec) -> Path:
    """Download and unpack the photographs with Kaggle's client, and keep them in the cache.

    Raises:
        DataError: Kaggle cannot be reached, refuses, or sends something else.
    """
    root = _from_kaggle(spec)
    with cache.lock(spec):
        if (found := _found(spec, root)) is None:
            with sources.downloading(spec, spec.kaggle_host) as folder:
                sources.ask(spec, folder, sources.SILENCE_SECONDS)
                if _found(spec, folder) is None:
                    raise DataError("Kaggle", "sent none of the dataset's folders", "", "Try later")
                root.parent.mkdir(exist_ok=True)
                folder.replace(root)
            found = _found(spec, root)
    assert found is not None
    return found


def read(spec: Spec, root: Path) -> tuple[Loaded, Photographs]:
    """Check every photograph once, shrink it, and keep the small ones: (n, 28, 28) uint8, grey.

    Files that are no usable photograph are skipped, counted and named.

    Raises:
        DataError: No class, or only one, has a usable photograph; or a folder cannot be read.
    """
    frames, strange = listed(spec, root)
    origin = _origin(root, frames, strange)

    def shrink() -> Loaded:
        return _shrunk(spec, root, [(name, k) for name, k, *_ in frames], strange)

    loaded = sources.kept(spec, "photographs", shrink, origin)
    skipped = loaded.csv
    good = [(name, label) for name, label, *_ in frames if name not in skipped]
    train, test = split(good)
    if skipped:
        first = "; ".join(f"{name} ({why})" for name, why in list(skipped.items())[:5])
        more = f"; and {len(skipped) - 5:,} more" if len(skipped) > 5 else ""
        print(f"Skipped {len(skipped):,} files of {shown(root)}: {first}{more}.")
    return loaded, Photographs(_side(root, train), _side(root, test), skipped)


def origin(spec: Spec) -> str:
    """Return a digest of the names, sizes and times of the photographs, "" where none are placed.

    Raises:
        DataError: They cannot be read.
    """
    root = placed(spec)
    if root is None:
        return ""
    if root.is_file():  # a zip
        stat = root.stat()
        return _origin(root, [(root.name, 0, stat.st_size, stat.st_mtime_ns)], {})
    return _origin(root, *listed(spec, root))


def _origin(root: Path, frames: "list[Frame]", strange: dict[str, str]) -> str:
    said = repr([str(root), frames, sorted(strange.items())])
    return hashlib.sha256(said.encode()).hexdigest()


def _side(root: Path, chosen: list[tuple[str, int]]) -> tuple[list[str], np.ndarray]:
    return [str(root / name) for name, _ in chosen], np.array([k for _, k in chosen], np.uint8)


Frame = tuple[str, int, int, int]


def listed(spec: Spec, root: Path) -> tuple[list[Frame], dict[str, str]]:
    """Return (name, label, bytes, time) by class and number; and what is no photograph, and why."""
    frames: list[Frame] = []
    strange: dict[str, str] = {}
    pattern = named(spec)
    for label, class_name in enumerate(spec.class_names):
        numbered = []
        for file_name, stat in _entries(root / class_name):
            name = f"{class_name}/{file_name}"
            match = pattern.fullmatch(name)
            if stat is None:
                strange[name] = "not a file"
            elif not match:
                strange[name] = "not named as its photographs are"
            else:
                numbered.append((int(match[2]), (name, label, stat.st_size, stat.st_mtime_ns)))
        frames += [frame for _, frame in sorted(numbered)]
    return frames, strange


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


def _shrunk(
    spec: Spec, root: Path, frames: list[tuple[str, int]], strange: dict[str, str]
) -> Loaded:
    from tqdm.auto import tqdm

    with ThreadPoolExecutor() as pool:
        work = pool.map(lambda frame: small(root / frame[0]), frames)
        images = list(tqdm(work, total=len(frames), desc=spec.title, disable=len(frames) < 1000))
    found = {name: image for (name, _), image in zip(frames, images, strict=True)}
    skipped = strange | {name: i for name, i in found.items() if isinstance(i, str)}
    train, test = split([frame for frame in frames if frame[0] not in skipped])
    if len({label for _, label in train}) < 2 or not test:
        raise DataError(
            shown(root),
            f"{len(train) + len(test)} usable photographs, {len(skipped)} other files",
            f"{spec.n_train + spec.n_test:,} in {len(spec.class_names)} folders",
            spec.to_get,
        )
    arrays: Arrays = {}
    for subset, chosen in (("train", train), ("test", test)):
        arrays[f"X_{subset}"] = np.stack([np.asarray(found[name]) for name, _ in chosen])
        arrays[f"y_{subset}"] = np.array([label for _, label in chosen], np.uint8)
    # The record's place for names of files holds what was skipped: there are no CSV files here.
    return Loaded(arrays, f"from {shown(root)}", False, skipped)


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


def stream(
    images: list[str] | np.ndarray,
    labels: np.ndarray,
    batch_size: int,
    image_size: tuple[int, int],
    shuffle: bool,
    seed: int | None,
) -> "tf.data.Dataset":
    """Return batches of colour images, uint8 (batch, height, width, 3), and uint8 labels.

    ``images`` are paths of JPEGs, of which only those in work are in memory, or arrays (n, 28, 28).
    Shuffling takes place over all of them, anew in each epoch.
    """
    import tensorflow as tf

    side = max(image_size)
    ratio = max(r for r in (1, 2, 4, 8) if r == 1 or SIDE // r >= side)

    def sized(image: "tf.Tensor") -> "tf.Tensor":
        same = tf.reduce_all(tf.shape(image)[:2] == image_size)

        def resized() -> "tf.Tensor":
            exact = tf.image.resize(image, image_size, antialias=True)
            return tf.saturate_cast(tf.round(exact), tf.uint8)

        return tf.ensure_shape(tf.cond(same, lambda: image, resized), (*image_size, 3))

    def photograph(path: "tf.Tensor", label: "tf.Tensor") -> tuple:
        data = tf.io.read_file(path)
        return sized(tf.io.decode_jpeg(data, channels=3, ratio=ratio)), label

    def drawing(picture: "tf.Tensor", label: "tf.Tensor") -> tuple:
        return sized(tf.image.grayscale_to_rgb(picture[..., tf.newaxis])), label

    batches = tf.data.Dataset.from_tensor_slices((images, labels))
    if shuffle:
        batches = batches.shuffle(len(labels), seed=seed)
    decode = photograph if isinstance(images, list) else drawing
    return batches.map(decode, num_parallel_calls=tf.data.AUTOTUNE).batch(batch_size).prefetch(2)
