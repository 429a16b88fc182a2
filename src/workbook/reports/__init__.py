"""Execute the notebooks and write them as pages that stand on their own."""

import subprocess
import sys
import time
from pathlib import Path

from workbook import paths


def make(
    notebooks: list[Path] | None = None, edition: str = "instructor", untrusted: bool = False
) -> int:
    """Write ``reports/<name>.html`` for each notebook, and ``reports/index.html``.

    A notebook in ``notebooks/``, and any that has no outputs, is executed first; an executed one
    from elsewhere is exported as it is. The notebooks themselves are not changed. ``edition`` is
    "instructor", or "student", which leaves the solutions out. With
    ``untrusted``, nothing in a notebook can run a script in its page.

    Returns 0, or 1 where a notebook failed: its page then ends with the failed cell.
    """
    # Imported here: nbconvert takes a second, and every other command does without it.
    from workbook.reports import export, index
    from workbook.reports.execute import execute, is_executed, stored

    exporter = export.Exporter(edition, untrusted)
    commit, failed, exporting = _commit(), [], 0.0
    for path in _chosen(notebooks):
        if not path.is_file():
            failed.append(f"{path}: there is no such notebook")
            continue
        if path.stem == "index":
            failed.append(f"{path}: index.html lists the pages; give the notebook another name")
            continue
        ours = path.resolve().parent == paths.NOTEBOOKS.resolve()
        run = execute(path) if ours or not is_executed(path) else stored(path)
        started = time.monotonic()
        with paths.writing(paths.REPORTS / f"{path.stem}.html") as partial:
            partial.write_text(exporter.page(run, path, commit if ours else ""), encoding="utf-8")
        exporting += time.monotonic() - started
        if run.failure:
            failed.append(f"{path}: {run.failure}")
    started = time.monotonic()
    page = index.write()
    exporting += time.monotonic() - started
    print(f"Pages written in {exporting:.1f} s. Open {page}")
    return _tell(failed)


def refresh(notebooks: list[Path] | None = None) -> int:
    """Execute notebooks in place, so that the outputs stored in them are those of this run.

    Returns 0, or 1 where a notebook failed: its file then stays as it was.
    """
    from workbook.reports.execute import execute, stable

    import nbformat

    failed = []
    for path in _chosen(notebooks):
        if not path.is_file():
            failed.append(f"{path}: there is no such notebook")
            continue
        run = execute(path)
        if run.failure:
            failed.append(f"{path} is left as it was: {run.failure}")
            continue
        with paths.writing(path) as partial:
            nbformat.write(stable(run.notebook), partial)
    return _tell(failed)


def table() -> int:
    """Make the README's table anew from the results stored in the notebooks; return 0."""
    from workbook.reports import export, readme

    import nbformat

    recorded = {
        path.stem: export.results(nbformat.read(path, as_version=4)) for path in _chosen(None)
    }
    path = paths.ROOT / "README.md"
    text = readme.renewed(
        path.read_text(encoding="utf-8"), {name: found for name, found in recorded.items() if found}
    )
    with paths.writing(path) as partial:
        partial.write_text(text, encoding="utf-8")
    print(path)
    return 0


def student() -> int:
    """Write the student's edition of each notebook to ``reports/student/``; return 0."""
    from workbook.reports import editions

    import nbformat

    for path in _chosen(None):
        notebook = editions.student(nbformat.read(path, as_version=4))
        with paths.writing(paths.REPORTS / "student" / path.name) as partial:
            nbformat.write(notebook, partial)
        print(paths.REPORTS / "student" / path.name)
    return 0


def pdf() -> int:
    """Print each page in ``reports/`` to a PDF beside it; return 0, or 1 where it cannot be."""
    from workbook.reports import printing

    try:
        written = printing.write()
    except FileNotFoundError as error:
        return _tell([str(error)])
    print(*written, sep="\n")
    return 0


def _chosen(notebooks: list[Path] | None) -> list[Path]:
    return notebooks or sorted(paths.NOTEBOOKS.glob("*.ipynb"))


def _tell(failed: list[str]) -> int:
    for line in failed:
        print(f"FAILED {line}", file=sys.stderr)
    return 1 if failed else 0


def _commit() -> str:
    """Return the checkout's commit, "" where there is none (no git, or an unpacked archive)."""
    command = ["git", "-C", str(paths.ROOT), "describe", "--always", "--dirty=, changed since"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
