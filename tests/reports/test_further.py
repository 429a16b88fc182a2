"""A course of a core notebook and its companion in ``further/``: what every command makes of it."""

import threading
from pathlib import Path

from workbook import paths
from workbook.errors import NotebookError
from workbook_staff import reports, results_table
from workbook_staff.cli import main
from workbook_staff.grading import course
from workbook_staff.notebooks import execute, find, student_edition
from workbook_staff.pages import export
from workbook_staff.pages.anchors import Anchors

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

CLAIM = "assert shift > 0, 'it is misread more often'"


def code(source: str, *tags: str) -> nbformat.NotebookNode:
    return new_code_cell(source, metadata={"tags": list(tags)})


@pytest.fixture(autouse=True)
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setattr(paths, "NOTEBOOKS", tmp_path / "notebooks")
    monkeypatch.setattr(paths, "REPORTS", tmp_path / "reports")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    core = paths.NOTEBOOKS / "02_core.ipynb"
    further = paths.NOTEBOOKS / "further" / "01_moved.ipynb"
    further.parent.mkdir(parents=True)
    cells = [new_markdown_cell("# Core\n\n[on](further/01_moved.ipynb#load)"), code("6 * 7")]
    nbformat.write(new_notebook(cells=cells), core)
    cells = [
        new_markdown_cell("# Moved\n\n## Load\n\n[back](../02_core.ipynb)"),
        code("import pathlib\nshift = len(pathlib.Path().resolve().name)\nshift"),
        code(CLAIM, "claim"),
        code("answer = shift", "solution"),
        code('exercises.check("mnist.gap", answer, shift)', "check"),
    ]
    nbformat.write(new_notebook(cells=cells), further)
    return core, further


def read(name: str) -> str:
    return (paths.REPORTS / name).read_text(encoding="utf-8")


def test_the_core_comes_first_whatever_the_names(made: tuple[Path, Path]) -> None:
    assert find.own() == list(made)
    assert [find.is_own(path) for path in made] == [True, True]
    assert not find.is_own(paths.ROOT / "further" / "x.ipynb")


def test_without_the_folder_the_core_is_the_course(made: tuple[Path, Path]) -> None:
    made[1].unlink()
    made[1].parent.rmdir()
    assert find.own() == [made[0]]
    assert main(["student"]) == 0


def test_pages_stand_in_one_index_and_link_each_other(made: tuple[Path, Path]) -> None:
    made[1].write_text(made[1].read_text().replace("exercises.check", "print"))
    assert reports.make() == 0
    core, deeper = read("index.html").split("Going deeper")
    assert "02_core.html" in core and "01_moved.html" in deeper and "01_moved" not in core
    assert 'href="01_moved.html#load"' in read("02_core.html")
    assert 'href="02_core.html"' in read("01_moved.html")
    assert ">7<" in read("01_moved.html")  # the length of its folder's name: it was run there


def test_claims_are_folded_away_and_no_students(made: tuple[Path, Path]) -> None:
    run = export.Run(nbformat.read(made[1], 4), 0.0)
    page = export.Exporter().page(run, made[1]).text
    folded = page.partition("<details")[2].partition("</details>")[0]
    assert "asserted" in folded and "misread" in folded
    assert page.count("misread") == 1
    assert "misread" not in export.Exporter("student").page(run, made[1]).text
    assert CLAIM not in str(student_edition.handed_out(made[1]))
    cells = export.Exporter(untrusted=True).cells(run.notebook, Anchors(), made[1].parent)
    assert cells
    assert main(["slides", str(made[1])]) == 0
    (slides,) = paths.REPORTS.glob("*.slides.html")
    assert "misread" not in slides.read_text(encoding="utf-8")


def test_the_students_edition_has_each_in_its_place(made: tuple[Path, Path]) -> None:
    url = 'version = "1"\n[project.urls]\nRepository = "https://github.com/owner/name"\n'
    (paths.ROOT / "pyproject.toml").write_text(f"[project]\n{url}")
    assert main(["student"]) == 0
    student = nbformat.read(paths.REPORTS / "student/further/01_moved.ipynb", 4)
    assert "owner/name/blob/student/further/01_moved.ipynb" in student.cells[1].source
    assert student.metadata["workbook"]["notebook"] == "01_moved"
    assert (paths.REPORTS / "student" / "02_core.ipynb").is_file()


def test_its_exercises_are_graded(made: tuple[Path, Path]) -> None:
    (asked,) = course.courses()
    assert asked.notebook == "01_moved" and asked.slots.keys() == {"mnist.gap"}


def test_the_table_has_rows_for_both(made: tuple[Path, Path]) -> None:
    record = {"accuracy": {"test": 0.5}, "floors": {}, "seconds": 1, "device": "2 CPU cores"}
    readme = (
        "| [02_core](notebooks/02_core.ipynb) | sums | – |\n"
        "| [01_moved](notebooks/further/01_moved.ipynb) | shifts | – |\n"
    )
    new = results_table.renewed(readme, {results_table.name(path): record for path in made})
    assert new.count("50.00%") == 2 and "| shifts |" in new
    with pytest.raises(NotebookError, match=r"notebooks/further/01_moved\.ipynb"):
        results_table.renewed(readme.splitlines()[0], {results_table.name(made[1]): record})


def test_a_companion_waits_for_its_own_core_notebook_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["01_first", "02_core", "further/01_moved", "further/02_more", "further/03_alone"]
    begun, second = list[str](), threading.Event()

    def executed(job: execute.Job, _: object) -> str:
        begun.append(job.path.stem)
        if job.path.stem == "02_more":
            second.set()
        if job.path.stem == "01_first":
            assert second.wait(60), "the companion of another waits for this one"
        return job.path.stem

    monkeypatch.setattr(execute, "_executed", executed)
    jobs = [execute.Job(tmp_path / f"{name}.ipynb") for name in names]
    done = [run for _, run in execute.execute_all(jobs, at_once=2)]
    assert sorted(map(str, done)) == sorted(begun) == sorted(name.split("/")[-1] for name in names)
    assert begun.index("02_core") < begun.index("02_more")
    assert begun[-1] == "01_moved" and done.index("01_first") < done.index("01_moved")
