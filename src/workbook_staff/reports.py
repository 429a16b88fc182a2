"""Execute the notebooks and write them as pages that stand on their own."""

import contextlib
import errno
import os
import subprocess
import tempfile
import time
import warnings
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

from workbook import paths
from workbook.errors import KernelError, NotebookError
from workbook_staff.failures import tell
from workbook_staff.notebooks import execute, find
from workbook_staff.notebooks.execute import Run, stored
from workbook_staff.notebooks.run_cache import RunCache
from workbook_staff.pages import export, file_names, index

MANY = 10
"""Of more notebooks than this, the progress is shown."""

AS_STORED = (
    "As stored, executing now. The outputs are those that the notebook's file held when its run "
    "began; the run's own come when it is done. If they never do, it was interrupted: make the "
    "reports again."
)
"""What a page says, and the index of it, until the notebook's run is done."""

# Errors that every other page would meet, too.
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}


def make(
    notebooks: list[Path] | None = None,
    edition: str = "instructor",
    untrusted: bool = False,
    folder: Path | None = None,
    fresh: bool = False,
    jobs: int | None = None,
) -> int:
    """Write ``<name>.html`` into ``folder`` (default: ``reports/``) for each, and ``index.html``.

    ``notebooks`` (default: those in ``notebooks/``) may be folders and patterns, too. Of notebooks
    with the same name, as students hand them in, each page is called after the folders, too.

    A notebook in ``notebooks/``, and any that has no outputs, is executed first; an executed one
    from elsewhere is exported as it is. The notebooks themselves are not changed. ``edition`` is
    "instructor", or "student", which leaves the solutions out. With ``untrusted``, no notebook is
    executed, wherever it is, and nothing in it can run a script in its page.

    A run of a notebook in ``notebooks/`` is kept, and used again while nothing that it used has
    changed; ``fresh`` executes all the same. What has to be executed gets a page of its stored
    outputs at once, which says so until the run is done; ``jobs`` are executed at a time (default:
    as many as cores and memory allow).

    Returns 0 where each notebook has its page, and each that was executed here ran to its end; 1
    otherwise. An error in stored outputs is told of, and no failure. A notebook that cannot be
    read costs no other one its page: the index lists it, with the reason. With ``untrusted`` that
    is a finding, too, and no failure, unless there is no such file, or not one page was written.
    Of all notebooks, one is in memory at a time, and its file has at most ``reading.MOST_BYTES``.

    Raises:
        KernelError: The kernel did not start.
        OSError: The pages cannot be written, since the disk is full, say.
    """
    folder = folder or paths.REPORTS
    _require_writable(folder)
    made = _Pages(folder, export.Exporter(edition, untrusted), _commit())
    chosen = find.chosen(notebooks or find.own())
    named = list(zip(chosen, file_names.names(chosen), strict=True))
    waiting: dict[Path, tuple[str, float]] = {}
    kept: dict[Path, tuple[str, float]] = {}
    seconds = time.monotonic()
    try:
        with warnings.catch_warnings(action="ignore"):  # libraries', of odd notebooks
            for number, (path, name) in enumerate(named, start=1):
                if len(chosen) > MANY:
                    print(f"{number:>{len(str(len(chosen)))}} of {len(chosen)}  {name}", flush=True)
                ours = not untrusted and find.is_own(path)
                with made.refusing(path, name, ours):
                    run, is_due = _at_hand(path, ours, untrusted, fresh)
                    made.write(run, path, name, ours, AS_STORED if is_due else "")
                    record = export.results(run.notebook) or {"seconds": 0.0}
                    if is_due or run.executed:
                        (waiting if is_due else kept)[path] = name, float(record["seconds"])
            seconds = time.monotonic() - seconds
            while waiting:
                index.write(folder, made.entries, made.refused)
                with contextlib.closing(_executed(waiting, jobs)) as executed:
                    for path, done in executed:
                        with made.refusing(path, waiting[path][0], find.is_own(path)):
                            if isinstance(done, Exception):
                                raise done
                            made.write(done, path, waiting[path][0], find.is_own(path))
                            index.write(folder, made.entries, made.refused)
                # What was executed may have saved anew what a kept run had read: a model.
                waiting = {path: kept.pop(path) for path in list(kept) if _is_due(path)}
    finally:
        try:
            overview = index.write(folder, made.entries, made.refused)
        except OSError as error:
            raise _unwritable(folder / "index.html", error) from None
    print(f"{len(made.entries)} of {len(chosen)} pages written in {seconds:.1f} s. Open {overview}")
    tell([*made.refused, *made.failed])
    forgiven = made.findings if untrusted and made.entries else set()
    return 1 if made.failed or set(made.refused) - forgiven else 0


