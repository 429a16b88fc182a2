"""Keep decoded arrays under ``data/cache``, so that the second load takes a blink.

Each array is a ``.npy`` file named by its SHA-256, which is checked at every load; a small JSON
entry says where a dataset's arrays came from. Files are written under a temporary name and then
renamed, so a run that is killed leaves nothing half-written under a name that is read.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbook import paths
from workbook.datasets.catalogue import PIXELS, Part, Spec
from workbook.datasets.decode import Arrays, sha256
from workbook.datasets.files import DAMAGED, unwritable
from workbook.errors import DataError
from workbook.paths import shown

import numpy as np
from filelock import FileLock, Timeout

VERSION = 3
"""Part of each entry: raise it when the same files would decode to other arrays, or when the
catalogue says something else of a dataset's."""

WAIT_SECONDS = 1.0
"""How long a process waits for another one in silence."""


@dataclass(frozen=True)
class Loaded:
    """A dataset's arrays, where they are from, whether they are the published ones byte by byte.

    ``skipped`` says why files of a dataset of photographs are not used, by their names.
    """

    arrays: Arrays
    source: str
    verified: bool
    skipped: dict[str, str] = field(default_factory=dict)


def folder(spec: Spec) -> Path:
    """Return the folder in the cache that belongs to a dataset."""
    return paths.CACHE / spec.name


@contextmanager
def lock(spec: Spec) -> Iterator[None]:
    """Let one process at a time do the work; the system frees the lock of one that dies.

    A process that has to wait says for what. Where the cache cannot be written there is nothing to
    guard, and no lock.
    """
    locked = None
    try:
        folder(spec).mkdir(parents=True, exist_ok=True)
        file = FileLock(folder(spec) / "lock")
        try:
            locked = file.acquire(timeout=WAIT_SECONDS)
        except Timeout:
            print(f"Waiting for another notebook or process, which is loading {spec.title}.")
            locked = file.acquire()
    except (OSError, NotImplementedError):
        pass
    with locked or nullcontext():
        if locked:
            # What a run that was killed was writing.
            for leftover in (*folder(spec).glob(".*"), *folder(spec).glob("csv-*/.*")):
                with suppress(OSError):  # Windows removes no file that is open
                    if leftover.is_file():
                        leftover.unlink()
        yield


def entry_of(spec: Spec, slot: str, origin: object = None) -> dict[str, Any] | None:
    """Return the entry of a slot ("placed", "keras" …), None if there is none from ``origin``."""
    try:
        entry = json.loads((folder(spec) / f"{slot}.json").read_text("utf-8"))
        return entry if (entry["version"], entry["origin"]) == (VERSION, origin) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def get(spec: Spec, slot: str, origin: object = None) -> Loaded | None:
    """Return the dataset under a slot, or None where it is absent, stale or damaged."""
    entry = entry_of(spec, slot, origin)
    if entry is None:
        return None
    try:
        arrays = {name: _read(spec, digest) for name, digest in entry["arrays"].items()}
        fields = (entry[name] for name in ("source", "verified", "skipped"))
        return Loaded(arrays, *fields)
    except (*DAMAGED, ValueError, KeyError, TypeError, MemoryError):
        return None


def _read(spec: Spec, digest: str) -> np.ndarray:
    array = np.load(folder(spec) / f"{digest[:32]}.npy", allow_pickle=False)
    if sha256(array) != digest:
        raise ValueError("a damaged file in the cache")
    return array


def put(spec: Spec, slot: str, loaded: Loaded, origin: object = None) -> None:
    """Write a dataset under a slot; where that cannot be, say so, since loading works without."""
    digests = {name: sha256(array) for name, array in loaded.arrays.items()}
    entry = {
        "version": VERSION,
        "origin": origin,
        "source": loaded.source,
        "verified": loaded.verified,
        "skipped": loaded.skipped,
        "arrays": digests,
    }
    try:
        for name, digest in digests.items():
            with paths.writing(folder(spec) / f"{digest[:32]}.npy") as partial:
                np.save(partial, loaded.arrays[name], allow_pickle=False)
        with paths.writing(folder(spec) / f"{slot}.json") as partial:
            partial.write_text(json.dumps(entry, indent=1), "utf-8")
    except OSError as error:
        print(
            f"{spec.title} is not kept for the next time: {shown(paths.CACHE)} cannot be written "
            f"({error.strerror or error}). Free some space, or give yourself permission to write "
            "there."
        )


def get_or_make(spec: Spec, slot: str, make: Callable[[], Loaded], origin: object = None) -> Loaded:
    """Return the dataset under a slot; where there is none, make it, one process at a time."""
    loaded = get(spec, slot, origin)
    if loaded is None:
        with lock(spec):
            loaded = get(spec, slot, origin)  # another process may have made it meanwhile
            if loaded is None:
                loaded = make()
                put(spec, slot, loaded, origin)
    return loaded


def csv_file(spec: Spec, name: str, arrays: Arrays) -> Path:
    """Return a CSV file of the publisher's format in the cache; write it if it is not there.

    Raises:
        DataError: The dataset has no such file, or it cannot be written.
    """
    if name not in spec.csv_parts:
        have = " or ".join(spec.csv_parts) or "load_data(): this dataset is not published as CSV"
        raise DataError(spec.title, f"no file {name!r}", have)
    key = hashlib.sha256("".join(sha256(a) for a in arrays.values()).encode()).hexdigest()[:16]
    path = folder(spec) / f"csv-{key}" / name
    try:
        with lock(spec):
            if not path.exists():
                with paths.writing(path) as partial:
                    _write_images(partial, spec.csv_parts[name], arrays)
    except OSError as error:
        raise unwritable(path, error) from None
    return path


def _write_images(path: Path, part: Part, arrays: Arrays) -> None:
    """Write one image a row, with its label where the file has one."""
    rows = arrays[part.arrays[0]].reshape(-1, PIXELS)
    if len(part.arrays) == 2:
        rows = np.insert(rows, 0, arrays[part.arrays[1]], axis=1)
    numbers = [str(value) for value in range(256)]  # much quicker than a writer of general tables
    with path.open("w", encoding="ascii", newline="\n") as file:
        file.write(",".join(part.columns) + "\n")
        for row in rows:
            file.write(",".join([numbers[value] for value in row.tolist()]) + "\n")
