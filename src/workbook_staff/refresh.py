"""Execute notebooks in place: the outputs stored in them are then those of this run."""

from pathlib import Path

from workbook import paths
from workbook.errors import NotebookError
from workbook_staff.failures import tell
from workbook_staff.notebooks import find
from workbook_staff.notebooks.execute import Job, execute_all, stable
from workbook_staff.pages import export

import nbformat


def refresh(notebooks: list[Path] | None = None, jobs: int | None = None) -> int:
    """Execute notebooks in place, so that the outputs stored in them are those of this run.

    ``jobs`` are executed at a time (default: as many as cores and memory allow). Returns 0, or 1
    where a notebook failed, or was changed meanwhile: its file then stays as it was.

    Raises:
        KernelError: The kernel did not start.
    """
    failed = []
    chosen = find.chosen(notebooks or find.own())
    before = {path: path.read_bytes() if path.is_file() else b"" for path in chosen}
    for job, run in execute_all(map(Job, chosen), at_once=jobs):
        path = job.path
        if isinstance(run, NotebookError):
            failed.append(str(run))
            continue
        if isinstance(run, Exception):
            raise run
        if run.failure:
            failed.append(f"{path} is left as it was: {run.failure}")
            continue
        if path.read_bytes() != before[path]:
            failed.append(f"{path} is left as it was: it has changed since it was read; run again")
            continue
        with paths.writing(path) as partial:
            nbformat.write(stable(run.notebook), partial)
        record = export.results(run.notebook)
        if record and record["held"] is None:
            print(f"{path} now holds the outputs of a short run, or one on practice data.")
    return tell(failed)
