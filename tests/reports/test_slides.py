"""Slides in a real browser: our notebooks' stored outputs, and notebooks that are not ours."""

import re
from pathlib import Path
from typing import Any

from workbook_staff import slides
from workbook_staff.cli import main
from workbook_staff.notebooks import find

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from loopback import Host
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from playwright.sync_api import Page

OURS = [path.stem for path in find.own()]
COURSE = [path.stem for path in find.own() if not find.is_further(path)]

# One white pixel.
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAG7buVgAAAABJRU5ErkJggg=="

# What stands on the slide that is shown: how far it goes beyond the slide, how much smaller its
# text was made, and how large the smallest text is, all at 1280 by 720.
MEASURE = """() => {
  const section = document.querySelector("section.now");
  const slide = section.querySelector(".slide");
  const frame = slide.getBoundingClientRect();
  let beyond = Math.max(
    slide.scrollHeight - slide.clientHeight, slide.scrollWidth - slide.clientWidth);
  let smallest = 99;
  for (const element of slide.querySelectorAll("*")) {
    if (element.closest("math") && element.localName !== "math") continue;
    const box = element.getBoundingClientRect();
    if (!box.width || !box.height) continue;
    beyond = Math.max(beyond, frame.left - box.left, box.right - frame.right, frame.top - box.top,
      box.bottom - frame.bottom);
    if ([...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) {
      smallest = Math.min(smallest, parseFloat(getComputedStyle(element).fontSize));
    }
  }
  const figures = [...slide.querySelectorAll("figure img")].map((image) => {
    const box = image.getBoundingClientRect();
    return Math.min(box.width, box.height);
  });
  return {
    title: slide.querySelector("h1, h2").textContent, beyond, smallest,
    width: frame.width, height: frame.height, figures, scrolls: section.matches(".scrolls"),
  };
}"""


def stranger(host: str) -> nbformat.NotebookNode:
    """Return a notebook that tries to run and to load, and has more than any slide holds."""
    attack = (
        "<script>document.title = 'run'</script><img src=x onerror=\"document.title = 'run'\">"
        f"<iframe src='{host}/frame'></iframe><script src='{host}/a.js'></script>"
        "<style>.slide { display: none }</style></section></div></main>"
    )
    table = "<tr>" + "<td>a wide cell of a table</td>" * 14 + "</tr>"
    long = "\n".join(f"value_{i} = compute(value_{i - 1}, {'x' * 90})" for i in range(1, 90))
    figure = {"image/png": {"alt": "a rise", "width": 720, "height": 300}}
    return new_notebook(
        cells=[
            new_markdown_cell(f"# A stranger's\n\nIt begins. {attack}\n\n![far]({host}/far.png)"),
            new_markdown_cell(f"{attack}\n\n[here](javascript:alert(1)) $\\text{{{attack}}}$"),
            new_code_cell(
                long,
                execution_count=1,
                outputs=[
                    new_output("display_data", data={"text/html": f"<table>{table * 60}</table>"}),
                    new_output("display_data", data={"text/html": attack}),
                    new_output("stream", text="word " * 400 + "\n" + "line\n" * 500),
                    new_output("stream", text="x" * 4000),
                    new_output("display_data", data={"image/png": PNG}, metadata=figure),
                    new_output("display_data", data={"image/png": PNG}),
                    new_output("error", ename="E", evalue="no", traceback=["no " * 60] * 80),
                ],
            ),
            new_markdown_cell("## Part\n\n" + "A sentence that goes on. " * 400),
            new_markdown_cell("\n".join(f"- a thing {'that is long ' * 9}" for _ in range(40))),
            new_markdown_cell("**What do you expect?** " + "Is it so? " * 150),
            new_code_cell("print('the answer')", execution_count=2, outputs=[
                new_output("stream", text="the answer")]),
            new_markdown_cell("**&lt;b class=injected&gt;Sums.** Here is one too wide for it."
                              "\n\n$$\\sum_i x_i = y + " + "z + " * 60 + "1$$"),
            new_code_cell("secret = 1", metadata={"tags": ["solution"]}, outputs=[]),
        ]
    )  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, host: Host) -> Path:
    """Return a folder with the slides of our notebooks, and of a stranger's."""
    folder = tmp_path_factory.mktemp("slides")
    nbformat.write(stranger(host.url), folder / "stranger.ipynb")
    ours = find.own()
    assert slides.make([*ours, folder / "stranger.ipynb"], folder) == 0
    return folder


