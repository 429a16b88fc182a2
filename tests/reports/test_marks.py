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
    text = export.Exporter(untrusted=untrusted).page(Run(notebook, 0.0), Path("a.ipynb"))
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


WIDE = """() => {
  const box = (e) => e.getBoundingClientRect();
  return [...document.querySelectorAll(".wide table")].map((table) => ({
    beyond: box(table).right - box(table.closest(".rich")).right,
    cut: [...table.querySelectorAll("td, th")]
      .filter((cell) => cell.scrollWidth > cell.clientWidth + 1).length,
  }));
}"""


@pytest.mark.parametrize("columns", [13, 40, 100])
@pytest.mark.parametrize("untrusted", [False, True])
def test_a_wide_table_is_whole_on_paper(
    browser: Any, tmp_path: Path, columns: int, untrusted: bool
) -> None:
    row = "".join(f"<td>{number}.2345</td>" for number in range(columns))
    table = f"<table class='dataframe'><tr>{row}</tr></table>"
    made = new_code_cell(
        "x", outputs=[new_output("display_data", data={"text/html": table})], execution_count=1
    )
    text = export.Exporter(untrusted=untrusted).page(
        Run(new_notebook(cells=[made]), 0.0), Path("a.ipynb")
    )
    (tmp_path / "a.html").write_text(text, encoding="utf-8")
    opened = browser.new_page(viewport={"width": 1001, "height": 700})  # 265 mm
    opened.goto((tmp_path / "a.html").as_uri())
    opened.emulate_media(media="print")
    (found,) = opened.evaluate(WIDE)
    opened.close()
    assert found["beyond"] <= 1 and found["cut"] == 0
