"""The preview: a real server on loopback, asked as browsers and as strangers ask."""

import http.client
import time
from pathlib import Path

from workbook import paths
from workbook.errors import WorkbookError
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
        helper = paths.NOTEBOOKS / "helper.py"
        record = frozenset({("read", str(helper))} if helper.exists() else ())
        return execute.Run(notebook, 1.0, started=time.time(), used=record)

    write()
    monkeypatch.setattr(execute, "_executed", executed)
    assert reports.make() == 0


def looked() -> preview.Pages:
    pages = preview.Pages(paths.ROOT / "served")
    pages.look()
    return pages


def version(pages: preview.Pages) -> str:
    return (pages.folder / "a b.version").read_text()


def get(address: str, path: str, host: str = "") -> tuple[int, str, dict[str, str]]:
    port = int(address.rsplit(":", 1)[1].strip("/"))
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers={"Host": host} if host else {})
    answer = connection.getresponse()
    return answer.status, answer.read().decode(), dict(answer.getheaders())


def test_changed_prose_is_shown_with_the_kept_run(run):
    pages = looked()
    assert "as run" in pages.served["a b"].page.text
    write(prose="# Another title")
    assert [line.split("  ")[0] for line in pages.look()] == ["a b"]
    page = pages.served["a b"]
    assert "Another title" in page.page.text and "as run" in page.page.text and page.note == ""
    assert pages.look() == []


def test_changed_code_is_shown_with_stored_outputs_and_a_word_on_that(run):
    pages = looked()
    write(source="print(2)")
    pages.look()
    text, note = pages.served["a b"].page.text, pages.served["a b"].note
    assert "as stored" in text
    assert "its code changed since its last run. make reports executes it" in note
    with preview.serving(pages.folder, 0) as address:
        assert note in get(address, "/a%20b.html")[1]