@pytest.fixture
def opened(tabs: Any, folder: Path) -> Any:
    def open_slides(name: str, **kind: Any) -> Any:
        tab = tabs(**kind)
        tab.page.goto((folder / f"{name}.slides.html").as_uri())
        if kind.get("java_script_enabled", True):
            tab.page.wait_for_selector(".showing section.now .slide")
        return tab

    return open_slides


def deck(folder: Path, name: str) -> list[Any]:
    text = (folder / f"{name}.slides.html").read_text(encoding="utf-8")
    return BeautifulSoup(text, "html.parser").select("main > section")


def count(page: Page) -> int:
    return page.locator("main > section").count()


def at(page: Page) -> int:
    """Return which slide is shown, from 0."""
    return page.evaluate("[...document.querySelectorAll('main > section')].findIndex("
                         "(section) => section.matches('.now'))")  # fmt: skip


def measured(page: Page) -> list[dict[str, Any]]:
    """Return what stands on each slide, turned as a reader turns them."""
    return page.evaluate(
        """measure => {
          const press = (key) =>
            document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
          press("Home");
          return [...document.querySelectorAll("main > section")].map((section, i) => {
            if (i) press("ArrowRight");
            if (!section.matches(".now")) throw new Error(`slide ${i + 1} is not shown`);
            return { ...eval(measure)(), number: i + 1 };
          });
        }""".replace("eval(measure)", f"({MEASURE})").replace("measure =>", "() =>")
    )


@pytest.mark.parametrize("name", OURS)
def test_slides_of_ours_make_a_lecture_fit_and_can_be_read_from_afar(
    opened: Any, name: str
) -> None:
    found = measured(opened(name).page)
    assert 12 <= len(found) <= 60
    assert {(slide["width"], slide["height"]) for slide in found} == {(1280, 720)}
    assert [slide for slide in found if slide["beyond"] > 1 or slide["scrolls"]] == []
    assert [slide for slide in found if slide["smallest"] < 16] == []
    assert [slide for slide in found if any(side < 200 for side in slide["figures"])] == []


def test_of_a_stranger_nothing_is_cut_off_either(opened: Any) -> None:
    page = opened("stranger").page
    assert [s for s in measured(page) if s["beyond"] > 1 and not s["scrolls"]] == []
    said = page.locator(".rest").all_text_contents()
    assert "… 69 more lines in the notebook" in said and "… 49 more rows in the notebook" in said
    assert "… 29 more points in the notebook" in said


def test_a_slide_that_is_too_large_is_seen_by_the_measure(opened: Any) -> None:
    page = opened(OURS[0]).page
    page.evaluate("""() => {
      const part = document.createElement("div");
      part.style.cssText = "height: 900px; flex: none";
      part.textContent = "x";
      document.querySelector(".now .slide").append(part);
    }""")
    assert page.evaluate(MEASURE)["beyond"] > 100


@pytest.mark.parametrize("name", OURS)
def test_a_question_comes_alone_and_before_its_answer(folder: Path, name: str) -> None:
    made = deck(folder, name)
    asking = [number for number, slide in enumerate(made) if slide.select_one(".slide > div.ask")]
    if name in COURSE:
        assert asking
    for number in asking:
        assert not made[number].select(".code, .text, .rich, .figure")
    answered = [n for n in asking if made[n + 1].select(".code, .text, .rich, .figure")]
    assert len(answered) >= min(2, len(asking))


