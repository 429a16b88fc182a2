"""One notebook executed, as a command executes several."""

from pathlib import Path

from workbook_staff.notebooks.execute import Job, Run, execute_all


def execute(path: Path) -> Run:
    """Run every cell of the notebook at ``path``; raise what ends its run."""
    ((_, run),) = execute_all([Job(path)])
    if isinstance(run, Exception):
        raise run
    return run
