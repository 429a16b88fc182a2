"""The exported pages in a real browser: self-contained, accessible, readable on any screen."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.looks import assert_both_are_fine
from workbook import paths
from workbook.results import MIME_TYPE
from workbook_staff import reports

import nbformat
import pytest
from loopback import Host
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from playwright.sync_api import Page

# One white pixel.
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAG7buVgAAAABJRU5ErkJggg=="

RECORD = {
    "dataset": "mnist",
    "title": "MNIST",
    "source": "drawn by the workbook",
    "verified": False,
    "practice": True,
    "quick": True,
    "seed": 42,
    "device": "2 CPU cores",
    "versions": {"python": "3.11.7"},
    "seconds": 125.0,
    "accuracy": {"training": 0.9912, "test": 0.98031},
    "floors": {"test": 0.975},
    "held": None,
}

CODE = """\
@decorated
class Layer(Base):
    '''A docstring that goes on for rather longer than a phone is wide, as they do.'''
    size = 3 + 0x1f  # a comment
    def call(self, x: int) -> str:
        return f"{x!r}" if x is not None else print(len(x)) or raise_(ValueError("\\n"))
!ls
%time x
"""

MARKDOWN = """\
The loss is $-\\log \\hat y$, or

$$L = -\\sum_{i=1}^{n} y_i \\log \\frac{e^{z_i}}{\\sum_{j} e^{z_j}}
+ \\lambda \\sum_{k} w_k^2 + \\text{a term that makes it wide}$$

|   | a wide column of words | another wide column of words | and one more wide column |
|---|---|---|---|
| x | 1 | 2 | 3 |