@pytest.mark.parametrize("name", OURS)
def test_answers_are_on_no_slide_and_descriptions_are_kept(folder: Path, name: str) -> None:
    notebook = nbformat.read(next(p for p in find.own() if p.stem == name), 4)
    made = deck(folder, name)
    text = "\n".join(slide.get_text() for slide in made)
    solutions = [c.source for c in notebook.cells if "solution" in c.metadata.get("tags", [])]
    assert solutions and not [source for source in solutions if source in text]
    alts = {
        output.metadata["image/png"]["alt"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    }
    shown = [image["alt"] for slide in made for image in slide.select("img")]
    assert len(shown) >= (5 if name in COURSE else 1) and set(shown) <= alts


def test_a_slide_has_the_gist_and_its_notes_the_rest(tmp_path: Path) -> None:
    gist = "The first sentence says what the slide is about."
    figure = new_output("display_data", data={"image/png": PNG})
    cells = [
        new_markdown_cell(f"# Title\n\n## Load\n\n{gist} The second explains it."),
        new_code_cell("load()", execution_count=1, outputs=[new_output("stream", text="loaded")]),
        new_code_cell("draw()", execution_count=2, outputs=[figure]),
        new_markdown_cell(f"What the figure showed us.\n\nNext: {gist} And so on."),
        new_code_cell("go()", execution_count=3, outputs=[new_output("stream", text="gone")]),
        new_markdown_cell("## References\n\n- A book"),
    ]
    nbformat.write(new_notebook(cells=cells), tmp_path / "a.ipynb")
    assert slides.make([tmp_path / "a.ipynb"], tmp_path) == 0
    shown, noted = (
        [" ".join(slide.select_one(kind).get_text().split()) for slide in deck(tmp_path, "a")]
        for kind in (".slide", ".notes")
    )
    assert shown.pop(0).startswith("Title → next") and noted.pop(0) == ""
    assert shown == [
        f"Load {gist} load() loaded draw()",
        f"Load What the figure showed us. Next: {gist} go() gone",
    ]
    assert noted == [
        f"{gist} The second explains it.",
        f"What the figure showed us. Next: {gist} And so on.",
    ]


@pytest.mark.parametrize("name", [OURS[0], "stranger"])
def test_the_slides_ask_no_host_and_run_no_script_but_theirs(
    opened: Any, host: Host, name: str
) -> None:
    tab = opened(name)
    page = tab.page
    measured(page)
    assert [url for url in tab.requests if not url.startswith(("file:", "data:"))] == []
    assert page.evaluate(f"fetch('{host.url}/asked').catch(() => 'refused')") == "refused"
    assert host.asked == []
    assert page.title().endswith(": slides")
    assert page.locator("script").count() == 1
    assert page.locator("[onerror], iframe, a[href^='javascript'], .injected").count() == 0


@pytest.mark.parametrize("name", [pytest.param(OURS[-1], marks=pytest.mark.slow), "stranger"])
def test_axe_finds_nothing(opened: Any, name: str) -> None:
    page = opened(name).page
    for _ in range(6):
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        page.keyboard.press("ArrowRight")


def test_the_keyboard_turns_the_slides(opened: Any) -> None:
    page = opened(OURS[0]).page
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert at(page) == 2
    page.keyboard.press("o")
    page.locator("main > section").nth(4).click()
    assert at(page) == 4
    page.keyboard.press("ArrowLeft")
    assert at(page) == 3


def test_the_notes_stand_below_the_slide(opened: Any) -> None:
    page = opened(OURS[0]).page
    page.keyboard.press("ArrowRight")
    page.keyboard.press("s")
    assert page.locator(".now .notes").is_visible()
    page.keyboard.press("s")
    assert not page.locator(".now .notes").is_visible()


@pytest.mark.parametrize("name", [OURS[0], "stranger"])
def test_each_slide_is_printed_on_a_page_of_its_own(opened: Any, name: str) -> None:
    page = opened(name).page
    slides, scrolling = count(page), page.locator(".scrolls").count()
    assert bool(scrolling) == (name == "stranger")
    printed = page.pdf(prefer_css_page_size=True)
    pages = len(re.findall(rb"/Type\s*/Page\b", printed))
    assert pages > slides if scrolling else pages == slides  # what scrolls goes on on a page more
    boxes = re.findall(rb"/MediaBox\s*\[([^\]]+)]", printed)
    assert {tuple(map(float, box.split())) for box in boxes} == {(0, 0, 960, 540)}  # 16 to 9


def test_without_scripts_the_slides_stand_below_each_other_with_their_notes(
    opened: Any, folder: Path
) -> None:
    page = opened(OURS[0], java_script_enabled=False).page
    for kind in (".slide", ".notes"):
        boxes = [page.locator(kind).nth(n).bounding_box() for n in range(4)]
        assert all(box and box["height"] > 50 for box in boxes)
        assert [box["y"] for box in boxes] == sorted({box["y"] for box in boxes})


def test_a_notebook_that_shows_nothing_is_told_in_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nbformat.write(new_notebook(), tmp_path / "empty.ipynb")
    (tmp_path / "broken.ipynb").write_text("{", encoding="utf-8")
    nbformat.write(new_notebook(cells=[new_code_cell("x = 1")]), tmp_path / "bare.ipynb")
    assert main(["slides", str(tmp_path), "--folder", str(tmp_path)]) == 1
    said = capsys.readouterr()
    lines = said.err.splitlines()
    assert [bool(re.match("FAILED .*(empty|broken).ipynb: ", line)) for line in lines] == [True] * 2
    assert "bare.slides.html, without outputs: run the notebook and save it first" in said.out
    assert {path.name for path in tmp_path.glob("*.html")} == {"bare.slides.html"}


def test_a_first_heading_that_is_for_readers_hides_only_its_own_section(tmp_path: Path) -> None:
    cells = [
        new_markdown_cell("**Chapter 3**"),
        new_markdown_cell("# Setup\n\nInstall it."),
        new_code_cell("import this"),
        new_markdown_cell("# The matter\n\nHere it comes, at some length."),
        new_code_cell("go()"),
    ]
    nbformat.write(new_notebook(cells=cells), tmp_path / "third.ipynb")
    assert slides.make([tmp_path / "third.ipynb"], tmp_path) == 0
    made = deck(tmp_path, "third")
    assert [slide.select_one("h1, h2").get_text() for slide in made] == [
        "third",
        "The matter",
    ]
    assert "go()" in made[-1].get_text()


def test_nothing_is_executed(tmp_path: Path) -> None:
    cell = new_code_cell(f"open({str(tmp_path / 'run')!r}, 'w')")
    nbformat.write(new_notebook(cells=[cell]), tmp_path / "a.ipynb")
    assert slides.make([tmp_path / "a.ipynb"], tmp_path) == 0
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("paragraph", "lead"),
    [
        ("A sentence that is long enough here. Another.", "A sentence that is long enough here."),
        ("Short. The next is there, too, here. No.", "Short. The next is there, too, here."),
        ("Call <code>np.argsort. Now</code> and look at it (or not. Really). End.",
         "Call <code>np.argsort. Now</code> and look at it (or not. Really)."),
        ("An <em>emphasised</em> beginning of some length, e.g. this. End <em>of it</em>.",
         "An <em>emphasised</em> beginning of some length, e.g. this."),
        ("It is 3.5 times as much as version 2.1 had. End.",
         "It is 3.5 times as much as version 2.1 had."),
    ],
)  # fmt: skip
def test_a_slide_has_a_paragraphs_first_sentence(paragraph: str, lead: str) -> None:
    assert slides.first_sentence(paragraph) == lead
