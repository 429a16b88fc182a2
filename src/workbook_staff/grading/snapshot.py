"""Keep what a notebook has made just before an exercise, so that answers run against it later.

Each name is pickled by itself, so that an answer loads only what it uses. Large buffers (arrays)
lie beside the pickles as plain files, named by their digest, and are mapped into memory, not read.
Only what is ours is ever pickled: the course's own run, and what judges answers. What a student
makes leaves its sandbox as JSON.
"""

import hashlib
import json
import mmap
import os
import pickle
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from workbook import paths

import cloudpickle

SMALLEST = 65_536
"""From how many bytes on a buffer gets a file of its own."""


def snapshot(exercise: str, leave_out: Iterable[str]) -> None:
    """Keep the names that the notebook has made so far in the folder that its run fills.

    Called in its kernel.
    ``leave_out`` names what nobody may see there: the answers to exercises. What cannot be pickled
    (a button, say) is left out too.
    """
    from IPython.core.getipython import get_ipython

    shell: Any = get_ipython()
    names = shell.user_ns.keys() - shell.user_ns_hidden.keys() - set(leave_out)
    namespace = {name: shell.user_ns[name] for name in names if not name.startswith("_")}
    store(namespace, Path(os.environ["WORKBOOK_RUN_FOLDER"]), exercise)


def store(namespace: Mapping[str, Any], folder: Path, name: str) -> None:
    """Write each value into ``folder/objects``, and which belongs to which into ``name``.json."""
    entries = {}
    for key, value in sorted(namespace.items()):
        try:
            entries[key] = put(value, folder / "objects")
        except Exception:  # whatever an object raises that was not made to be kept
            continue
    paths.write(folder / f"{name}.json", json.dumps(entries))


def put(value: Any, folder: Path) -> list[str]:
    """Return the names of the files that hold a value: its pickle, and its large buffers."""
    buffers: list[pickle.PickleBuffer] = []

    def aside(buffer: pickle.PickleBuffer) -> bool:
        large = buffer.raw().nbytes >= SMALLEST
        if large:
            buffers.append(buffer)
        return not large

    data = cloudpickle.dumps(value, protocol=5, buffer_callback=aside)
    return [_file(part, folder) for part in (data, *(buffer.raw() for buffer in buffers))]


def _file(content: bytes | memoryview, folder: Path) -> str:
    digest = hashlib.sha256(content).hexdigest()
    if not (folder / digest).exists():
        with paths.writing(folder / digest) as path:
            path.write_bytes(content)
    return digest


def load(files: Sequence[BinaryIO]) -> Any:
    """Return a value that was kept; what an array is given stays in memory without its file.

    Only for what the course's own run has kept: unpickling runs code.
    """
    first, *others = files
    first.seek(0)
    mapped = [mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY) for file in others]
    return pickle.loads(first.read(), buffers=mapped)