@pytest.mark.parametrize("folder", ["data", "data/models", "placed/digit-recognizer"])
def test_a_file_of_data_that_comes_is_noticed(run, folder: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("WORKBOOK_DATA_DIR", str(paths.ROOT / "placed"))
    (paths.ROOT / folder).mkdir(parents=True, exist_ok=True)
    assert looked().look() == []
    pages = looked()
    monkeypatch.setattr(reports.cache().__class__, "find", lambda *_: (None, "its data changed"))
    assert pages.look() == []
    (paths.ROOT / folder / "train.csv").write_text("1")
    assert [line.split("  ")[0] for line in pages.look()] == ["a b"]


def test_where_no_run_is_kept_it_says_so():
    write()
    assert "no run of it is kept" in looked().served["a b"].note


def test_a_file_that_is_half_written_keeps_the_page_before_it_and_the_next_save_mends_it(run):
    pages = looked()
    path = paths.NOTEBOOKS / "a b.ipynb"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    pages.look()
    text, note = pages.served["a b"].page.text, pages.served["a b"].note
    assert "as run" in text and "Not renewed" in note and "not a notebook" in note
    path.write_bytes(whole)
    pages.look()
    assert pages.served["a b"].note == ""


def test_one_that_never_was_a_notebook_has_a_page_that_says_so():
    (paths.NOTEBOOKS / "x.ipynb").write_text("no <b>JSON</b>")
    with preview.serving(looked().folder, 0) as address:
        status, text, _ = get(address, "/x.html")
    assert status == 200 and "not a notebook" in text


def test_notebooks_that_come_and_go():
    pages = looked()
    assert list(pages.served) == []
    path = write()
    pages.look()
    assert list(pages.served) == ["a b"]
    path.unlink()
    pages.look()
    assert list(pages.served) == []
    assert [path.name for path in pages.folder.iterdir()] == ["index.html"]


def test_it_lists_the_pages_and_serves_nothing_else(checkout):
    write()
    with preview.serving(looked().folder, 0) as address:
        assert 'href="a%20b.html"' in get(address, "/")[1]
        assert get(address, "/a%20b.html?x#y")[0] == 200
        for path in (
            "/a b.ipynb".replace(" ", "%20"),
            "/../a%20b.ipynb",
            "/%2e%2e/notebooks/a%20b.ipynb",
            "//etc/passwd",
            "/notebooks/",
            "/version/",
            "/none.version",
            "/b.html",
        ):
            assert get(address, path)[0] == 404, path


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1", "[::1]:1"])
def test_another_name_that_leads_here_is_refused(host):
    write()
    with preview.serving(looked().folder, 0) as address:
        port = address.rsplit(":", 1)[1].strip("/")
        status, text, _ = get(address, "/a%20b.html", host.replace("{port}", port))
        assert status == 403 and "as stored" not in text
        assert get(address, "/a%20b.html", f"localhost:{port}")[0] == 200


def test_it_listens_on_loopback_alone():
    with preview.serving(looked().folder, 0) as address:
        assert address.startswith("http://127.0.0.1:")


def test_no_other_site_may_read_or_frame_it():
    write()
    with preview.serving(looked().folder, 0) as address:
        headers = get(address, "/a%20b.html")[2]
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"
    assert "Access-Control-Allow-Origin" not in headers


def test_the_exported_page_has_neither_the_script_nor_the_right(run):
    text = (paths.REPORTS / "a b.html").read_text(encoding="utf-8")
    assert "setInterval" not in text and "connect-src" not in text
    with preview.serving(looked().folder, 0) as address:
        served = get(address, "/a%20b.html")[1]
    assert "setInterval" in served and "connect-src 'self'" in served


def test_the_version_is_another_after_a_change():
    write()
    pages = looked()
    with preview.serving(pages.folder, 0) as address:
        before = get(address, "/a%20b.version")[1]
        assert before == get(address, "/a%20b.version")[1] == version(pages)
        write(prose="# Another")
        pages.look()
        assert get(address, "/a%20b.version")[1] != before


def test_a_browser_shows_what_was_saved_by_itself(run, browser):
    pages = looked()
    page = browser.new_page()
    troubles: list[str] = []
    page.on("console", lambda s: troubles.append(s.text) if s.type == "error" else None)
    with preview.serving(pages.folder, 0) as address:
        page.goto(f"{address}a%20b.html")
        page.get_by_role("heading", name="A title").wait_for()
        for title in ("Second", "Third"):
            write(prose=f"# {title}")
            pages.look()
            page.get_by_role("heading", name=title).wait_for(timeout=10_000)
        page.close()
    assert troubles == []


def test_a_run_made_beside_the_preview_is_taken_up(run):
    pages = looked()
    write(source="print(2)")
    pages.look()
    before, at = pages.served["a b"], version(pages)
    assert "as stored" in before.page.text and "code changed" in before.note
    assert reports.make() == 0
    assert len(pages.look()) == 1
    after = pages.served["a b"]
    assert "as run" in after.page.text and after.note == "" and version(pages) != at
    assert pages.look() == []


def test_a_kept_run_that_is_removed_is_told_of(run, checkout):
    pages = looked()
    for file in reports.cache().folder.glob("*.json"):
        file.unlink()
    pages.look()
    assert "no run of it is kept" in pages.served["a b"].note


def test_a_module_saved_during_the_preview_is_told_of(run):
    helper = paths.NOTEBOOKS / "helper.py"
    helper.write_text("x = 1")
    write(source="import helper")
    assert reports.make() == 0
    pages = looked()
    before = pages.served["a b"]
    assert before.note == ""
    helper.write_text("x = 2")
    assert len(pages.look()) == 1
    after = pages.served["a b"]
    assert "helper" in after.note and "changed" in after.note and "as stored" in after.page.text
    assert after.note in after.page.text
    helper.write_text("x = 1")
    pages.look()
    assert pages.served["a b"].note == "" and "as run" in pages.served["a b"].page.text


def test_a_table_saved_beside_the_notebook_is_told_of(run):
    (paths.NOTEBOOKS / "t.csv").write_text("1")
    write(source="import helper; open('t.csv')")
    (paths.NOTEBOOKS / "helper.py").write_text("x = 1")
    assert reports.make() == 0
    pages = looked()
    (paths.NOTEBOOKS / "t.csv").write_text("2")
    pages.look()
    assert "t.csv" in pages.served["a b"].note


def test_a_module_saved_as_it_was_renews_no_page(run):
    (paths.NOTEBOOKS / "helper.py").write_text("x = 1")
    write(source="import helper")
    assert reports.make() == 0
    pages = looked()
    before = version(pages)
    (paths.NOTEBOOKS / "helper.py").write_text("x = 1")
    assert pages.look() == []
    assert version(pages) == before


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("http://localhost:9000/", "localhost:9000"),
        ("http://localhost:9000", "LOCALHOST:9000"),
        ("https://Hub.example/user/anna/proxy/8765/", "hub.example"),
        ("https://hub.example:443/", "hub.example"),
        ("http://[::1]:9000/", "[::1]:9000"),
    ],
)
def test_an_address_that_is_named_is_answered_and_no_other(address, host):
    write()
    with preview.serving(looked().folder, 0, preview._host(address)) as here:
        assert get(here, "/a%20b.html", host)[0] == 200
        assert get(here, "/a%20b.html")[0] == 200
        for other in ("evil.example", f"evil.{host}", f"{host}.evil.example", host + "0"):
            status, text, _ = get(here, "/a%20b.html", other)
            assert status == 403 and "as stored" not in text
            assert "--address" in text


@pytest.mark.parametrize("address", ["localhost:9000", "hub.example", "ftp://a/", "http://", "x"])
def test_what_is_no_address_is_told(address):
    with pytest.raises(WorkbookError, match="no address of a page; expected one"):
        preview._host(address)


def test_a_port_that_is_taken_is_told():
    with preview.serving(looked().folder, 0) as first:
        port = int(first.rsplit(":", 1)[1].strip("/"))
        with pytest.raises(WorkbookError, match=f"port {port} cannot be used"):  # noqa: SIM117
            with preview.serving(looked().folder, port):
                pass


def test_links_and_versions_hold_behind_a_proxy_that_adds_folders():
    write()
    with preview.serving(looked().folder, 0) as here:
        index, page = get(here, "/")[1], get(here, "/a%20b.html")[1]
    assert 'href="a%20b.html"' in index
    assert 'fetch("a%20b.version")' in page
