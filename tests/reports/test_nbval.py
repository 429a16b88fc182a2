"""What ``make test`` does with a notebook whose file has a fault: a line, and the others run."""

import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

from workbook.errors import NotebookError

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

ROOT = Path(__file__).parents[2]
check = runpy.run_path(str(ROOT / "conftest.py"))["check"]


def written(path: Path, *ids: str | None, minor: int = 5) -> Path:
    """Write a notebook of code cells with these ids, None for a cell without one."""
    notebook = new_notebook(cells=[new_code_cell("1") for _ in ids])
    notebook.nbformat_minor = minor
    for cell, name in zip(notebook.cells, ids, strict=True):
        del cell["id"]
        if name is not None:
            cell["id"] = name
    path.write_text(nbformat.v4.nbjson.JSONWriter().writes(notebook), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        (["a", "b", "a"], "cells 1 and 3 have the same id, 'a'; open it in Jupyter and save it"),
        (["a", "a", "a"], "cells 1 and 2 and 3 have the same id"),
        (["a", None, None], "no id in cell 2, 3; open it in Jupyter and save it"),
        (["a", "b c"], "cell 2: 'b c' does not match"),
        (["a", ""], "no id in cell 2"),
        (["a", "x" * 65], "cell 2: "),
    ],
)
def test_ids_that_may_not_be_are_named_with_their_cells(
    tmp_path: Path, ids: list[str | None], said: str
) -> None:
    path = written(tmp_path / "a.ipynb", *ids)
    with pytest.raises(NotebookError) as told:
        check(path)
    assert f"{path}: {said}" in str(told.value)
    assert "\n" not in str(told.value) and len(str(told.value)) < 600


def test_what_is_right_is_no_fault(tmp_path: Path) -> None:
    check(written(tmp_path / "a.ipynb", "a", "b"))
    check(written(tmp_path / "b.ipynb", None, None, minor=4))


@pytest.mark.filterwarnings("ignore")  # nbformat's, that it mends the ids
def test_jupyter_mends_what_it_is_said_to_mend(tmp_path: Path) -> None:
    path = written(tmp_path / "a.ipynb", "a", "a", None)
    nbformat.write(nbformat.read(path, as_version=4), path)  # as Jupyter's server opens and saves
    check(path)


def test_a_notebook_with_one_id_for_two_cells_does_not_stop_the_tests(tmp_path: Path) -> None:
    shutil.copy(ROOT / "conftest.py", tmp_path)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    written(tmp_path / "a.ipynb", "same", "same")
    written(tmp_path / "b.ipynb", "one", "two")
    (tmp_path / "c.ipynb").write_text("no JSON")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env", "."],
        cwd=tmp_path,
        env=os.environ | {"IPYTHONDIR": str(tmp_path / "ipython")},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 1, run.stdout
    assert "2 passed, 2 errors" in run.stdout
    lines = [line for line in run.stdout.splitlines() if "have the same id" in line]
    assert lines[0].endswith(
        "a.ipynb: cells 1 and 2 have the same id, 'same'; open it in Jupyter and save it, "
        "which mends that"
    )
    assert sum("c.ipynb: not a notebook (it is no JSON)" in x for x in run.stdout.splitlines()) == 1
    assert "Traceback" not in run.stdout and "INTERNALERROR" not in run.stdout
