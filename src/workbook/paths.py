"""Where things are: the checkout, the user's data, and what the workbook itself writes."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workbook import QUICK


def _root() -> Path:
    """Return the checkout that holds this package, or the current folder outside of one."""
    checkout = Path(__file__).resolve().parents[2]
    return checkout if (checkout / "pyproject.toml").is_file() else Path.cwd()


ROOT = _root()
NOTEBOOKS = ROOT / "notebooks"
REPORTS = ROOT / "reports"
DATA = ROOT / "data"
CACHE = DATA / "cache"


def placed_dirs() -> list[Path]:
    """Return the folders in which to look for the user's own files, first to last.

    The folder that ``WORKBOOK_DATA_DIR`` names (read, never written) comes before ``data/``. A
    relative name counts from the checkout, since a notebook runs in a folder of its own.
    """
    named = os.environ.get("WORKBOOK_DATA_DIR")
    # Where there is no home folder, this leaves "~" in the name; Path.expanduser would raise.
    return [(ROOT / os.path.expanduser(named)).resolve(), DATA] if named else [DATA]  # noqa: PTH111


def shown(path: Path) -> str:
    """Return a path as a reader knows it: from the checkout, the data folder or the home folder."""
    named = os.environ.get("WORKBOOK_DATA_DIR")
    bases: list[tuple[Path | None, str]] = [(ROOT, "")]
    bases += [(in_home(named), "WORKBOOK_DATA_DIR/")] if named else []
    bases += [(in_home("~"), "~/")]
    for base, prefix in bases:
        if base and path.is_relative_to(base):
            inside = path.relative_to(base).as_posix()
            return prefix + inside if inside != "." else prefix.rstrip("/") or str(path)
    return str(path)


def in_home(path: str) -> Path | None:
    """Return a path whose ``~`` stands for the home folder; None where there is no home folder.

    There is none in a container that runs as a user whom its system does not know.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return None


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """Give a temporary name to write to; move it to ``path`` when the block ends well.

    A reader of ``path`` sees the old file or the whole new one, never a part, and a run that is
    killed leaves ``path`` as it was. The name is no other thread's, process' or machine's that
    shares the folder. The suffix is kept, since Keras and pandas look at it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.stem}.{secrets.token_hex(4)}{path.suffix}")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def write(path: Path, content: str | bytes) -> None:
    """Write a whole file, as `writing` does: text in UTF-8, "?" for what is half a character."""
    raw = content.encode(errors="replace") if isinstance(content, str) else content
    with writing(path) as partial:
        partial.write_bytes(raw)


def listed(folder: Path, pattern: str) -> list[Path]:
    """Return what a folder holds by a pattern such as "*.html", in the order of the names.

    A name that starts with a dot is left out: it is what `writing` left where a run was killed.
    """
    return sorted(path for path in folder.glob(pattern) if not path.name.startswith("."))


def is_junk(name: str) -> bool:
    """Return whether a name is of what systems leave in folders and archives, or hidden."""
    return name.startswith((".", "$RECYCLE", "__MACOSX", "@eaDir")) or name.lower() in (
        *("thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"),
    )


def output(name: str, practice: bool) -> Path:
    """Return where under ``data/`` to keep what a notebook made, such as "models/mnist.keras".

    What comes of practice data or a quick run gets a name of its own, so that it never replaces
    what a full run on the real data left.
    """
    kind = ("-practice" if practice else "") + ("-quick" if QUICK else "")
    path = DATA / name
    return path.with_name(f"{path.stem}{kind}{path.suffix}")
