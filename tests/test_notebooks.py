"""What holds for every notebook as it is committed; nbval checks what holds when it runs."""

import json
import statistics

from tests.course import lengths, sentences
from workbook import paths, results
from workbook.errors import NotebookError
from workbook_staff import results_table
from workbook_staff.notebooks import find
from workbook_staff.pages import export
from workbook_staff.pages.export import _held

import nbformat
import pytest

SECTIONS = [
    "Setup",
    "Load",
    "Explore",
    "Prepare",
    "Build",
    "Train",
    "Evaluate",
    "Predict",
    "What went wrong",
    "Summary",
]

SECTIONS_OF_FURTHER = ["Setup", "Load", "Summary"]

TAGS = {
    "nbval-check-output",
    "full-run",
    "solution",
    "check",
    "telling",
    "main-figure",
    "claim",
    "fact",
}

COURSE = {"01_mnist_dense", "02_fashion_mnist_dense", "03_kaggle_mnist_3layer", "04_asl_cnn"}

NOTEBOOKS = find.own()


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def cells(path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def _code(cells):
    return [cell for cell in cells if cell["cell_type"] == "code"]


@pytest.fixture
def record(path):
    assert path.read_text(encoding="utf-8").count(f'"{results.MIME_TYPE}"') == 1
    return export.results(nbformat.read(path, as_version=4))


def test_the_course_is_here_and_each_notebook_has_a_companion():
    assert {path.stem for path in NOTEBOOKS} >= COURSE
    companions = {path.name[:2] for path in NOTEBOOKS if find.is_further(path)}
    assert companions == {name[:2] for name in COURSE}


def test_it_is_small_and_its_cells_are_short(path, cells):
    assert path.stat().st_size <= 2e6
    assert (
        statistics.median(len("".join(cell["source"]).splitlines()) for cell in _code(cells)) <= 5
    )


def test_its_cells_were_run_once_in_order_without_a_complaint(cells):
    code = _code(cells)
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell["outputs"]]
    assert not [o for o in outputs if o["output_type"] == "error" or o.get("name") == "stderr"]


def test_it_has_the_sections_in_order(path, cells):
    headings = [
        line.removeprefix("## ")
        for cell in cells
        if cell["cell_type"] == "markdown"
        for line in "".join(cell["source"]).splitlines()
        if line.startswith("## ")
    ]
    expected = SECTIONS_OF_FURTHER if find.is_further(path) else SECTIONS
    assert [heading for heading in headings if heading in expected] == expected


def test_it_says_what_one_learns_and_needs(cells):
    opening = "".join(cells[0]["source"])
    for promise in ("What you will be able to do", "How long it takes", "What you need"):
        assert promise in opening


def test_its_stored_run_is_a_full_one_on_verified_data_and_held_its_promise(record):
    assert (record["quick"], record["practice"], record["verified"]) == (False, False, True)
    assert _held(record) is True


def test_every_figure_has_a_description(path, cells):
    figures = [
        output["metadata"]["image/png"]["alt"]
        for cell in _code(cells)
        for output in cell["outputs"]
        if "image/png" in output.get("data", {})
    ]
    assert len(figures) >= (6 if path.stem in COURSE else 1)
    assert all(len(alt) > 30 for alt in figures)


def test_each_promise_is_marked_and_holds_something(path, cells):
    marked = [c for c in _code(cells) if "nbval-check-output" in c["metadata"].get("tags", [])]
    assert len(marked) >= (6 if path.stem in COURSE else 1)
    assert all(cell["outputs"] for cell in marked)


def test_its_tags_are_those_that_something_reads(cells):
    # A solution whose tag is mistyped would be handed out to students.
    assert {tag for cell in cells for tag in cell["metadata"].get("tags", [])} <= TAGS


def test_it_is_as_long_as_a_sitting_and_says_how_long(path):
    is_core = not find.is_further(path)
    it = lengths.length(nbformat.read(path, 4))
    assert it.announced == it.minutes, f'expected "**How long it takes**: about {it.minutes} min…"'
    if is_core:
        assert it.cells <= 75 and it.words <= 1800
        assert 0 < it.trains < 45
        assert 4 <= it.exercises <= 6
    assert (0 if is_core else 60) <= it.minutes <= 90


def test_every_sentence_that_an_output_could_contradict_is_claimed(path):
    notebook = nbformat.read(path, 4)
    assert sentences.claimed(notebook)
    assert sentences.not_in_the_text(notebook) == []
    assert sentences.unclaimed(notebook) == []


def test_the_readme_says_what_the_notebook_recorded(path, record):
    text = (paths.ROOT / "README.md").read_text(encoding="utf-8")
    stale = "README.md is stale: python -m workbook table"
    assert results_table.renewed(text, {results_table.name(path): record}) == text, stale


def test_another_result_changes_the_readme(path, record):
    text = (paths.ROOT / "README.md").read_text(encoding="utf-8")
    record["accuracy"]["validation"] = 0.12345
    assert "12.35%" in results_table.renewed(text, {results_table.name(path): record})


def test_a_notebook_without_a_row_in_the_readme_is_named(record):
    with pytest.raises(NotebookError, match=r"notebooks/05_more\.ipynb"):
        results_table.renewed("no table", {"05_more": record})
