"""What an author marked to be hidden, on pages and on slides; and cells run out of order."""

from pathlib import Path
from typing import Any

from workbook_staff import slides
from workbook_staff.notebooks.execute import Run, stored
from workbook_staff.pages import export

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output


def cell(name: str = "it", **metadata: Any) -> nbformat.NotebookNode:
    printed = new_output("stream", text=f"printed_{name}")
    return new_code_cell(f"code_{name}()", metadata=metadata, execution_count=1, outputs=[printed])


def page(*cells: nbformat.NotebookNode, untrusted: bool = False) -> BeautifulSoup:
    notebook = new_notebook(cells=[new_markdown_cell("# Title"), *cells])
    text = export.Exporter(untrusted=untrusted).page(Run(notebook, 0.0), Path("a.ipynb")).text
    return BeautifulSoup(text, "html.parser").main


def deck(tmp_path: Path, *cells: nbformat.NotebookNode) -> list[str]:
    nbformat.write(new_notebook(cells=[new_markdown_cell("# Title"), *cells]), tmp_path / "a.ipynb")
    text = slides.page(stored(tmp_path / "a.ipynb"), tmp_path / "a.ipynb")
    soup = BeautifulSoup(text, "html.parser")
    return [" ".join(slide.get_text().split()) for slide in soup.select(".slide")]


WHOLE, INPUT, OUTPUT = {"code", "printed"}, {"code"}, {"printed"}
MARKS = [
    ({"tags": ["remove-cell"]}, WHOLE),
    ({"tags": ["remove_cell"]}, WHOLE),
    ({"tags": ["hide-cell"]}, WHOLE),
    ({"tags": ["remove-input"]}, INPUT),
    ({"tags": ["hide_input"]}, INPUT),
    ({"tags": ["remove-output"]}, OUTPUT),
    ({"tags": ["remove_all_outputs"]}, OUTPUT),
    ({"tags": ["hide-output", "other"]}, OUTPUT),
    ({"jupyter": {"source_hidden": True}}, INPUT),
    ({"jupyter": {"source_hidden": True, "outputs_hidden": True}}, WHOLE),
    ({"collapsed": True, "jupyter": {}}, OUTPUT),
    ({"hide_input": True, "collapsed": False}, INPUT),
    ({"cellView": "form"}, INPUT),
    ({"cellView": "code"}, set()),
]


@pytest.mark.parametrize(("metadata", "hidden"), MARKS)
def test_what_is_hidden_is_on_no_slide(
    tmp_path: Path, metadata: dict[str, Any], hidden: set[str]
) -> None:
    text = " ".join(deck(tmp_path, cell("it", **metadata), cell("other")))
    assert {part for part in WHOLE if f"{part}_it" not in text} == hidden
    assert "code_other" in text and "printed_other" in text


@pytest.mark.parametrize("name", ["solution", "check", "claim", "full-run"])
def test_answers_and_checks_are_on_no_slide(tmp_path: Path, name: str) -> None:
    assert "_it" not in " ".join(deck(tmp_path, cell("it", tags=[name]), cell("other")))


def test_a_cell_to_be_skipped_is_on_no_slide_and_on_the_page(tmp_path: Path) -> None:
    skip = {"slideshow": {"slide_type": "skip"}}
    words = new_markdown_cell("These words are for readers.", metadata=skip)
    text = " ".join(deck(tmp_path, words, cell("it", **skip), cell("other")))
    assert "_it" not in text and "for readers" not in text and "code_other" in text
    assert "code_it" in page(words, cell("it", **skip)).get_text()


def test_an_author_opens_slides_and_goes_on_on_them(tmp_path: Path) -> None:
    def marked(kind: str, name: str) -> nbformat.NotebookNode:
        return cell(name, slideshow={"slide_type": kind})

    heading = new_markdown_cell("## Part")
    notes = new_markdown_cell("For the speaker.", metadata={"slideshow": {"slide_type": "notes"}})
    made = deck(tmp_path, heading, cell("one"), marked("slide", "two"), marked("-", "three"), notes)
    assert [text for text in made if "For the speaker" in text] == []
    assert [("one" in t, "two" in t, "three" in t) for t in made[1:]] == [
        (True, False, False),
        (False, True, True),
    ]


@pytest.mark.parametrize("found", ["skip", 3, None, ["skip"], {"slide_type": ["skip"]}])
def test_a_mark_of_another_form_changes_nothing(tmp_path: Path, found: Any) -> None:
    assert "code_it" in " ".join(deck(tmp_path, cell("it", slideshow=found)))


