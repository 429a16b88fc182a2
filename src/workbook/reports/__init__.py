"""Execute the notebooks and write them as pages that stand on their own."""

import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from workbook import paths

if TYPE_CHECKING:
    from workbook.reports.execute import Run


class NotebookError(Exception):
    """A notebook that cannot be read, or may not be executed: which, why, and what to do."""


class KernelError(RuntimeError):
    """No notebook can be executed, since Python's kernel did not start: why, and what to do."""


def make(
    notebooks: list[Path] | None = None,
    edition: str = "instructor",
    untrusted: bool = False,
    folder: Path | None = None,
) -> int:
    """Write ``<name>.html`` into ``folder`` (default: ``reports/``) for each, and ``index.html``.

    Of notebooks with the same name, as students hand them in, each page is called after the
    notebook's folder, too.

    A notebook in ``notebooks/``, and any that has no outputs, is executed first; an executed one
    from elsewhere is exported as it is. The notebooks themselves are not changed. ``edition`` is
    "instructor", or "student", which leaves the solutions out. With ``untrusted``, no notebook is
    executed, wherever it is, and nothing in it can run a script in its page.

    Returns 0, or 1 where a notebook failed: the cells after the failed one are then not run. A
    notebook whose page would replace that of an earlier one has failed, too.

    Raises:
        KernelError: The kernel did not start.
    """
    # Imported here: nbconvert takes a second, and every other command does without it.
    from workbook.reports import export, index

    folder = folder or paths.REPORTS
    exporter = export.Exporter(edition, untrusted)
    commit, failed, exporting = _commit(), [], 0.0
    # Windows and macOS take a page's name for the same in capitals.
    taken = {"index": "index.html lists the pages"}
    chosen = _chosen(notebooks)
    stems = [path.stem.lower() for path in chosen]
    for path in chosen:
        name = path.stem
        if stems.count(name.lower()) > 1:
            name = f"{path.resolve().parent.name}-{name}"
        if reason := taken.get(name.lower()):
            failed.append(f"{path}: {reason}; give the notebook another name")
            continue
        taken[name.lower()] = f"{name}.html is the page of {path}"
        # What is not trusted is not ours, even in notebooks/.
        ours = not untrusted and path.resolve().parent == paths.NOTEBOOKS.resolve()
        try:
            run = _run(path, ours, untrusted)
            started = time.monotonic()
            page = exporter.page(run, path, commit if ours else "", name)
        except NotebookError as error:
            failed.append(str(error))
            continue
        except KernelError:
            raise
        except Exception as error:  # a notebook from anywhere may hold anything; others go on
            failed.append(f"{path}: cannot be exported: {type(error).__name__}: {error}")
            continue
        with paths.writing(folder / f"{name}.html") as partial:
            partial.write_text(page, encoding="utf-8", errors="replace")
        exporting += time.monotonic() - started
        if run.failure:
            failed.append(f"{path}: {run.failure}")
    started = time.monotonic()
    overview = index.write(folder)
    exporting += time.monotonic() - started
    print(f"Pages written in {exporting:.1f} s. Open {overview}")
    return _tell(failed)


def refresh(notebooks: list[Path] | None = None) -> int:
    """Execute notebooks in place, so that the outputs stored in them are those of this run.

    Returns 0, or 1 where a notebook failed, or was changed meanwhile: its file then stays as it
    was.

    Raises:
        KernelError: The kernel did not start.
    """
    from workbook import live
    from workbook.reports import export
    from workbook.reports.execute import execute, stable

    import nbformat

    failed = []
    for path in _chosen(notebooks):
        try:
            before = path.read_bytes() if path.is_file() else b""
            run = execute(path)
        except NotebookError as error:
            failed.append(str(error))
            continue
        if run.failure:
            failed.append(f"{path} is left as it was: {run.failure}")
            continue
        if path.read_bytes() != before:
            failed.append(f"{path} is left as it was: it has changed since it was read; run again")
            continue
        live.output.put_away(run.notebook)
        with paths.writing(path) as partial:
            nbformat.write(stable(run.notebook), partial)
        record = export.results(run.notebook)
        if record and record["held"] is None:
            print(f"{path} now holds the outputs of a short run, or one on practice data.")
    return _tell(failed)


def table() -> int:
    """Make the README's table anew from the results stored in the notebooks.

    Returns 0, or 1 where the table lacks a row, or a stored run is none in full on real data.

    Raises:
        NotebookError: A file in ``notebooks/`` is not a notebook.
    """
    from workbook.reports import export, readme
    from workbook.reports.execute import read

    recorded = {path.stem: export.results(read(path)) for path in _chosen(None)}
    short = [name for name, found in recorded.items() if found and found["held"] is None]
    if short:
        return _tell(
            f"notebooks/{name}.ipynb: its outputs are of a short run, or one on practice data; "
            "run it in full on the real data first: python -m workbook notebooks"
            for name in short
        )
    path = paths.ROOT / "README.md"
    old = path.read_text(encoding="utf-8")
    try:
        text = readme.renewed(old, {name: found for name, found in recorded.items() if found})
    except KeyError as error:
        return _tell([error.args[0]])  # its str() has the message in quotes
    with paths.writing(path) as partial:
        partial.write_text(text, encoding="utf-8")
    print(path)
    return 0


def student() -> int:
    """Write the student's edition of each notebook to ``reports/student/``; return 0.

    Raises:
        NotebookError: A file in ``notebooks/`` is not a notebook.
    """
    from workbook.reports import editions
    from workbook.reports.execute import read

    import nbformat

    for path in _chosen(None):
        notebook = editions.student(read(path))
        with paths.writing(paths.REPORTS / "student" / path.name) as partial:
            nbformat.write(notebook, partial)
        print(paths.REPORTS / "student" / path.name)
    return 0


def pdf(folder: Path | None = None) -> int:
    """Print each page in ``folder`` (default: ``reports/``) to a PDF beside it.

    Returns 0, or 1 where it cannot be.
    """
    from workbook.reports import printing

    try:
        for path in printing.write(folder or paths.REPORTS):
            print(path, flush=True)
    except (FileNotFoundError, printing.BrowserError) as error:
        return _tell([str(error)])
    return 0


def _run(path: Path, ours: bool, untrusted: bool) -> "Run":
    """Execute a notebook that is ours or has no outputs; take any other one as it is stored."""
    from workbook.reports.execute import execute, is_executed, stored

    if not ours and is_executed(path):
        return stored(path)
    if untrusted:
        raise NotebookError(
            f"{path}: has no outputs, and is not executed because it is not trusted: execute it "
            "where that does no harm, or leave --untrusted out"
        )
    return execute(path)


def _chosen(notebooks: list[Path] | None) -> list[Path]:
    return notebooks or paths.listed(paths.NOTEBOOKS, "*.ipynb")


def _tell(failed: Iterable[str]) -> int:
    lines = [f"FAILED {line}" for line in failed]
    for line in lines:
        print(line, file=sys.stderr)
    return 1 if lines else 0


def _commit() -> str:
    """Return the checkout's commit, "" where there is none (no git, or an unpacked archive)."""
    command = ["git", "-C", str(paths.ROOT), "describe", "--always", "--dirty=, changed since"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