class _Pages:
    """The pages of one call: the entries of those written, and lines on what has none or failed."""

    def __init__(self, folder: Path, exporter: export.Exporter, commit: str) -> None:
        self.folder, self.exporter, self.commit = folder, exporter, commit
        self.entries: dict[str, dict[str, Any]] = {}
        self.refused: list[str] = []
        self.findings: set[str] = set()
        self.failed: list[str] = []

    def write(self, run: Run, path: Path, name: str, ours: bool, note: str = "") -> None:
        """Write a notebook's page: of its run or, with a ``note`` on that, of what is stored."""
        page = self.exporter.page(run, path, self.commit if ours else "", note)
        paths.write(self.folder / f"{name}.html", page.text)
        self.entries[name] = page.entry
        if note:
            return
        if run.failure and run.seconds:
            self.failed.append(f"{path}: {run.failure}")
        elif run.failure:
            print(f"{path}: an error in its outputs: {run.failure}")

    @contextlib.contextmanager
    def refusing(self, path: Path, name: str, ours: bool) -> Iterator[None]:
        """Take down why a notebook has no page: a notebook from anywhere may hold anything."""
        page = self.folder / f"{name}.html"
        try:
            yield
        except KernelError:
            raise
        except Exception as error:
            if isinstance(error, OSError) and error.errno in _NO_ROOM:
                raise _unwritable(page, error) from None
            if ours and not isinstance(error, NotebookError | OSError | MemoryError):
                raise  # a mistake of the exporter's
            self.refused.append(_reason(path, error))
            # os.path answers for any name, where Path raises for one that is too long.
            if isinstance(error, NotebookError) and os.path.isfile(path):  # noqa: PTH113
                self.findings.add(self.refused[-1])
            self.entries.pop(name, None)
            with contextlib.suppress(OSError):
                page.unlink()  # one of an earlier run tells of another file


def cache() -> RunCache:
    """Return the cache of the runs of our notebooks; `make clean` and `make storage` remove it."""
    return RunCache(paths.ROOT / ".kept")


def _at_hand(path: Path, ours: bool, untrusted: bool, fresh: bool) -> tuple[Run, bool]:
    """Return a notebook's kept run, or what is stored, and whether it has to be executed."""
    run = stored(path)
    if not ours:
        return run, not (untrusted or run.is_executed)
    if fresh or os.environ.get("CI"):
        return run, True
    found, why = cache().find(path, run.notebook)
    if found:
        print(f"{path.stem}  kept: nothing that it used has changed since {found.executed}")
    elif why:
        print(f"{path.stem}  executed again: {why}")
    return found or run, not found


def _is_due(path: Path) -> bool:
    """Return whether a notebook's kept run no longer holds; one that cannot be read is not due."""
    try:
        found, why = cache().find(path, stored(path).notebook)
    except (NotebookError, OSError):
        return False
    if not found:
        print(f"{path.stem}  executed again: {why}")
    return not found


def _executed(
    waiting: dict[Path, tuple[str, float]], jobs: int | None
) -> Generator[tuple[Path, Run | Exception], None, None]:
    """Execute notebooks and keep the runs of ours; yield each as soon as it is done."""
    asked = [execute.Job(path, seconds=seconds) for path, (_, seconds) in waiting.items()]
    with contextlib.closing(execute.execute_all(asked, at_once=jobs)) as executed:
        for job, run in executed:
            why = ""
            is_kept = find.is_own(job.path) and not os.environ.get("CI")
            if is_kept and isinstance(run, execute.Run) and not run.failure:
                why = cache().keep(job.path, run)
            yield job.path, run
            if why:
                print(f"{job.path.stem}  not kept: {why}")


def _require_writable(folder: Path) -> None:
    """Find out before a notebook is executed, which may take half an hour."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(folder)) from None


def _unwritable(page: Path, error: OSError) -> OSError:
    return OSError(f"{page}: cannot be written ({error.strerror}); make room, and run again")


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