@pytest.mark.parametrize(("metadata", "hidden"), MARKS)
def test_on_a_page_what_is_removed_is_gone_and_what_is_hidden_is_folded(
    metadata: dict[str, Any], hidden: set[str]
) -> None:
    main = page(cell("it", **metadata))
    folded = " ".join(details.get_text() for details in main.select("details"))
    removes = any(tag.startswith("remove") for tag in metadata.get("tags", []))
    text = main.get_text()
    assert {part for part in WHOLE if f"{part}_it" not in text} == (hidden if removes else set())
    assert {part for part in WHOLE if f"{part}_it" in folded} == (set() if removes else hidden)


@pytest.mark.parametrize(("metadata", "hidden"), MARKS)
def test_of_what_was_handed_in_nothing_is_left_out(
    metadata: dict[str, Any], hidden: set[str]
) -> None:
    text = page(cell("it", **metadata), untrusted=True).get_text()
    assert all(f"{part}_it" in text for part in WHOLE)


@pytest.mark.parametrize(
    ("counts", "word"),
    [
        ([7, 3, None, 3], "7, 3, none, 3"),
        ([2, 1], "2, 1"),
        ([1, 2, None], "1, 2, none"),
        ([1, 1, 2], "1, 1, 2"),
        ([1, 2, 3], ""),
        ([4, 6, 9], ""),
        ([None, None], ""),
    ],
)
@pytest.mark.parametrize("untrusted", [False, True])
def test_cells_run_out_of_order_are_told_of(
    counts: list[int | None], word: str, untrusted: bool
) -> None:
    cells = [new_code_cell("x", execution_count=count) for count in counts]
    cells.insert(1, new_code_cell(""))
    text = page(*cells, untrusted=untrusted).get_text()
    assert ("Not run from top to bottom" in text) == bool(word)
    assert f"in the order {word}:" in text or not word


ON_PAPER = """() => {
  const paper = document.querySelector("main").getBoundingClientRect().right;
  const beyond = (e) => e.getBoundingClientRect().right - paper;
  const cells = [...document.querySelectorAll(".wide :is(td, th)")];
  return {
    cells: cells.length,
    cut: cells.filter((cell) => cell.scrollWidth > cell.clientWidth + 1).length,
    beyond: Math.max(...[...document.querySelectorAll("td, th, math *")].map(beyond)),
  };
}"""


def on_paper(tabs: Any, tmp_path: Path, untrusted: bool, *cells: nbformat.NotebookNode) -> Any:
    run = Run(new_notebook(cells=cells), 0.0)
    text = export.Exporter(untrusted=untrusted).page(run, Path("a.ipynb")).text
    (tmp_path / "a.html").write_text(text, encoding="utf-8")
    opened = tabs(width=1001, height=700).page  # 265 mm
    opened.goto((tmp_path / "a.html").as_uri())
    opened.emulate_media(media="print")
    return opened.evaluate(ON_PAPER)


@pytest.mark.parametrize(("columns", "untrusted"), [(13, False), (40, True), (100, True)])
@pytest.mark.parametrize("kind", ["text/html", "text/markdown", "Markdown"])
def test_a_wide_table_is_whole_on_paper(
    tabs: Any, tmp_path: Path, columns: int, kind: str, untrusted: bool
) -> None:
    if kind == "text/html":
        row = "".join(f"<td>{number}.2345</td>" for number in range(columns))
        table = f"<table class='dataframe'><tr>{row}</tr></table>"
    else:
        row = "".join(f"|{number}.2345" for number in range(columns))
        table = f"{row}|\n{'|-' * columns}|\n"
    output = new_output("display_data", data={kind: table})
    made = (
        new_markdown_cell(f"A table:\n\n{table}")
        if kind == "Markdown"
        else new_code_cell("x", outputs=[output], execution_count=1)
    )
    found = on_paper(tabs, tmp_path, untrusted, made)
    assert found["cells"] == columns and found["cut"] == 0 and found["beyond"] <= 1


@pytest.mark.parametrize(
    "formula",
    ["+".join(f"a_{{{n}}}" for n in range(90)), r"y = \sum_i " + r"\frac{x_i}{2} - " * 60 + "1"],
)
def test_a_long_formula_is_whole_on_paper(tabs: Any, tmp_path: Path, formula: str) -> None:
    made = new_markdown_cell(f"$${formula}$$")
    assert on_paper(tabs, tmp_path, True, made)["beyond"] <= 1


def test_a_heading_with_nothing_below_it_is_a_slide(tmp_path: Path) -> None:
    text = "## One\n\nWords.\n\n## Two\n\n## Three\n\n### Part\n\nMore.\n\n## Last"
    shown = deck(tmp_path, new_markdown_cell(text))
    assert [
        next(name for name in ("Title", "One", "Two", "Part", "Last") if name in one)
        for one in shown
    ] == ["Title", "One", "Two", "Part", "Last"]
    assert "Three" in shown[3]
