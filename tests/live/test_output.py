"""One output everywhere: notebook, page, untrusted page, still picture."""

import base64
import hashlib
import json
import re
from typing import Any

from workbook import live, notice, paths
from workbook_staff import live_page, refresh, reports
from workbook_staff.cli import main
from workbook_staff.notebooks import execute
from workbook_staff.pages import export
from workbook_staff.pages.anchors import Anchors

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from networks import LETTERS, dense, hands
from playwright.sync_api import expect

# Keras' own, where it saves a model.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def pad() -> live.Live:
    return live.pad({"plain": dense(), "with distortions": dense(warp=True)})


def notebook(*shown: live.Live) -> nbformat.NotebookNode:
    cells = [new_markdown_cell("# Digits")]
    for one in shown:
        data, metadata = one._repr_mimebundle_()
        outputs = [new_output("execute_result", data=data, metadata=metadata, execution_count=1)]
        cells.append(new_code_cell("live.pad(model)", execution_count=1, outputs=outputs))
    return new_notebook(cells=cells)


@pytest.fixture
def exported(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(paths, "REPORTS", tmp_path)
    monkeypatch.setattr(paths, "CACHE", tmp_path / "cache")

    def write(made: nbformat.NotebookNode, untrusted: bool = False) -> str:
        nbformat.write(made, tmp_path / "01_digits.ipynb")
        assert reports.make([tmp_path / "01_digits.ipynb"], untrusted=untrusted) == 0
        return (tmp_path / "01_digits.html").read_text(encoding="utf-8")

    return write


def policy(text: str) -> str:
    [named] = BeautifulSoup(text, "html.parser").select("[http-equiv=Content-Security-Policy]")
    return str(named["content"])


def scripts(text: str) -> list[str]:
    return re.findall(r"<script>(.*?)</script>", text, re.DOTALL)


def test_it_shows_itself_as_html_as_a_picture_and_in_words(pad: live.Live) -> None:
    data, metadata = pad._repr_mimebundle_()
    assert set(data) == {live.MIME_TYPE, "text/html", "image/png", "text/plain"}
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert "plain reads" in metadata["image/png"]["alt"] == data["text/plain"]
    assert data["text/html"].index("<img") < data["text/html"].index("<script")
    assert len(json.dumps(data[live.MIME_TYPE])) < 200


def test_a_page_names_its_script_by_its_hash_and_no_other_runs(exported, pad, tabs: Any):
    made = notebook(pad)
    made.cells[0].source += "\n\n<script>document.title = 'another'</script>"
    text = exported(made)
    own = [found for found in scripts(text) if "another" not in found]
    assert len(own) == 1
    digest = base64.b64encode(hashlib.sha256(own[0].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in policy(text)
    assert "unsafe-inline" not in policy(text).replace("style-src 'unsafe-inline'", "")
    tab = tabs()
    tab.page.goto((paths.REPORTS / "01_digits.html").as_uri())
    expect(tab.page.get_by_role("application", name="Drawing pad")).to_be_visible()
    expect(tab.page.get_by_role("button", name="Copy").first).to_be_attached()
    assert tab.page.title() == "Digits"
    assert not [url for url in tab.requests if not url.startswith(("file:", "data:"))]


def test_several_outputs_share_the_script(exported, pad, pictures, tabs: Any) -> None:
    text = exported(notebook(pad, live.inside(hands(), *pictures, LETTERS), pad))
    assert len(scripts(text)) == 1 and len(text) < 3e6
    tab = tabs(height=800).page
    tab.goto((paths.REPORTS / "01_digits.html").as_uri())
    assert tab.get_by_role("application", name="Drawing pad").count() == 2
    assert tab.get_by_role("group", name="Test images").count() == 1
    found = Axe().run(tab)
    assert found.violations_count == 0, found.generate_report()


def test_a_page_without_it_carries_nothing_of_it(exported) -> None:
    text = exported(
        new_notebook(cells=[new_code_cell("1", outputs=[new_output("stream", text="1")])])
    )
    assert "workbook-live" not in text and "script-src 'sha256-" in policy(text)


def test_an_untrusted_page_keeps_the_picture_only(exported, pad: live.Live, tabs: Any) -> None:
    text = exported(notebook(pad), untrusted=True)
    assert "script-src 'none'" in policy(text)
    assert "<script" not in text and "application/json" not in text
    tab = tabs().page
    tab.goto((paths.REPORTS / "01_digits.html").as_uri())
    expect(tab.get_by_role("img", name=re.compile("A still picture of the pad"))).to_be_visible()
    assert tab.locator("[role=application]").count() == 0


@pytest.mark.parametrize("record", [None, [], "x", 3, {}, {"kind": "pad", "sha256": "0" * 64}])
def test_without_its_data_it_is_a_still_picture_and_a_word(
    record, exported, pad: live.Live
) -> None:
    made = notebook(pad)
    made.cells[1].outputs[0].data[live.MIME_TYPE] = record
    del made.cells[1].outputs[0].data["text/html"]
    text = exported(made)
    assert "application/json" not in text and "A still picture of the pad" in text
    assert "execute the notebook again" in text
    assert "execute the notebook again" not in exported(made, untrusted=True)


def test_practice_data_is_named_wherever_it_shows(opened, monkeypatch) -> None:
    monkeypatch.setitem(notice.PRACTICE, "mnist", "MNIST")
    tab = opened(live.pad(dense((4,))))
    expect(tab.locator(".notice")).to_have_text(notice.text())
    assert notice.text() in tab.locator("img").get_attribute("alt")


def test_no_tag_can_begin_in_the_data(exported, pad: live.Live) -> None:
    evil = live.Live({**pad.payload, "notice": "</script><script>alert(1)</script>"}, pad.still)
    text = exported(notebook(evil))
    assert "</script><script>alert" not in text
    assert "</script><script>alert" not in live_page.render(evil, "<b>")


def test_a_stored_notebook_holds_the_data_and_its_page_runs_elsewhere(
    tmp_path, monkeypatch, pad: live.Live
) -> None:
    path = tmp_path / "mine.ipynb"
    nbformat.write(notebook(pad), path)
    monkeypatch.setattr(
        refresh,
        "execute_all",
        lambda jobs, at_once: [(job, execute.Run(execute.read(job.path), 1.0)) for job in jobs],
    )
    assert refresh.refresh([path]) == 0
    monkeypatch.setattr(paths, "CACHE", tmp_path / "another machine's")
    made = export.Exporter().page(execute.stored(path), path).text
    assert '<script type="application/json">{"kind":"pad"' in made
    slides = export.Exporter(untrusted=True).cells(execute.read(path), Anchors(), tmp_path)
    assert [piece.kind for cell in slides for piece in cell.pieces] == ["picture"]


def test_a_page_can_stand_alone(tmp_path, capsys, tabs: Any) -> None:
    dense().save(tmp_path / "01_mine.keras")
    assert main(["live", str(tmp_path / "01_mine.keras"), "--folder", str(tmp_path / "out")]) == 0
    written = tmp_path / "out" / "01_mine.html"
    assert capsys.readouterr().out.strip() == str(written)
    text = written.read_text(encoding="utf-8")
    assert "unsafe-inline" not in policy(text).replace("style-src 'unsafe-inline'", "")
    tab = tabs().page
    tab.goto(written.as_uri())
    expect(tab.get_by_role("application", name="Drawing pad")).to_be_visible()


def test_a_saved_model_with_layers_of_the_workbook_is_read(tmp_path) -> None:
    dense(warp=True).save(tmp_path / "warped.keras")
    [page] = live_page.write([tmp_path / "warped.keras"], tmp_path)
    assert page.is_file()


@pytest.mark.parametrize("kind", ["missing", "broken", "another", "hands"])
def test_a_model_that_cannot_be_shown_is_told_in_a_line(kind, tmp_path, capsys) -> None:
    path = tmp_path / "mine.keras"
    if kind == "broken":
        path.write_bytes(b"PK\x03\x04 and nothing more")
    if kind == "another":
        path.write_text("no model")
    if kind == "hands":
        hands().save(path)
    assert main(["live", str(path), "--folder", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert said.startswith("FAILED: ") and "mine" in said and said.count("\n") == 1
