"""Execute the notebooks and write them as pages that stand on their own."""

import contextlib
import errno
import os
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from workbook import paths
from workbook.errors import KernelError, NotebookError
from workbook_staff.failures import tell

if TYPE_CHECKING:
    from workbook_staff.notebooks.execute import Run
    from workbook_staff.notebooks.run_cache import RunCache


MANY = 10
"""Of more notebooks than this, the progress is shown."""

# Errors that every other page would meet, too.
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}


def make(
    notebooks: list[Path] | None = None,
    edition: str = "instructor",
    untrusted: bool = False,
    folder: Path | None = None,
    fresh: bool = False,
) -> int:
    """Write ``<name>.html`` into ``folder`` (default: ``reports/``) for each, and ``index.html``.

    ``notebooks`` (default: those in ``notebooks/``) may be folders and patterns, too. Of notebooks
    with the same name, as students hand them in, each page is called after the folders, too.

    A notebook in ``notebooks/``, and any that has no outputs, is executed first; an executed one
    from elsewhere is exported as it is. The notebooks themselves are not changed. ``edition`` is
    "instructor", or "student", which leaves the solutions out. With ``untrusted``, no notebook is
    executed, wherever it is, and nothing in it can run a script in its page.

    A run of a notebook in ``notebooks/`` is kept, and used again while nothing that it depends on
    has changed; ``fresh`` executes all the same.

    Returns 0 where each notebook has its page, and each that was executed here ran to its end; 1
    otherwise. An error in stored outputs is told of, and no failure. A notebook that cannot be
    read costs no other one its page: the index lists it, with the reason. With ``untrusted`` that
    is a finding, too, and no failure, unless there is no such file, or not one page was written.
    Of all notebooks, one is in memory at a time, and its file has at most ``reading.MOST_BYTES``.

    Raises:
        KernelError: The kernel did not start.
        OSError: The pages cannot be written, since the disk is full, say.
    """
    # Imported here: nbconvert takes a second, and every other command does without it.
    from workbook_staff.notebooks import find
    from workbook_staff.pages import export, file_names, index

    folder = folder or paths.REPORTS
    _require_writable(folder)
    exporter = export.Exporter(edition, untrusted)
    commit = _commit()
    chosen = find.chosen(notebooks or find.own())
    started, executing = time.monotonic(), 0.0
    written: list[str] = []
    refused: list[str] = []
    findings: set[str] = set()
    failed: list[str] = []
    try:
        for path, name in _with_progress(chosen, file_names.names(chosen)):
            ours = not untrusted and find.is_own(path)
            page = folder / f"{name}.html"
            try:
                with warnings.catch_warnings(action="ignore"):  # libraries', of odd notebooks
                    run = _run(path, ours, untrusted, fresh)
                    executing += 0.0 if run.executed else run.seconds
                    text = exporter.page(run, path, commit if ours else "", name)
                with paths.writing(page) as partial:
                    partial.write_text(text, encoding="utf-8", errors="replace")
            except KernelError:
                raise
            except Exception as error:  # a notebook from anywhere may hold anything; others go on
                if isinstance(error, OSError) and error.errno in _NO_ROOM:
                    raise _unwritable(page, error) from None
                refused.append(_reason(path, error))
                # os.path answers for any name, where Path raises for one that is too long.
                if isinstance(error, NotebookError) and os.path.isfile(path):  # noqa: PTH113
                    findings.add(refused[-1])
                with contextlib.suppress(OSError):
                    page.unlink()  # one of an earlier run tells of another file
                continue
            written.append(name)
            if run.failure and run.seconds:
                failed.append(f"{path}: {run.failure}")
            elif run.failure:
                print(f"{path}: an error in its outputs: {run.failure}")
    finally:
        try:
            overview = index.write(folder, written, refused)
        except OSError as error:
            raise _unwritable(folder / "index.html", error) from None
    seconds = time.monotonic() - started - executing
    print(f"{len(written)} of {len(chosen)} pages written in {seconds:.1f} s. Open {overview}")
    tell([*refused, *failed])
    forgiven = findings if untrusted and written else set()
    return 1 if failed or set(refused) - forgiven else 0


def cache() -> "RunCache":
    """Return the cache of the runs of our notebooks; `make clean` and `make storage` remove it."""
    from workbook_staff.notebooks.run_cache import RunCache

    return RunCache(paths.ROOT / ".kept")


def _run(path: Path, ours: bool, untrusted: bool, fresh: bool) -> "Run":
    """Execute a notebook that is ours or has no outputs; take any other one as it is stored."""
    from workbook_staff.notebooks.execute import execute, stored

    run = stored(path)
    if not ours:
        return run if untrusted or run.is_executed else execute(path)
    if os.environ.get("CI"):
        return execute(path)
    if not fresh:
        found, why = cache().find(path, run.notebook)
        if found:
            print(f"{path.stem}  kept: nothing that it used has changed since {found.executed}")
            return found
        if why:
            print(f"{path.stem}  executed again: {why}")
    started = time.time()
    made = execute(path)
    if not made.failure and (why := cache().keep(path, made, started)):
        print(f"{path.stem}  not kept: {why}")
    return made


def _require_writable(folder: Path) -> None:
    """Find out before a notebook is executed, which may take half an hour."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OSError(
            f"{folder}: no page can be written there ({error.strerror}); name another folder "
            "with --folder"
        ) from None


def _unwritable(page: Path, error: OSError) -> OSError:
    return OSError(f"{page}: cannot be written ({error.strerror}); make room, and run again")


def _with_progress(chosen: list[Path], names: list[str]) -> Iterator[tuple[Path, str]]:
    """Yield each notebook with its page's name; where they are many, say which one it is."""
    for number, (path, name) in enumerate(zip(chosen, names, strict=True), start=1):
        if len(chosen) > MANY:
            print(f"{number:>{len(str(len(chosen)))}} of {len(chosen)}  {name}", flush=True)
        yield path, name


def _reason(path: Path, error: Exception) -> str:
    """Return in a line why a notebook has no page."""
    if isinstance(error, NotebookError):
        said = str(error) if str(path) in str(error) else f"{path}: {error}"
    elif isinstance(error, OSError):
        said = f"{path}: cannot be read, or its page written ({error.strerror or error})"
    elif isinstance(error, RecursionError):
        said = f"{path}: cannot be exported: something in it is nested too deeply"
    elif isinstance(error, MemoryError):
        said = f"{path}: cannot be exported: the memory does not suffice"
    else:
        said = f"{path}: cannot be exported: {type(error).__name__}: {error}"
    said = " ".join(said.split())
    return said if len(said) <= 500 else said[:500] + "…"


def _commit() -> str:
    """Return the checkout's commit, "" where there is none (no git, or an unpacked archive)."""
    command = ["git", "-C", str(paths.ROOT), "describe", "--always", "--dirty=, changed since"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
