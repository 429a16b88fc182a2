"""Executing and exporting notebooks: real kernels, small notebooks made here."""

import base64
import copy
import io
import os
import re
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from workbook import exercises, paths
from workbook.results import MIME_TYPE
from workbook_staff import pdf, refresh, reports
from workbook_staff.cli import main
from workbook_staff.notebooks import execute, recorder, student_edition
from workbook_staff.pages import export, limits, mathml

import nbformat
import pytest
import running
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

# One white pixel.
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAG7buVgAAAABJRU5ErkJggg=="


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setattr(paths, "NOTEBOOKS", tmp_path / "notebooks")
    monkeypatch.setattr(paths, "REPORTS", tmp_path / "reports")
    # Where IPython would keep its profile.
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    (tmp_path / "notebooks").mkdir()
    return tmp_path


def write(path: Path, *cells: Any) -> Path:
    """Write a notebook of Markdown (text that starts with #) and code cells."""
    made = [
        cell
        if not isinstance(cell, str)
        else new_markdown_cell(cell)
        if cell.startswith("#")
        else new_code_cell(cell)
        for cell in cells
    ]
    nbformat.write(new_notebook(cells=made), path)
    return path


def page(name: str) -> str:
    return (paths.REPORTS / f"{name}.html").read_text(encoding="utf-8")


def exported(*cells: Any, edition: str = "instructor", untrusted: bool = False) -> str:
    run = execute.Run(new_notebook(cells=list(cells)), 1.0)
    return export.Exporter(edition, untrusted).page(run, Path("made.ipynb")).text


@pytest.fixture
def no_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take a notebook's outputs for those of its run, where a test is not about a kernel."""

    def executed(job: execute.Job, *_: object) -> execute.Run:
        stored = execute.stored(job.path)
        return execute.Run(stored.notebook, 1.0, stored.failure)

    monkeypatch.setattr(execute, "_executed", executed)


def test_make_runs_every_notebook_and_leaves_it_as_it_was() -> None:
    first = write(paths.NOTEBOOKS / "01_a.ipynb", "# First", "import sys, os", "print(6 * 7)")
    second = write(paths.NOTEBOOKS / "02_b.ipynb", "# Second", "print('seven')")
    before = first.read_bytes(), second.read_bytes()
    assert reports.make() == 0
    assert (first.read_bytes(), second.read_bytes()) == before
    assert "42" in page("01_a")
    assert "seven" in page("02_b")
    index = page("index")
    assert index.index("01_a.html") < index.index("02_b.html")
    assert sorted(p.name for p in paths.REPORTS.iterdir()) == [
        "01_a.html",
        "02_b.html",
        "index.html",
    ]


def test_a_notebook_runs_in_its_folder_with_this_interpreter_and_tells_of_its_progress(
    capsys: pytest.CaptureFixture[str],
) -> None:
    where = "import os, sys\nprint(os.getcwd())"
    path = write(paths.NOTEBOOKS / "01_a.ipynb", "## Load", where, "print(sys.executable)")
    run = running.execute(path)
    assert run.notebook.cells[1].outputs[0].text.strip() == str(paths.NOTEBOOKS.resolve())
    assert Path(run.notebook.cells[2].outputs[0].text.strip()).samefile(sys.executable)
    assert export.cell_seconds(run.notebook.cells[2]) is not None
    lines = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"01_a  \d+ s  cell  1 of 2  Load", lines[0])
    assert lines[-1].startswith("01_a  ")
    assert lines[-1].endswith("2 cells done")


def test_a_failing_notebook_gives_a_page_whose_last_cells_were_not_run(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write(
        paths.NOTEBOOKS / "a.ipynb",
        "## Load",
        "print('before')",
        "1 / 0",
        "print('after' + 'wards')",
    )
    write(paths.NOTEBOOKS / "b.ipynb", "print('the next one runs')")
    assert reports.make() == 1
    text = page("a")
    assert "before" in text
    assert "ZeroDivisionError" in text
    assert "afterwards" not in text
    assert "This run failed" in text
    assert "The cells after it were not run" in text
    assert "wards" in text  # their words are there
    assert "the next one runs" in page("b")
    assert page("index").count("✗ Failed.") == 1
    assert "Load, cell 2 of 3: ZeroDivisionError: division by zero" in capsys.readouterr().err


def test_a_cell_that_takes_too_long_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execute, "CELL_SECONDS", 1)
    path = write(paths.NOTEBOOKS / "a.ipynb", "import time", "time.sleep(60)", "print('after')")
    run = running.execute(path)
    assert run.failure.startswith("start, cell 2 of 3: the cell was stopped after")
    assert run.notebook.cells[1].outputs[-1].ename == "TimeoutError"
    assert run.notebook.cells[2].outputs == []


