"""Find the notebooks that the arguments of a command mean: files, folders and patterns."""

import glob
import os
import re
from collections.abc import Iterable
from pathlib import Path

from workbook import paths

NOTEBOOK = re.compile(r"\.ipynb(\.json|\.txt)?$", re.IGNORECASE)
"""How a notebook's name ends; Windows adds the second ending where a browser saves it as text."""


def chosen(arguments: Iterable[Path]) -> list[Path]:
    """Return the notebooks that are meant, each once, in the order of the arguments.

    A folder means the notebooks in it and in the folders below, but for hidden ones, such as
    Jupyter's checkpoints; a pattern, those that it fits. An argument that means no notebook is
    returned as it is: who reads it says what is wrong with it.
    """
    found: dict[str, Path] = {}
    for argument in arguments:
        for path in _meant(argument) or [argument]:
            found.setdefault(os.path.abspath(path), path)  # noqa: PTH100 - links stay as named
    return list(found.values())


# os.path's functions answer no where Path's raise: for a name that is too long, say.
def _meant(argument: Path) -> list[Path]:
    name = os.path.expanduser(argument)  # noqa: PTH111 - Path's raises where there is no home
    if os.path.isdir(name):  # noqa: PTH112
        return _within(name)
    if os.path.lexists(name) or not glob.has_magic(name):
        return [Path(name)]
    meant: list[Path] = []
    for match in sorted(glob.glob(name, recursive=True)):  # noqa: PTH207 - takes absolute ones
        if os.path.isdir(match):  # noqa: PTH112
            meant += _within(match)
        elif NOTEBOOK.search(match):
            meant.append(Path(match))
    return meant


def _within(folder: str) -> list[Path]:
    """Return the notebooks in a folder and below it, and folders that cannot be looked into.

    Links to folders are not followed: they may lead back.
    """
    closed: list[Path] = []
    found: list[Path] = []
    for place, folders, files in os.walk(
        folder, onerror=lambda error: closed.append(Path(error.filename))
    ):
        folders[:] = sorted(name for name in folders if not paths.is_junk(name))
        names = sorted(name for name in files if NOTEBOOK.search(name) and not paths.is_junk(name))
        found += [Path(place, name) for name in names]
    return found + closed


FURTHER = "further"
"""The folder in ``notebooks/`` of those that go deeper: it may be absent."""


def own() -> list[Path]:
    """Return the course's notebooks: the core, then those that go deeper."""
    core, further = paths.NOTEBOOKS, paths.NOTEBOOKS / FURTHER
    return paths.listed(core, "*.ipynb") + paths.listed(further, "*.ipynb")


def is_own(path: Path) -> bool:
    """Return whether a notebook is where the course's are."""
    folder, core = path.resolve().parent, paths.NOTEBOOKS.resolve()
    return folder in (core, core / FURTHER)


def is_further(path: Path) -> bool:
    """Return whether a notebook is in a folder of those that go deeper."""
    return path.resolve().parent.name == FURTHER


def is_companion(path: Path, core: Path) -> bool:
    """Return whether a notebook goes deeper into what another is about: their numbers are equal."""
    same = path.stem.partition("_")[0] == core.stem.partition("_")[0]
    return same and is_further(path) and not is_further(core)


def place(path: Path) -> Path:
    """Return where one of the course's notebooks is within ``notebooks/``."""
    return path.relative_to(paths.NOTEBOOKS)
