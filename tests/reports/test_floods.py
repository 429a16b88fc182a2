"""A cell that prints, or shows, for ever is stopped while it is executed."""

import re
from pathlib import Path
from random import Random

from workbook import paths
from workbook_staff import reports
from workbook_staff.notebooks import execute, terminal

import nbformat
import pytest
import running
from nbformat.v4 import new_code_cell, new_notebook


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(paths, "NOTEBOOKS", tmp_path)
    monkeypatch.setattr(paths, "REPORTS", tmp_path / "reports")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setattr(execute, "OUTPUT_CHARACTERS", 300_000)
    monkeypatch.setattr(execute, "OUTPUT_COUNT", 200)
    return tmp_path


def executed(folder: Path, *sources: str) -> execute.Run:
    cells = [new_code_cell(source) for source in sources]
    nbformat.write(new_notebook(cells=cells), folder / "a.ipynb")
    return running.execute(folder / "a.ipynb")


@pytest.mark.parametrize(
    ("source", "limit"),
    [
        (
            "import sys\nwhile True:\n try:\n  while True: print('x' * 1000, file=sys.stderr)\n"
            " except BaseException: pass",
            "300,000 characters",
        ),
        ("while True: display(1)", "200 outputs"),
        ("display({'image/png': 'A' * 400_000}, raw=True)\nwhile True: pass", "300,000 characters"),
    ],
    ids=["stubborn", "display", "picture"],
)
def test_a_cell_without_end_is_stopped(folders: Path, source: str, limit: str) -> None:
    run = executed(folders, "print('before')", source, "print('after')")
    assert run.failure == (
        f"start, cell 2 of 3: the cell was stopped: the notebook's outputs were more than {limit}"
    )
    before, flood, after = run.notebook.cells
    assert before.outputs[0].text == "before\n"
    assert flood.outputs[-1].ename == "TooMuchOutput"
    assert sum(len(output.get("text", "")) for output in flood.outputs) <= 300_000
    assert len(flood.outputs) <= 202
    assert after.outputs == []


def test_all_cells_count_together(folders: Path) -> None:
    run = executed(folders, *["print('x' * 200_000)"] * 2)
    assert "cell 2 of 2: the cell was stopped" in run.failure


def test_what_a_cell_prints_is_one_output_of_each_stream(folders: Path) -> None:
    run = executed(
        folders,
        "import sys, time\nfor n in range(3):\n    print(n, flush=True)\n    time.sleep(0.1)\n"
        "    print('x' * 80_000, file=sys.stderr, flush=True)\ndisplay(1)\nprint('12%\\r34\\b5')",
    )
    first, second, third = run.notebook.cells[0].outputs
    assert (first.name, first.text) == ("stdout", "0\n1\n2\n35\n")
    assert (second.name, third.output_type) == ("stderr", "display_data")
    assert second.text == ("x" * 80_000 + "\n") * 3


def test_what_is_written_into_a_widget_stops_no_run(folders: Path) -> None:
    within = "import ipywidgets\nout = ipywidgets.Output()\ndisplay(out)\nwith out: print('in it')"
    run = executed(folders, within, "print('after')")
    assert run.failure == ""
    assert run.notebook.cells[1].outputs[0].text == "after\n"
    assert "widgets" not in run.notebook.metadata


def test_what_was_written_over_is_left_out() -> None:
    random = Random(0)
    for _ in range(20_000):
        text = wanted = "".join(random.choices("ab\n\r\b", k=random.randrange(12)))
        while (shorter := re.sub(r"[^\n\x08]\x08", "", wanted)) != wanted:
            wanted = shorter
        wanted = wanted.replace("\b", "")  # nothing before them in their line
        assert terminal.shown(text) == re.sub(r".*\r(?=[^\n])", "", wanted), repr(text)
    line = "x" * 5_000_000  # for nbclient, hours
    assert terminal.shown(f"{line}\b\n{line}\r.") == f"{line[1:]}\n."


def test_what_is_cleared_or_replaced_does_not_count(folders: Path) -> None:
    show = "for i in range(30):\n    {}\n    print('x' * 20_000, flush=True)"
    run = executed(
        folders,
        "from IPython.display import clear_output, update_display",
        show.format("clear_output()"),
        show.format("clear_output(wait=True)"),
        "h = display(0, display_id=True)\nfor i in range(300): h.update(i)",
    )
    assert run.failure == ""
    assert run.notebook.cells[1].outputs[0].text == "x" * 20_000 + "\n"


def test_the_page_and_the_command_tell_of_it(
    folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    endless = new_notebook(cells=[new_code_cell("while True: print('x' * 99)")])
    nbformat.write(endless, folders / "a.ipynb")
    assert reports.make() == 1
    said = "the notebook's outputs were more than 300,000 characters"
    assert said in capsys.readouterr().err
    page = (paths.REPORTS / "a.html").read_text(encoding="utf-8")
    assert "outputs were more than 300,000 characters" in page