def test_a_dead_kernel_is_a_failure() -> None:
    path = write(paths.NOTEBOOKS / "a.ipynb", "import os", "os._exit(1)", "print('after')")
    run = running.execute(path)
    assert "cell 2 of 3: Python itself stopped" in run.failure
    assert run.notebook.cells[1].outputs[-1].ename == "DeadKernelError"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_ctrl_c_stops_the_kernel_and_says_so() -> None:
    # The notebook itself presses Ctrl-C, in the process that executes it.
    path = write(
        paths.NOTEBOOKS / "a.ipynb",
        "import os, signal, time",
        "os.kill(os.getppid(), signal.SIGINT)\ntime.sleep(60)",
    )
    with pytest.raises(KeyboardInterrupt):
        running.execute(path)


def test_a_kernel_has_one_thread_unless_the_user_says_otherwise(tmp_path, monkeypatch):
    for name in execute.ONE_THREAD:
        monkeypatch.delenv(name, raising=False)
    assert execute._environment(tmp_path, None).items() >= execute.ONE_THREAD.items()
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "4")
    assert execute._environment(tmp_path, None)["TF_NUM_INTRAOP_THREADS"] == "4"


def test_notebooks_side_by_side_give_what_they_give_one_after_the_other() -> None:
    train = "import numpy as np\nnp.random.default_rng(1).normal(size=(300, 300)) @ np.ones(300)"
    for name in "ab":
        write(paths.NOTEBOOKS / f"{name}.ipynb", f"{name!r}", train)
    write(paths.NOTEBOOKS / "d.ipynb", "1 / 0")
    jobs = [execute.Job(path, seconds=n) for n, path in enumerate(paths.NOTEBOOKS.iterdir())]
    found = {}
    for at_once in (1, 3):
        runs = execute.execute_all(jobs, at_once)
        found[at_once] = {
            job.path.stem: ([cell.outputs for cell in run.notebook.cells], run.failure)
            for job, run in runs
        }
    assert found[1] == found[3]
    assert list(found[1]) == [job.path.stem for job in reversed(jobs)]  # the longest first
    assert {name for name, (_, failure) in found[3].items() if failure} == {"d"}


def test_an_assertion_of_nbclient_s_own_is_no_interruption(monkeypatch: pytest.MonkeyPatch) -> None:
    async def stumbles(*_: object) -> None:
        raise AssertionError("of its own")

    monkeypatch.setattr(execute, "_start_and_execute", stumbles)
    with pytest.raises(AssertionError, match="of its own"):
        running.execute(write(paths.NOTEBOOKS / "a.ipynb", "1"))


def test_a_mistake_of_the_exporter_s_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export.Exporter, "page", lambda *_, **__: 1 / 0)
    write(paths.NOTEBOOKS / "a.ipynb", "# A")
    with pytest.raises(ZeroDivisionError):
        reports.make()


def test_what_tensorflow_logs_at_start_up_is_left_out() -> None:
    noise = [
        "2026-01-02 03:04:05.678: I tensorflow/core/util/port.cc:153] oneDNN",
        "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
        "E0000 00:00:1700000000.000000 1 cuda_dnn.cc:8310] Unable to register",
    ]
    path = write(
        paths.NOTEBOOKS / "a.ipynb",
        f"import sys\nprint({chr(10).join(noise)!r}, 'a warning', sep=chr(10), file=sys.stderr)",
        f"import sys\nprint({noise[0]!r}, file=sys.stderr)",
    )
    cells = running.execute(path).notebook.cells
    assert cells[0].outputs[0].text == "a warning\n"
    assert cells[1].outputs == []


def test_an_executed_notebook_from_elsewhere_is_not_run_again(folders: Path) -> None:
    stored = new_output("stream", name="stdout", text="what was stored")
    path = write(folders / "mine.ipynb", new_code_cell("raise SystemExit", outputs=[stored]))
    assert reports.make([path]) == 0
    assert "what was stored" in page("mine")


def test_a_notebook_with_no_outputs_is_run_wherever_it_is(folders: Path) -> None:
    assert reports.make([write(folders / "mine.ipynb", "print(6 * 7)")]) == 0
    assert "42" in page("mine")


@pytest.mark.parametrize("place", ["notebooks", "."])
def test_an_untrusted_notebook_is_never_executed(folders: Path, place: str) -> None:
    harm = f"import pathlib; pathlib.Path({str(folders / 'harm')!r}).touch()"
    stored = new_output("stream", name="stdout", text="what was stored")
    bare = write(folders / place / "bare.ipynb", harm)
    run = write(folders / place / "run.ipynb", new_code_cell(harm, outputs=[stored]))
    assert main(["reports", "--untrusted", str(bare), str(run)]) == 0
    assert not (folders / "harm").exists()
    assert "file held no outputs" in page("bare")
    assert "what was stored" in page("run")


