"""How much disk the workbook takes, and the removal of what it can make again."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from workbook import paths

# The user's own files and trained models in data/ are in none of these; .venv is `make clean`'s.
_MADE_AGAIN = {
    "data/cache": "decoded datasets: made again from your files, or downloaded again",
    ".kept": "runs of the notebooks: `make reports` executes them again",
    "reports": "pages, student notebooks, releases: `make reports` makes them again",
}
_CACHES = ("__pycache__", ".pytest_cache", ".ruff_cache", ".mypy_cache", ".ipynb_checkpoints")


def made_again() -> dict[str, tuple[list[Path], str]]:
    """Return the folders that can be made again, by a name, each with a word on how."""
    found = {
        name: ([path] if path.is_dir() and not path.is_symlink() else [], how)
        for name, how in _MADE_AGAIN.items()
        for path in [paths.ROOT / name]
    }
    found["caches"] = (list(_caches(paths.ROOT)), "of Python, Jupyter and the tests")
    return found


def show(clear: bool = False) -> int:
    """Print the size of each part; with ``clear``, remove what can be made again. Return 0.

    A link is neither followed nor counted: what it leads to is not the workbook's.

    Raises:
        OSError: A file cannot be removed.
    """
    removable = made_again()
    gone = {path for folders, _ in removable.values() for path in folders}
    rows = [(name, sum(map(size, found)), how) for name, (found, how) in removable.items()]
    kept = size(paths.DATA, gone)
    rows.append(("data", kept, "your files and trained models: kept"))
    rows.append((".venv", size(paths.ROOT / ".venv"), "the environment: `make clean` removes it"))
    for name, taken, how in rows:
        print(f"{name:12}{taken / 1e6:10,.1f} MB  {how}")
    if clear:
        for path in gone:
            shutil.rmtree(path)
        print(
            f"Removed {sum(taken for name, taken, _ in rows if name in removable) / 1e6:,.1f} MB."
        )
    else:
        print("`python -m workbook storage --clear` removes what is not kept, but for .venv.")
    return 0


def size(path: Path, without: set[Path] = frozenset()) -> int:  # type: ignore[assignment]
    """Return the bytes of the files under a folder, 0 where there is none."""
    if path.is_symlink() or path in without:
        return 0
    if path.is_dir():
        return sum(size(inner, without) for inner in path.iterdir())
    return path.stat().st_size if path.is_file() else 0


def _caches(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.is_symlink() or not path.is_dir():
            continue
        if path.name in (".venv", ".git") or path in (paths.DATA, paths.REPORTS):
            continue
        if path.name in _CACHES:
            yield path
        else:
            yield from _caches(path)
