"""The preview: a real server on loopback, asked as browsers and as strangers ask."""

import http.client
import threading
import time
from pathlib import Path

from workbook import paths
from workbook_staff import preview, reports
from workbook_staff.notebooks import execute

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output


@pytest.fixture(autouse=True)
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setattr(paths, "NOTEBOOKS", tmp_path / "notebooks")
    monkeypatch.setattr(paths, "REPORTS", tmp_path / "reports")
    monkeypatch.setattr(paths, "DATA", tmp_path / "data")
    monkeypatch.setattr(paths, "CACHE", tmp_path / "data" / "cache")
    monkeypatch.delenv("CI", raising=False)
    (tmp_path / "notebooks").mkdir()
    return tmp_path


def write(source: str = "print(1)", prose: str = "# A title", name: str = "a b") -> Path:
    path = paths.NOTEBOOKS / f"{name}.ipynb"
    output = new_output("stream", name="stdout", text="as stored")
    cells = [new_markdown_cell(prose), new_code_cell(source, outputs=[output])]
    nbformat.write(new_notebook(cells=cells), path)
    return path


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep a run of the notebook, made by a stand-in for the kernel."""

    def executed(job: execute.Job, *_: object) -> execute.Run:
        notebook = nbformat.read(job.path, 4)
        notebook.cells[1].outputs[0].text = "as run"
        return execute.Run(notebook, 1.0)

    write()
    monkeypatch.setattr(execute, "_executed", executed)
    assert reports.make() == 0


def looked() -> preview.Pages:
    pages = preview.Pages()
    pages.look()
    return pages


def get(address: str, path: str, host: str = "") -> tuple[int, str, dict[str, str]]:
    port = int(address.rsplit(":", 1)[1].strip("/"))
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers={"Host": host} if host else {})
    answer = connection.getresponse()
    return answer.status, answer.read().decode(), dict(answer.getheaders())


def test_changed_prose_is_shown_with_the_kept_run(run):
    pages = looked()
    assert "as run" in pages.page("a b.html")[1]
    write(prose="# Another title")
    assert [line.split("  ")[0] for line in pages.look()] == ["a b"]
    _, text, note = pages.page("a b.html")
    assert "Another title" in text and "as run" in text and note == ""
    assert pages.look() == []


def test_changed_code_is_shown_with_stored_outputs_and_a_word_on_that(run):
    pages = looked()
    write(source="print(2)")
    pages.look()
    _, text, note = pages.page("a b.html")
    assert "as stored" in text
    assert "its code changed since its last run. make reports executes it" in note
    with preview.serving(pages, 0) as address:
        assert note in get(address, "/a%20b.html")[1]


def test_where_no_run_is_kept_it_says_so():
    write()
    assert "no run of it is kept" in looked().page("a b.html")[2]


def test_a_file_that_is_half_written_keeps_the_page_before_it_and_the_next_save_mends_it(run):
    pages = looked()
    path = paths.NOTEBOOKS / "a b.ipynb"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    pages.look()
    _, text, note = pages.page("a b.html")
    assert "as run" in text and "Not renewed" in note and "not a notebook" in note
    path.write_bytes(whole)
    pages.look()
    assert pages.page("a b.html")[2] == ""


def test_one_that_never_was_a_notebook_has_a_page_that_says_so():
    (paths.NOTEBOOKS / "x.ipynb").write_text("no <b>JSON</b>")
    with preview.serving(looked(), 0) as address:
        status, text, _ = get(address, "/x.html")
    assert status == 200 and "not a notebook" in text


def test_notebooks_that_come_and_go():
    pages = looked()
    assert pages.names() == []
    path = write()
    pages.look()
    assert pages.names() == ["a b.html"]
    path.unlink()
    pages.look()
    assert pages.names() == []


def test_it_lists_the_pages_and_serves_nothing_else(checkout):
    write()
    with preview.serving(looked(), 0) as address:
        assert 'href="/a%20b.html"' in get(address, "/")[1]
        assert get(address, "/a%20b.html?x#y")[0] == 200
        for path in (
            "/a b.ipynb".replace(" ", "%20"),
            "/../a%20b.ipynb",
            "/%2e%2e/notebooks/a%20b.ipynb",
            "//etc/passwd",
            "/notebooks/",
            "/news/",
            "/news/none.html",
            "/b.html",
        ):
            assert get(address, path)[0] == 404, path


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1", "[::1]:1"])
def test_another_name_that_leads_here_is_refused(host):
    write()
    with preview.serving(looked(), 0) as address:
        port = address.rsplit(":", 1)[1].strip("/")
        status, text, _ = get(address, "/a%20b.html", host.replace("{port}", port))
        assert status == 403 and "as stored" not in text
        assert get(address, "/a%20b.html", f"localhost:{port}")[0] == 200


def test_it_listens_on_loopback_alone_and_takes_another_port_where_one_is_taken():
    with preview.serving(looked(), 0) as first:
        port = int(first.rsplit(":", 1)[1].strip("/"))
        assert first.startswith("http://127.0.0.1:")
        with preview.serving(looked(), port) as second:
            assert second != first
            assert get(second, "/")[0] == 200


def test_no_other_site_may_read_or_frame_it():
    write()
    with preview.serving(looked(), 0) as address:
        headers = get(address, "/a%20b.html")[2]
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"
    assert "Access-Control-Allow-Origin" not in headers


def test_the_exported_page_has_neither_the_script_nor_the_right(run):
    text = (paths.REPORTS / "a b.html").read_text(encoding="utf-8")
    assert "EventSource" not in text and "connect-src" not in text
    with preview.serving(looked(), 0) as address:
        served = get(address, "/a%20b.html")[1]
    assert "EventSource" in served and "connect-src 'self'" in served


def test_the_news_come_at_a_change_and_at_once_to_a_page_that_missed_one():
    write()
    pages = looked()
    version = pages.page("a b.html")[0]
    with preview.serving(pages, 0) as address:
        told: list[str] = []
        asking = threading.Thread(
            target=lambda: told.append(get(address, f"/news/a%20b.html?after={version}")[1])
        )
        asking.start()
        time.sleep(0.3)
        assert not told
        write(prose="# Another")
        pages.look()
        asking.join(10)
        assert told == ["data: changed\n\n"]
        assert get(address, f"/news/a%20b.html?after={version}")[1] == "data: changed\n\n"


def test_a_browser_shows_what_was_saved_by_itself(run, browser):
    pages = looked()
    page = browser.new_page()
    troubles: list[str] = []
    page.on("console", lambda s: troubles.append(s.text) if s.type == "error" else None)
    with preview.serving(pages, 0) as address:
        page.goto(f"{address}a%20b.html")
        page.get_by_role("heading", name="A title").wait_for()
        for title in ("Second", "Third"):
            write(prose=f"# {title}")
            pages.look()
            page.get_by_role("heading", name=title).wait_for(timeout=10_000)
        page.close()
    assert troubles == []