@pytest.mark.parametrize(
    "content", [b"no JSON", b"", b"[1]", b'{"a": 1}', b'{"nbformat": 9}', b"\xff"]
)
def test_a_file_that_is_no_notebook_is_named(folders: Path, content: bytes) -> None:
    (folders / "a.ipynb").write_bytes(content)
    with pytest.raises(
        reports.NotebookError, match=r"a\.ipynb: not a notebook .* expected"
    ) as told:
        execute.read(folders / "a.ipynb")
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("command", ["reports", "notebooks"])
def test_after_a_file_that_is_no_notebook_the_next_one_runs(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = paths.NOTEBOOKS / "a.ipynb"
    broken.write_text("no JSON")
    write(paths.NOTEBOOKS / "b.ipynb", "# Nothing to execute")
    assert main([command]) == 1
    said = capsys.readouterr()
    assert said.err.startswith(f"FAILED {broken}: not a notebook (")
    assert said.err.count("\n") == 1
    assert "0 cells done" in said.out


@pytest.mark.parametrize("command", ["student", "table"])
def test_a_file_that_is_no_notebook_stops_what_needs_them_all(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (paths.NOTEBOOKS / "a.ipynb").write_text("no JSON")
    assert main([command]) == 1
    assert "a.ipynb: not a notebook (it is no JSON)" in capsys.readouterr().err


@pytest.mark.usefixtures("no_kernel")
def test_what_a_killed_run_left_is_no_page_and_no_notebook(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(paths.NOTEBOOKS / "a.ipynb", "# A")
    write(paths.NOTEBOOKS / ".b.123.ipynb", "# B")
    assert reports.make() == 0
    assert sorted(path.name for path in paths.REPORTS.iterdir()) == ["a.html", "index.html"]
    (paths.REPORTS / "a.html").rename(paths.REPORTS / ".a.123.html")
    reports.make([write(paths.ROOT / "c.ipynb", "# C")])
    assert page("index").count('.html"') == page("index").count('"c.html"') > 0

    assert main(["student"]) == refresh.refresh() == 0
    assert [path.name for path in (paths.REPORTS / "student").iterdir()] == ["a.ipynb"]

    (paths.REPORTS / "c.html").unlink()
    monkeypatch.setattr(pdf, "chromium", lambda: "a browser")
    assert main(["pdf"]) == 1
    assert "holds no pages" in capsys.readouterr().err


@pytest.mark.usefixtures("no_kernel")
def test_the_index_keeps_the_pages_of_earlier_runs(folders: Path) -> None:
    reports.make([write(folders / "one.ipynb", "# One", "1")])
    reports.make([write(folders / "two.ipynb", "# Two", "2")])
    assert "one.html" in page("index")
    assert "two.html" in page("index")


def test_refresh_stores_outputs_that_do_not_change_from_run_to_run() -> None:
    path = write(paths.NOTEBOOKS / "a.ipynb", "# A", "print(6 * 7)")
    ids = [cell.id for cell in nbformat.read(path, 4).cells]
    assert refresh.refresh() == 0
    first = path.read_bytes()
    assert refresh.refresh() == 0
    assert path.read_bytes() == first
    notebook = nbformat.read(path, 4)
    assert notebook.cells[1].outputs[0].text == "42\n"
    assert [cell.id for cell in notebook.cells] == ids
    assert notebook.cells[1].metadata == {}
    assert notebook.metadata.kernelspec.name == "python3"


@pytest.mark.parametrize("command", [reports.make, refresh.refresh])
def test_a_notebook_that_is_not_there_is_named(
    command: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command([Path("nowhere.ipynb")]) == 1
    assert "nowhere.ipynb: there is no such notebook" in capsys.readouterr().err


@pytest.mark.usefixtures("no_kernel")
def test_refresh_leaves_a_failing_notebook_alone() -> None:
    error = new_output("error", ename="ZeroDivisionError", evalue="no", traceback=["no"])
    path = write(paths.NOTEBOOKS / "a.ipynb", new_code_cell("1 / 0", outputs=[error]))
    before = path.read_bytes()
    assert refresh.refresh([path]) == 1
    assert path.read_bytes() == before


@pytest.mark.parametrize("edition", ["student", "instructor"])
def test_the_student_edition_has_no_solution_and_no_asking_list(edition: str) -> None:
    right = new_output("stream", name="stdout", text="Right. It is the answer.")
    text = exported(
        new_markdown_cell("# A"),
        new_markdown_cell("**What do you expect?** Is it *so*?"),
        new_code_cell("answer = 6 * 7", metadata={"tags": ["solution"]}, outputs=[right]),
        new_code_cell("check(answer)", metadata={"tags": ["check"]}, outputs=[right]),
        new_markdown_cell("A long explanation.", metadata={"tags": ["solution"]}),
        edition=edition,
    )
    for part in ("What to ask about", "Right.", "A long explanation."):
        assert (part in text) == (edition == "instructor")
    assert ('<span class="o">*</span>' in text) == (edition == "instructor")
    assert "check" in text
    assert '<p class="ask"><strong>What do you expect?</strong> Is it <em>so</em>?</p>' in text
    listed = '<li><a href="#a">A</a>: Is it <em>so</em>?'
    assert (listed in text) == (edition == "instructor")


def test_a_question_is_listed_with_the_answer_that_the_text_gives() -> None:
    text = exported(
        new_markdown_cell("# A"),
        new_markdown_cell("**What do you expect?** One?"),
        new_code_cell("1"),
        new_markdown_cell('It <a id="b"></a>*does*.\n\nAnd more.'),
        new_markdown_cell("**What do you expect?** Two?"),
        new_markdown_cell("No cell has told yet."),
        new_markdown_cell("**What do you expect?** Three?"),
        new_code_cell("3"),
        new_markdown_cell("## B\n\nAnother thing."),
    )
    asks = text[text.index("What to ask about</h2>") :]
    assert asks.count('class="answer"') == 1
    assert '<div class="answer">It <a></a><em>does</em>.</div></li>' in asks


def test_a_page_says_what_the_records_of_exercises_say() -> None:
    def told(record: Any) -> Any:
        data = {"application/vnd.workbook.exercise+json": record, "text/plain": "Said."}
        return new_code_cell("1", outputs=[new_output("display_data", data=data)])

    name, other = list(exercises.EXERCISES)[:2]
    text = exported(
        new_markdown_cell("# A"),
        told({"exercise": name, "outcome": "wrong"}),
        told({"exercise": name, "outcome": "right"}),
        told({"exercise": other, "outcome": ["right"]}),
        told({"exercise": {}, "outcome": "right"}),
        told("right"),
        told({"exercise": "<script>", "outcome": "right"}),
    )
    assert "<b>Exercises</b> 1 of 2 right" in text
    assert text.count("Said.") == 6
    assert "<b>Exercises</b>" not in exported(told({"exercise": "another", "outcome": "right"}))


def test_student_notebooks_await_answers_and_keep_the_rest() -> None:
    path = write(
        paths.NOTEBOOKS / "a.ipynb",
        "# A",
        new_code_cell("x = 1", outputs=[new_output("stream", text="kept")]),
        new_code_cell("# Count.\nanswer = x + 1", metadata={"tags": ["solution"]}),
        new_code_cell(
            "plot(x)",
            metadata={"tags": ["telling"]},
            outputs=[new_output("stream", text="answer: 2")],
        ),
    )
    before = path.read_bytes()
    assert main(["student"]) == 0
    assert path.read_bytes() == before
    cells = nbformat.read(paths.REPORTS / "student" / "a.ipynb", 4).cells
    assert cells[1].outputs[0].text == "kept"
    assert cells[2].source == "# Count.\nanswer = ..."
    assert cells[2].outputs == []
    assert (cells[3].source, cells[3].outputs) == ("plot(x)", [])


def test_student_notebooks_say_what_grading_looks_for() -> None:
    solution = new_code_cell("gap = 1", metadata={"tags": ["solution"]})
    check = new_code_cell('exercises.check("mnist.gap", gap)', metadata={"tags": ["check"]})
    write(paths.NOTEBOOKS / "a.ipynb", solution, check)
    assert main(["student"]) == 0
    made = nbformat.read(paths.REPORTS / "student" / "a.ipynb", 4)
    assert made.metadata["workbook"] == {"notebook": "a", "release": version("workbook")}
    assert made.cells[0].metadata["workbook"] == {"exercise": "mnist.gap"}
    assert "workbook" not in made.cells[1].metadata


@pytest.mark.skipif(not pdf.chromium(), reason="no Chromium, Chrome or Edge on this machine")
@pytest.mark.usefixtures("no_kernel")
def test_each_page_is_printed_to_a_pdf_beside_it() -> None:
    reports.make([write(paths.ROOT / "a.ipynb", "# A", new_code_cell("1"))])
    assert main(["pdf"]) == 0
    assert (paths.REPORTS / "a.pdf").read_bytes().startswith(b"%PDF")
    assert not (paths.REPORTS / "index.pdf").exists()


def test_printing_with_no_pages_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pdf, "chromium", lambda: "a browser that is not started")
    assert main(["pdf"]) == 1
    assert capsys.readouterr().err == (
        f"FAILED: {paths.REPORTS} holds no pages: make them with python -m workbook reports\n"
    )


def test_printing_with_no_browser_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pdf, "_NAMES", ["no-such-browser"])
    monkeypatch.setattr(pdf, "_PLACES", [])
    assert main(["pdf"]) == 1
    assert "install one, or open the pages" in capsys.readouterr().err


@pytest.mark.usefixtures("no_kernel")
def test_a_browser_that_does_not_start_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reports.make([write(paths.ROOT / "a.ipynb", "# A", new_code_cell("1"))])
    monkeypatch.setattr(pdf, "chromium", lambda: sys.executable)
    assert main(["pdf"]) == 1
    said = capsys.readouterr().err
    assert f"FAILED: {sys.executable} cannot print" in said
    assert "open the pages in any browser" in said


@pytest.mark.usefixtures("no_kernel")
def test_a_notebook_that_cannot_be_exported_is_named_and_the_others_are_exported(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = write(paths.ROOT / "b.ipynb", "# B")
    write_page = export.Exporter.page

    def trip(self: export.Exporter, run: execute.Run, path: Path, *rest: str) -> export.Page:
        if path == first:
            raise ValueError("two\nlines")
        return write_page(self, run, path, *rest)

    monkeypatch.setattr(export.Exporter, "page", trip)
    assert reports.make([first, write(paths.ROOT / "c.ipynb", "# C")]) == 1
    line = f"{first}: cannot be exported: ValueError: two lines"
    assert capsys.readouterr().err == f"FAILED {line}\n"
    assert line in page("index")
    assert "c.html" in page("index")


@pytest.mark.usefixtures("no_kernel")
def test_a_page_does_not_replace_one_of_the_same_run(folders: Path) -> None:
    for name in ("anna", "bert"):
        (folders / name).mkdir()
    first = write(folders / "anna" / "hw.ipynb", "# anna")
    second = write(folders / "bert" / "HW.ipynb", "# bert")
    assert reports.make([first, second], folder=paths.REPORTS / "hw") == 0
    assert "anna" in page("hw/anna-hw")
    assert "bert" in page("hw/bert-HW")
    assert 'href="anna-hw.html"' in page("hw/index")
    assert not (paths.REPORTS / "index.html").exists()


@pytest.mark.usefixtures("no_kernel")
def test_the_index_links_to_a_page_whatever_its_name() -> None:
    assert reports.make([write(paths.ROOT / "hw#1 50%.ipynb", "# A")]) == 0
    assert 'href="hw%231%2050%25.html"' in page("index")


def test_a_notebook_that_was_edited_while_it_ran_keeps_the_edit(
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = paths.NOTEBOOKS / "a.ipynb"
    edit = "from pathlib import Path\nPath('a.ipynb').write_text('edited meanwhile')"
    write(path, "# A", edit)
    assert refresh.refresh() == 1
    assert path.read_text() == "edited meanwhile"
    assert "has changed since it was read" in capsys.readouterr().err


def test_a_strip_of_a_picture_has_a_thumbnail() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (1500, 1)).save(buffer, format="png")
    data = {"image/png": base64.b64encode(buffer.getvalue()).decode()}
    cell = new_code_cell("x", outputs=[new_output("display_data", data=data)])
    reports.make([write(paths.ROOT / "a.ipynb", cell)])
    assert "data:image/webp" in page("index")


def test_what_a_notebook_claims_is_not_what_the_pages_say() -> None:
    claimed = RECORDED | {"accuracy": {"test": 0.2}, "held": True}
    output = new_output("display_data", data={MIME_TYPE: claimed, "text/plain": "20%"})
    text = '<p class="notice">Every promise held</p>\n\n## Content'
    path = write(
        paths.ROOT / "a.ipynb", "# A", f"# B\n{text}", new_code_cell("x", outputs=[output])
    )
    assert reports.make([path], untrusted=True) == 0
    index = page("index")
    assert "A promise was not held" in index
    assert "Every promise held" not in index
    assert "Not executed here" in index
    assert page("a").count('class="notice"') == page("a").count("Not executed here") == 1
    assert page("a").count('id="content"') == 1
    assert "As handed in" in page("a")
    assert "Instructor edition" not in page("a")


RECORDED = {
    "title": "MNIST",
    "source": "placed files",
    "verified": True,
    "practice": False,
    "quick": False,
    "seed": 42,
    "device": "2 CPU cores",
    "versions": {"keras": "3.15.1"},
    "seconds": 125.0,
    "accuracy": {"test": 0.98031},
    "floors": {"test": 0.975},
    "held": True,
}


def test_the_record_reaches_the_index() -> None:
    outputs = [
        new_output("display_data", data={MIME_TYPE: RECORDED, "text/plain": "98%"}),
        new_output(
            "display_data",
            data={"image/png": PNG},
            metadata={"image/png": {"alt": 'Curves: "up" & on'}},
        ),
    ]
    path = write(paths.ROOT / "a.ipynb", "# Digits <1>", new_code_cell("x", outputs=outputs))
    assert reports.make([path]) == 0
    index = page("index")
    for said in (
        "Digits &lt;1&gt;",
        "98.03%",
        "97.5%",
        "Every promise held",
        "MNIST, placed files, verified",
        "<dt>Training</dt><dd>2 min 5 s</dd>",
        "2 CPU cores",
        "<dt>Seed</dt><dd>42</dd>",
        "keras 3.15.1",
        "Curves: &#34;up&#34; &amp; on",
    ):
        assert said in index


def test_a_row_that_the_readme_lacks_is_told_without_quotes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    output = new_output("display_data", data={MIME_TYPE: RECORDED, "text/plain": "98%"})
    write(paths.NOTEBOOKS / "05_more.ipynb", new_code_cell("x", outputs=[output]))
    readme = paths.ROOT / "README.md"
    readme.write_text("no table")
    assert main(["table"]) == 1
    assert capsys.readouterr().err == (
        "FAILED: README.md has no row for notebooks/05_more.ipynb: add one by hand\n"
    )
    assert readme.read_text() == "no table"


def test_accuracies_stand_in_the_order_of_a_course() -> None:
    # A notebook that was written to a file has its keys by the alphabet.
    accuracy = {"training": 1.0, "validation": 0.98, "test": 0.97, "a distortion": 0.9}
    record = RECORDED | {"accuracy": accuracy}
    output = new_output("display_data", data={MIME_TYPE: record, "text/plain": "98%"})
    path = write(paths.ROOT / "a.ipynb", new_code_cell("x", outputs=[output]))
    found = export.results(nbformat.read(path, as_version=4))
    assert found is not None
    assert list(found["accuracy"]) == ["training", "validation", "test", "a distortion"]


@pytest.mark.parametrize("record", [None, [], {}, {"accuracy": {"test": "<b>"}}, {"title": "x"}])
def test_a_record_that_is_none_counts_as_nothing(record: Any) -> None:
    output = new_output("display_data", data={MIME_TYPE: record, "text/plain": "98%"})
    path = write(paths.ROOT / "a.ipynb", new_code_cell("x", outputs=[output]))
    assert reports.make([path]) == 0
    assert "No results recorded" in page("index")


def test_the_thumbnail_is_of_the_tagged_figure() -> None:
    def figure(alt: str, *tags: str) -> Any:
        data = {"image/png": PNG}
        output = new_output("display_data", data=data, metadata={"image/png": {"alt": alt}})
        return new_code_cell("x", outputs=[output], metadata={"tags": list(tags)})

    for cells, expected in (
        ([figure("one"), figure("two")], "two"),
        ([figure("one", "main-figure"), figure("two")], "one"),
    ):
        path = write(paths.ROOT / "a.ipynb", *cells)
        reports.make([path])
        assert f'alt="{expected}"' in page("index")


@pytest.mark.parametrize("broken", ["x", "AAAA", '"><script>alert(1)</script>'])
def test_a_picture_that_is_none_costs_the_thumbnail_only(broken: str) -> None:
    output = new_output("display_data", data={"image/png": broken})
    text = exported(new_code_cell("x", outputs=[output]), untrusted=True)
    assert "the picture is not shown" in text
    assert "<script" not in text


def test_headings_are_in_order_and_anchors_differ() -> None:
    text = exported(
        new_markdown_cell("# A title"),
        new_markdown_cell("#### Deep\n\n# Another\n\n## Deep\n\n## Über *x*"),
    )
    for heading in ('<h1 id="a-title">', '<h2 id="deep">', '<h2 id="another">', '<h2 id="deep-1">'):
        assert heading in text
    assert '<a href="#über-x">Über x</a>' in text


@pytest.mark.parametrize(
    ("latex", "part"),
    [
        (r"\frac{a}{b}", "<mfrac>"),
        (r"\begin{aligned} a &= b \\ c &= d \end{aligned}", "<mtable"),
        (r"a < b", "<mo>&lt;</mo>"),
        (r"\text{<script>alert(1)</script>}", "<mtext>&lt;script&gt;"),
        (r"\href{javascript:alert(1)}{x}", "<mi>x</mi>"),
        (r"\frac{", r"<code>\frac{</code>"),
    ],
)
def test_mathematics_becomes_mathml(latex: str, part: str) -> None:
    made = mathml.mathml(latex)
    assert part in made
    assert "<script" not in made
    assert "href" not in made


def test_links_between_notebooks_become_links_between_pages() -> None:
    text = exported(
        new_markdown_cell("[a](02_b.ipynb#load) [c](https://example.org/c.ipynb) [d](e.csv)")
    )
    assert 'href="02_b.html#load"' in text
    assert 'href="https://example.org/c.ipynb"' in text
    assert 'href="e.csv"' in text


def test_long_outputs_are_folded() -> None:
    for lines, folded in ((limits.FOLD_LINES, False), (limits.FOLD_LINES + 1, True)):
        output = new_output("stream", name="stdout", text="line\n" * lines)
        assert ("<details" in exported(new_code_cell("x", outputs=[output]))) == folded


def test_text_that_looks_like_html_is_shown_as_text() -> None:
    output = new_output("stream", name="stdout", text="<b>\x1b[31mred\x1b[0m & co</b>")
    text = exported(new_code_cell("x = '<i>'", outputs=[output]))
    assert "&lt;b&gt;red &amp; co&lt;/b&gt;" in text
    assert "<i>" not in text


def test_html_within_text_stays_as_it_was_written() -> None:
    text = exported(new_markdown_cell("press <kbd>Shift</kbd>\n\n<div class='x'>\n\n*a*\n\n</div>"))
    assert "press <kbd>Shift</kbd>" in text
    assert "<em>a</em>" in text.partition('<div class="x">')[2].partition("</div>")[0]


@pytest.mark.usefixtures("no_kernel")
@pytest.mark.parametrize("source", ["![alt](dot.png)", "an <img src='dot.png' alt='alt'> inline"])
def test_images_beside_the_notebook_are_put_inside_the_page(folders: Path, source: str) -> None:
    (folders / "dot.png").write_bytes(base64.b64decode(PNG))
    reports.make([write(folders / "a.ipynb", f"# A\n\n{source}", "1")])
    assert f"data:image/png;base64,{PNG}" in page("a")


@pytest.mark.parametrize(
    "nasty",
    [
        "<script>steal()</script>",
        '<img src="x" onerror="steal()">',
        '<a href="javascript:steal()">a</a>',
        '<a href="data:text/html,steal()">a</a>',
        '<iframe srcdoc="steal()"></iframe>',
        "<svg><script>steal()</script></svg>",
        '<form action="steal()"><button formaction="steal()">b</button></form>',
        "<style>@import 'steal()'</style>",
        '<p style="background: url(steal())">b</p>',
    ],
)
def test_untrusted_content_is_cleaned_wherever_it_stands(nasty: str) -> None:
    outputs = [
        new_output("display_data", data={kind: nasty}) for kind in ("text/html", "text/markdown")
    ]
    text = exported(
        new_markdown_cell(f"# Kept\n\n{nasty}\n\nand *in* {nasty} text"),
        new_code_cell("x", outputs=outputs),
        untrusted=True,
    )
    assert "steal" not in text.replace("&lt;", "")
    assert "<em>in</em>" in text
    assert "script-src 'none'" in text


def test_seconds_of_a_cell_are_for_the_instructor() -> None:
    times = {
        "iopub.execute_input": "2026-01-02T03:04:05",
        "shell.execute_reply": "2026-01-02T03:04:05.7",
    }
    cell = new_code_cell("x", metadata={"execution": times})
    assert "took 0.7 s" in exported(cell)
    assert "took 0.7 s" not in exported(cell, edition="student")


def test_a_kernel_that_cannot_start_says_why(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = write(paths.ROOT / "broken.ipynb", "1").with_suffix(".py")
    broken.write_text("raise SystemExit('no ipykernel here')")
    monkeypatch.setattr(recorder, "__file__", str(broken))
    write(paths.NOTEBOOKS / "a.ipynb", "1")
    assert main(["reports"]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"FAILED: The notebook kernel of {sys.executable} did not start: ")
    assert "no ipykernel here" in said
    assert "Traceback" not in said


def test_the_commit_is_that_of_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(paths.ROOT.parent))
    assert reports._commit() == ""
    monkeypatch.setenv("PATH", os.devnull)
    assert reports._commit() == ""


def test_a_picture_that_is_not_attached_is_named() -> None:
    text = exported(new_markdown_cell("![a *cat*](attachment:cat.png) and more"))
    assert "missing picture" in text
    assert "and more" in text


def test_a_progress_bar_is_its_last_state() -> None:
    steps = "".join(f"\x08\x08\r{step}/100 done" for step in range(101)) + "\n"
    cell = new_code_cell("x", outputs=[new_output("stream", name="stdout", text="go\n" + steps)])
    text = exported(cell)
    assert "go\n100/100 done\n" in text
    assert "99/100" not in text
    assert "\x08" not in text


def test_an_output_that_no_page_can_show_is_told_of() -> None:
    widget = new_output("display_data", data={"application/vnd.jupyter.widget-view+json": {}})
    assert "only a running notebook can show" in exported(new_code_cell("x", outputs=[widget]))


def test_an_endless_output_is_cut_off() -> None:
    lines = "".join(f"line {number}\n" for number in range(limits.KEEP_LINES + 500))
    text = exported(new_code_cell("x", outputs=[new_output("stream", name="stdout", text=lines)]))
    assert f"line {limits.KEEP_LINES - 1}</pre>" in text
    assert f"line {limits.KEEP_LINES}\n" not in text
    assert f"the notebook has all {limits.KEEP_LINES + 500}" in text


@pytest.mark.parametrize("untrusted", [True, False])
def test_a_mark_of_the_notebooks_own_is_no_formula(untrusted: bool) -> None:
    text = exported(new_markdown_cell("$x$ &#xe000;99&#xe000; b"), untrusted=untrusted)
    assert text.count("<math") == 1


@pytest.mark.parametrize("start", [" data:", "DATA:", "&#10;data:", "d&#10;ata:"])
def test_a_link_to_a_page_inside_the_page_is_taken_out(start: str) -> None:
    text = exported(new_markdown_cell(f'<a href="{start}text/html,steal()">a</a>'), untrusted=True)
    assert "steal" not in text


def test_an_untrusted_heading_has_no_anchor_of_the_pages_own() -> None:
    text = exported(new_markdown_cell('<h2 id="content">a</h2>\n\n<hr id="top">'), untrusted=True)
    assert text.count('id="content"') == 1
    assert 'id="top"' not in text


@pytest.mark.usefixtures("no_kernel")
def test_a_short_run_is_told_of_and_is_none_for_the_readme(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    record = RECORDED | {"quick": True}
    output = new_output("display_data", data={MIME_TYPE: record})
    path = write(paths.NOTEBOOKS / "a.ipynb", new_code_cell("x", outputs=[output]))
    assert refresh.refresh() == 0
    assert f"{path} now holds the outputs of a short run" in capsys.readouterr().out
    readme = "| [a](notebooks/a.ipynb) | it | |\n"
    (paths.ROOT / "README.md").write_text(readme)
    assert main(["table"]) == 1
    assert "notebooks/a.ipynb: its outputs are of a short run" in capsys.readouterr().err
    assert (paths.ROOT / "README.md").read_text() == readme


def test_a_solution_without_an_answer_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    solution = new_code_cell("def relu(x):\n    return x", metadata={"tags": ["solution"]})
    write(paths.NOTEBOOKS / "a.ipynb", solution)
    assert main(["student"]) == 1
    said = capsys.readouterr().err
    assert "'def relu(x):'" in said
    assert "expected name = …" in said


def test_unreadable_mathematics_is_text():
    made = mathml.mathml(r"<script>alert(1)</script>\frac{")
    assert made.startswith("<code>") and "<script" not in made


def test_a_private_character_is_left_out():
    text = exported(new_markdown_cell("$x$ an icon \ue0007\ue000, kept"))
    assert "an icon 7, kept" in text and text.count("<math") == 1


def test_the_last_record_counts():
    cells = [
        new_code_cell(
            "x", outputs=[new_output("display_data", data={MIME_TYPE: RECORDED | {"seed": seed}})]
        )
        for seed in (1, 2)
    ]
    assert export.results(new_notebook(cells=cells))["seed"] == 2


def test_a_floor_on_what_was_not_measured_is_missed():
    record = RECORDED | {"floors": {"validation": 0.9}}
    cell = new_code_cell("x", outputs=[new_output("display_data", data={MIME_TYPE: record})])
    assert export.results(new_notebook(cells=[cell]))["held"] is False


def nasty_page(**options):
    """A page with the same harmful text wherever a notebook's words are shown."""
    nasty = "</title><script>steal()</script>"
    record = RECORDED | {"source": nasty}
    outputs = [
        new_output("error", ename=nasty, evalue=nasty, traceback=[nasty]),
        new_output("stream", name="stdout", text=f"{nasty}\n" * 30),
        new_output("stream", name="stderr", text=nasty),
        new_output(
            "display_data", data={"image/png": PNG}, metadata={"image/png": {"alt": f'">{nasty}'}}
        ),
        new_output("display_data", data={MIME_TYPE: record, "text/plain": nasty}),
    ]
    cells = [
        new_markdown_cell(
            "# A `" + nasty + "`\n\n## B `" + nasty + "`\n\n**What do you expect?** X",
            metadata={"tags": ["a", f'">{nasty}']},
        ),
        new_code_cell("x", outputs=outputs, metadata={"tags": [f'">{nasty}']}),
    ]
    run = execute.Run(new_notebook(cells=cells), 1.0, failure=nasty)
    return export.Exporter(**options).page(run, Path("made.ipynb")).text


@pytest.mark.parametrize("untrusted", [True, False])
def test_nothing_of_a_notebook_is_markup(untrusted):
    assert "<script>steal" not in nasty_page(untrusted=untrusted)


def test_the_commit_is_on_our_own_pages_only(monkeypatch, folders):
    monkeypatch.setattr(reports, "_commit", lambda: "abc1234")
    stored = new_output("stream", name="stdout", text="x")
    reports.make([write(folders / "mine.ipynb", new_code_cell("1", outputs=[stored]))])
    assert "abc1234" not in page("mine")


def test_a_stored_error_is_told_of_unless_it_was_meant(folders, capsys):
    error = new_output("error", ename="ValueError", evalue="no", traceback=["no"])
    path = write(folders / "a.ipynb", "# A", new_code_cell("x", outputs=[error]))
    assert reports.make([path]) == 0
    said = capsys.readouterr()
    assert "This run failed" in page("a") and "✗ Failed." in page("index")
    assert f"{path}: an error in its outputs: A, cell 1 of 1: ValueError: no" in said.out
    assert not said.err
    meant = new_code_cell("x", outputs=[error], metadata={"tags": ["raises-exception"]})
    assert reports.make([write(folders / "b.ipynb", "# B", meant)]) == 0
    assert "an error in its outputs" not in capsys.readouterr().out


def test_a_page_says_that_its_data_is_not_verified(folders):
    output = new_output(
        "display_data", data={MIME_TYPE: RECORDED | {"verified": False}, "text/plain": "98%"}
    )
    reports.make([write(folders / "a.ipynb", new_code_cell("x", outputs=[output]))])
    assert "placed files, not verified" in page("a")


def test_the_state_of_widgets_is_not_kept():
    notebook = new_notebook(metadata={"widgets": {"state": {}}})
    assert "widgets" not in execute.stable(notebook).metadata


def test_the_instructors_notebook_stays_as_it_is():
    notebook = new_notebook(cells=[new_code_cell("a = 1", metadata={"tags": ["solution"]})])
    before = copy.deepcopy(notebook)
    student_edition.student(notebook)
    assert notebook == before


@pytest.mark.parametrize("kind", ["practice", "quick"])
def test_a_run_that_proves_nothing_says_so_on_its_page_and_in_the_index(kind, folders):
    said = {"practice": "Practice data", "quick": "A quick run"}[kind]
    for lesser in (False, True):
        data = {MIME_TYPE: RECORDED | {kind: lesser}, "text/plain": "98%"}
        cell = new_code_cell("x", outputs=[new_output("display_data", data=data)])
        reports.make([write(folders / "a.ipynb", cell)])
        assert (f"<strong>{said}" in page("a")) == lesser
        assert ("Promises not asserted" in page("index")) == lesser
        assert ("<strong>Practice data" in page("index")) == (lesser and kind == "practice")