> A note with `code` and [a link](02_next.ipynb#load).

![remote](HOST/image.png)

```python
print("fenced, and a good deal longer than a phone is wide")
```

    indented, and a good deal longer than a phone is wide
"""


def made_notebook(host: str) -> nbformat.NotebookNode:
    """Return a notebook that holds one of each thing that a page can show.

    Its texts and outputs try to load from ``host``.
    """
    markdown = MARKDOWN.replace("HOST", host)
    table = (
        "<table class='dataframe'><thead><tr><th></th><th>a</th></tr></thead>"
        "<tbody><tr><th>0</th><td>1</td></tr></tbody></table>"
        f"<script>fetch('{host}/fetched')</script><script src='{host}/script.js'></script>"
        f"<img src='{host}/x.png' alt='x'><link rel='stylesheet' href='{host}/x.css'>"
    )
    summary = "<pre style='overflow-x:auto'><span style='color: #00d7ff'>wide " + "━" * 90
    outputs = [
        new_output("stream", name="stdout", text="".join(f"Epoch {i}\n" for i in range(60))),
        new_output("stream", name="stderr", text="a warning " * 20),
        new_output("display_data", data={"text/html": table, "text/plain": "a table"}),
        new_output("display_data", data={"text/html": summary + "</span></pre>"}),
        new_output("display_data", data={"text/latex": "$x^2$", "text/plain": "x^2"}),
        new_output("display_data", data={"text/markdown": markdown}),
        new_output(
            "display_data",
            data={"image/png": PNG},
            metadata={"image/png": {"alt": "accuracy rises", "width": 720, "height": 300}},
        ),
        new_output("display_data", data={MIME_TYPE: RECORD, "text/plain": "98.03%"}),
    ]
    return new_notebook(
        cells=[
            new_markdown_cell("# Digits\n\nWhat you will learn."),
            new_markdown_cell("## Load\n\n#### Deeper\n\n" + markdown),
            new_markdown_cell("Look.\n\n**What do you expect?** Is $x$ `so`?"),
            new_code_cell(CODE, execution_count=1, outputs=outputs),
            new_markdown_cell("## Exercises\n\n## Load\n\nThe same name again."),
            new_code_cell("1", metadata={"tags": ["solution"]}, execution_count=2, outputs=[]),
            new_code_cell(
                "1 / 0",
                execution_count=3,
                outputs=[
                    new_output(
                        "error", ename="ZeroDivisionError", evalue="no", traceback=["no " * 60]
                    )
                ],
            ),
        ]
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, host: Host) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("pages")
    nbformat.write(made_notebook(host.url), folder / "01_digits.ipynb")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "REPORTS", folder)
        reports.make([folder / "01_digits.ipynb"])
        yield folder


@pytest.fixture
def opened(tabs: Any, folder: Path) -> Any:
    def open_page(name: str, **look: Any) -> tuple[Page, list[str]]:
        tab = tabs(**look)
        tab.page.goto((folder / name).as_uri())
        return tab.page, tab.requests

    return open_page


PAGES = pytest.mark.parametrize("name", ["01_digits.html", "index.html"])


@PAGES
def test_a_page_asks_no_host_for_anything(opened: Any, host: Host, name: str) -> None:
    page, requests = opened(name)
    # A script in a trusted output may try; the browser, as the page tells it to, does not let it.
    tried = [url for url in requests if not url.startswith(("file:", "data:"))]
    assert set(tried) <= {f"{host.url}/fetched"}
    assert page.evaluate(f"fetch('{host.url}/asked').catch(() => 'refused')") == "refused"
    assert host.asked == []


@PAGES
def test_axe_finds_nothing(opened: Any, name: str) -> None:
    page, _ = opened(name)
    page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
    assert_both_are_fine(page)


@PAGES
@pytest.mark.parametrize("scripts", [True, False])
def test_a_phone_scrolls_one_way_only(opened: Any, name: str, scripts: bool) -> None:
    kind = {} if scripts else {"java_script_enabled": False}
    page, _ = opened(name, width=360, height=740, **kind)
    size = page.locator("html").evaluate("e => [e.scrollWidth, e.clientWidth]") if scripts else None
    boxes = [page.locator(part).first.bounding_box() for part in ("main", "h1")]
    assert size is None or size[0] <= size[1]
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= 360 for box in boxes)


def test_the_contents_follow_the_page_without_a_script(opened: Any) -> None:
    page, _ = opened("01_digits.html", java_script_enabled=False)
    page.locator("nav a", has_text="Exercises").click()
    page.mouse.wheel(0, 400)
    assert page.locator("nav.contents").bounding_box()["y"] >= 0
    assert page.url.endswith("#exercises")


def test_what_would_be_loaded_is_a_link_instead(opened: Any, host: Host) -> None:
    page, _ = opened("01_digits.html")
    assert page.locator("a", has_text="remote").first.get_attribute("href") == (
        f"{host.url}/image.png"
    )
    assert page.locator("[src]:not([src^='data:'])").count() == 0


def test_without_scripts_everything_shows_but_the_copy_button(opened: Any) -> None:
    page, _ = opened("01_digits.html", java_script_enabled=False)
    page.locator("summary").first.click()
    assert page.get_by_text("Epoch 59").is_visible()
    assert page.locator("math").first.is_visible()
    assert page.locator("button").count() == 0


def test_code_is_copied_with_one_button(opened: Any) -> None:
    page, _ = opened("01_digits.html", permissions=["clipboard-read", "clipboard-write"])
    page.locator(".input button").first.click()
    page.locator("button", has_text="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == CODE.rstrip()


def test_the_first_tab_stop_skips_to_the_content(opened: Any) -> None:
    page, _ = opened("01_digits.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


def test_an_untrusted_page_runs_no_script(tabs: Any, host: Host, tmp_path: Path) -> None:
    notebook = made_notebook(host.url)
    notebook.cells[0].source += (
        "\n\n<script>document.title = 'run'</script><img src=x onerror=\"document.title = 'run'\">"
        "\n\n$\\text{<script>document.title = 'run'</script>}$ [x](javascript:alert(1))"
    )
    nbformat.write(notebook, tmp_path / "mine.ipynb")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "REPORTS", tmp_path)
        reports.make([tmp_path / "mine.ipynb"], untrusted=True)
    text = (tmp_path / "mine.html").read_text(encoding="utf-8")
    page = tabs().page
    page.goto((tmp_path / "mine.html").as_uri())
    assert page.title() == "Digits"
    assert page.locator("script").count() == 0
    assert page.locator("[onerror], a[href^='javascript']").count() == 0
    assert "What you will learn" in text


def test_print_keeps_figures_whole(opened: Any) -> None:
    page, _ = opened("01_digits.html")
    page.emulate_media(media="print")
    assert page.locator("figure").first.evaluate("e => getComputedStyle(e).breakInside") == "avoid"
    assert not page.locator("nav.contents").is_visible()
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_print_opens_what_is_folded(opened: Any) -> None:
    page, _ = opened("01_digits.html")
    folded = page.get_by_text("Epoch 59")
    assert not folded.is_visible()
    page.emulate_media(media="print")
    assert folded.is_visible()


def test_print_cuts_no_line_of_code(opened: Any) -> None:
    page, _ = opened("01_digits.html")
    page.set_viewport_size({"width": 700, "height": 900})
    page.emulate_media(media="print")
    page.locator(".input pre").first.evaluate("e => e.textContent = 'x'.repeat(300)")
    assert page.evaluate(
        "[...document.querySelectorAll('pre')].every(e => e.scrollWidth <= e.clientWidth + 1)"
    )
