"""What other people's notebooks hold, as their pages show it: one kind after the other."""

import base64
import io
import re
import time
from pathlib import Path
from typing import Any

from workbook_staff.notebooks import execute, terminal
from workbook_staff.pages import export, limits, mathml

import pandas
import pytest
from nbformat.v4 import (
    new_code_cell,
    new_markdown_cell,
    new_notebook,
    new_output,
    new_raw_cell,
)
from PIL import Image
from playwright.sync_api import Browser

EITHER = pytest.mark.parametrize("untrusted", [True, False])


def exported(*cells: Any, untrusted: bool = True, path: Path = Path("a.ipynb"), **more: Any) -> str:
    """Return what stands between the page's header and its footer."""
    run = execute.Run(new_notebook(cells=list(cells), **more), 0.0)
    text = export.Exporter("instructor", untrusted).page(run, path).text
    return text[text.index("<main") : text.index("</main>")]


def shown(untrusted: bool = True, **data: Any) -> str:
    bundle = {kind.replace("_", "/").replace("svgxml", "svg+xml"): v for kind, v in data.items()}
    output = new_output("display_data", data=bundle)
    return exported(new_code_cell("x", outputs=[output]), untrusted=untrusted)


def printed(text: str) -> str:
    page = exported(new_code_cell("x", outputs=[new_output("stream", text=text)]))
    return re.findall(r'<pre class="text[^>]*>(.*?)</pre>', page, re.DOTALL)[0]


def png(width: int = 3, height: int = 2, kind: str = "png") -> bytes:
    buffer = io.BytesIO()
    Image.new("1" if kind == "png" else "RGB", (width, height)).save(buffer, kind)
    return buffer.getvalue()


def in_base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(
    "state", [{}, {"a": {}}, {"state": {}}, {"version_major": 2, "a": {"model_name": "x"}}]
)
def test_the_state_of_widgets_in_any_shape_costs_no_page(state: Any) -> None:
    view = {"application/vnd.jupyter.widget-view+json": {"model_id": "a"}, "text/plain": "100%"}
    text = exported(
        new_code_cell("x", outputs=[new_output("display_data", data=view)]),
        metadata={"widgets": {"application/vnd.jupyter.widget-state+json": state}},
    )
    assert "100%</pre>" in text


@EITHER
def test_what_is_no_markdown_and_no_code_is_shown_as_text(untrusted: bool) -> None:
    text = exported(new_raw_cell("my <b>answer</b>"), untrusted=untrusted)
    assert "my &lt;b&gt;answer&lt;/b&gt;" in text


def test_the_outputs_of_an_empty_cell_are_shown() -> None:
    output = new_output("stream", text="said")
    assert "said" in exported(new_code_cell("", outputs=[output]))


@pytest.mark.parametrize(
    ("key", "address"),
    [
        ("my hand.png", "my%20hand.png"),
        ("my hand.png", "<attachment:my hand.png>"),
        ("händ.png", "h%C3%A4nd.png"),
        ("a&b.png", "a&b.png"),
        ("100%.png", "100%.png"),
    ],
)
@EITHER
def test_attachments_are_found_however_they_are_named(
    key: str, address: str, untrusted: bool
) -> None:
    attached = {key: {"image/png": in_base64(png())}}
    address = address if address.startswith("<") else f"attachment:{address}"
    for source in (f"![x]({address})", f'<img src="{address.strip("<>")}" width="50">'):
        text = exported(new_markdown_cell(source, attachments=attached), untrusted=untrusted)
        assert "data:image/png;base64," in text


@pytest.mark.parametrize(
    "source",
    [".", "/", "gone.png", "..", "a.ipynb", "/etc/passwd", "../../x.png", "x" * 5000, "%00", "?"],
)
@EITHER
def test_a_picture_that_is_none_is_missing(source: str, untrusted: bool, tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_text("{}")
    for text in (f"![the x]({source})", f'<img src="{source}" alt="the x">'):
        made = exported(new_markdown_cell(text), untrusted=untrusted, path=tmp_path / "a.ipynb")
        assert "missing picture: the x" in made
        assert "<img" not in made


@pytest.mark.parametrize("source", ["my%20dot.png", "my%20dot.png?raw=true", "./my%20dot.png#a"])
@EITHER
def test_pictures_beside_the_notebook_are_found(
    source: str, untrusted: bool, tmp_path: Path
) -> None:
    (tmp_path / "my dot.png").write_bytes(png())
    text = exported(new_markdown_cell(f"![x]({source})"), untrusted=untrusted, path=tmp_path / "a")
    assert f"data:image/png;base64,{in_base64(png())}" in text


@EITHER
def test_pictures_inside_the_text_are_kept(untrusted: bool) -> None:
    buffer = io.BytesIO()
    Image.effect_noise((90, 90), 50).save(buffer, "png")
    address = f"data:image/png;base64,{in_base64(buffer.getvalue())}"
    text = exported(new_markdown_cell(f"![x]({address})\n\n$y$"), untrusted=untrusted)
    assert f'src="{address}"' in text
    assert "<math" in text


@EITHER
def test_pictures_from_elsewhere_are_links(untrusted: bool) -> None:
    for address in ("https://example.org/a.png", "//example.org/a.png"):
        text = exported(new_markdown_cell(f"![the x]({address})"), untrusted=untrusted)
        assert f'<a href="{address}">the x</a>' in text
        assert "<img" not in text


@EITHER
def test_a_picture_in_a_link_leaves_one_link_with_a_name(untrusted: bool) -> None:
    for picture in ("![](https://a.b/badge.svg?x)", '<img src="https://a.b/badge.svg">'):
        text = exported(new_markdown_cell(f"[{picture}](https://c.d)"), untrusted=untrusted)
        assert re.search(r'<a href="https://c.d"><span>badge.svg</span></a>', text)


@pytest.mark.parametrize("start", ["\x01", " ", "\u00a0", "&#1;", "&#xa0;"])
def test_no_link_runs_anything(start: str) -> None:
    text = exported(new_markdown_cell(f'<a href="{start}javascript:steal()">a</a>'))
    assert "steal" not in text


@EITHER
def test_markup_that_the_parser_refuses_costs_no_page(untrusted: bool) -> None:
    made = "<p>kept</p><![><img src='x' onerror=steal()>//<![endif a"
    assert "<p>kept</p>" in shown(untrusted, text_html=made)
    assert "kept" in exported(new_markdown_cell(made), untrusted=untrusted)


def test_a_page_without_headings_is_headed_by_its_title() -> None:
    assert "<h1>a</h1>" in exported(new_markdown_cell("only words"))


@pytest.mark.parametrize(
    ("link", "heading"),
    [
        ("#Load-the-data", "## Load the data"),
        ("#load-the-data", "## Load the data"),
        ("#Load-the-data!", "## Load the data!"),
        ("#1.-Load-%26-see", "## 1. Load & see"),
        ("#1-load--see", "## 1. Load & see"),
        ("#Über-uns", "## Über uns"),
        ("#%C3%9Cber-uns", "## Über uns"),
        ("#🎉", "## 🎉"),
        ("#The-loss-$L$", "## The loss $L$"),
        ("#a-code-word", "## a `code` word"),
        ("#s1", '<a id="s1"></a>'),
        ("#s1", "<a name='s1'></a>"),
        ("#s1", '<h2 id="s1">x</h2>'),
        ("#s%201", '<div id="s 1">x</div>'),
    ],
)
@EITHER
def test_a_link_within_the_page_finds_its_place(link: str, heading: str, untrusted: bool) -> None:
    go = new_markdown_cell(f"# A\n\n[go]({link})")
    text = exported(go, new_markdown_cell(heading), untrusted=untrusted)
    found = re.search(r'<a href="#([^"]*)">go', text)
    assert re.search(rf'(id|name)="{re.escape(found[1])}"', text)


def test_repeated_headings_are_numbered_as_github_does() -> None:
    cells = [new_markdown_cell("[go](#load-1)"), *[new_markdown_cell("## Load") for _ in range(2)]]
    assert '<a href="#load-1">go' in exported(*cells)


@pytest.mark.parametrize("name", ["content", "what-to-ask-about", "body", "cookie", "location"])
def test_no_id_of_a_stranger_is_one_of_the_pages_own(name: str) -> None:
    made = f'<a id="{name}" name="{name}">a</a><h2 id="{name}">b</h2><img name="{name}" src="x">'
    output = new_output("display_data", data={"text/html": made})
    text = exported(new_markdown_cell(made), new_code_cell("x", outputs=[output]))
    assert text.count(f'="{name}"') == (name == "content")


SCRIPTED = {
    "bare": "<div><script>draw()</script></div>",
    "plotly": '<div id="a" style="height:525px"></div><script>Plotly.newPlot("a")</script>',
    "pyldavis": '<link rel="stylesheet" href="//a.b/c.css"><div id="v"></div><script>v()</script>',
    "altair": '<style>#v{}</style><div id="v"></div><script src="https://a.b/v.js"></script>',
    "canvas": "<canvas width=300 height=300></canvas><script>paint()</script>",
    "style": "<style>.a { color: red }</style>",
    "blank": "<div> &nbsp; <p></p></div>",
}


@pytest.mark.parametrize("made", SCRIPTED.values(), ids=SCRIPTED)
@EITHER
def test_no_empty_box_is_shown(made: str, untrusted: bool) -> None:
    assert "in words</pre>" in shown(untrusted, text_html=made, text_plain="in words")
    picture = in_base64(png())
    assert picture in shown(untrusted, text_html=made, image_png=picture, text_plain="<x object>")
    for plain in ({}, {"text_plain": "<IPython.core.display.HTML object>"}):
        text = shown(untrusted, text_html=made, **plain)
        assert "was taken out" in text
        assert "rich" not in text
        assert "object&gt;" not in text


def test_what_a_script_leaves_behind_is_told_of() -> None:
    text = shown(text_html="<span>Loading ...</span><script>load()</script>")
    assert "only a script could draw" in text


def test_a_table_is_shown_without_its_scripts() -> None:
    made = "<table><tr><td>12</td></tr></table><button>Convert</button><script>x()</script>"
    text = shown(text_html=made, text_plain="12")
    assert "<td>12</td>" in text
    assert "Convert" not in text
    assert "taken out" not in text


@EITHER
def test_a_styled_table_of_pandas_keeps_its_colours(untrusted: bool, browser: Browser) -> None:
    table = pandas.DataFrame({"a": [1, 2], "b": [3.0, 4.0]})
    styled = table.style.highlight_max(color="yellow").set_table_styles(
        [{"selector": "th.col_heading", "props": "text-align: center"}]
    )
    styled = styled.map(lambda value: "color: rgb(200, 0, 0)" if value == 1 else "").bar(["b"])
    text = shown(untrusted, text_html=styled.to_html(table_uuid="x"), text_plain="a table")
    opened = browser.new_page(color_scheme="dark")
    opened.set_content(text)

    def of(cell: str, what: str) -> str:
        return opened.locator(f"#in-T_x{cell}").evaluate(f"cell => getComputedStyle(cell).{what}")

    assert of("_row1_col0", "backgroundColor") == "rgb(255, 255, 0)"
    assert of("_row1_col0", "color") == "rgb(0, 0, 0)"  # on the yellow, whatever the page's own is
    assert of("_row0_col0", "color") == "rgb(200, 0, 0)"
    assert "linear-gradient" in of("_row1_col1", "backgroundImage")
    assert of("_level0_col0", "textAlign") == "center"
    opened.close()


@EITHER
@pytest.mark.parametrize(
    "rule",
    [
        "#T_x { background: url(//a.b/c) }",
        "#T_x { background: u\\72l(//a.b/c) }",
        "#T_x { background: image-set('//a.b/c' 1x) }",
        "#T_x { color: var(--page) }",
        "#T_x { position: fixed; top: 0 }",
        "#T_x { color: red</style><script>x()</script> }",
        "#T_x { color: red; } } @import '//a.b/c'; {",
        "#content { color: red }",
        "#T_x, .notice { position: fixed } .notice { color: red }",
        "#T_x:not(#y), body #T_x, :is(#T_x, .top) { color: red }",
        "@media all { body { color: red } }",
        "@import '//a.b/c';",
    ],
)
def test_a_styled_table_styles_nothing_else(rule: str, untrusted: bool) -> None:
    made = f"<style>{rule}</style><table id='T_x'><tr><td>12</td></tr></table>"
    text = shown(untrusted, text_html=made, text_plain="12")
    style = "".join(re.findall(r"<style>(.*?)</style>", text, re.DOTALL))
    assert style in ("", "#in-T_x {color: red}")
    assert "<script" not in text and "a.b" not in text


def test_styles_without_end_take_no_time() -> None:
    for part in ("<style>", "<style", "<style>#T_x{", "#T_x,", "}", "color:", "<style>a</", ":("):
        started = time.process_time()
        shown(text_html=part * (limits.KEEP_HTML // len(part)) + "<p>x</p>", text_plain="x")
        assert time.process_time() - started < 20, part


@pytest.mark.parametrize(
    ("latex", "parts"),
    [
        ("The loss is $L$ where $x>0$", ["The loss is <math", " where <math"]),
        (r"Let \(x\) be; it costs \$5 & more", ["Let <math", "; it costs $5 &amp; more"]),
        ("only words here", ["only words here</div>"]),
        (r"$\displaystyle x^2$", ['<div class="prose"><math', 'display="block"']),
        (r"\begin{align} a &= b \\ c &= d \end{align}", ["<mtable"]),
        (r"so \begin{gather*} a \\ b \end{gather*} holds", ["so <math", "</math> holds"]),
        ("$$a+b$$ and $$c+d$$", ["</math> and <math", "<mi>c</mi>"]),
        (r"\[a+b\] and \[c+d\]", ["</math> and <math", "<mi>c</mi>"]),
        (
            r"\begin{align} a &= b \end{align} so \begin{align} c &= d \end{align}",
            ["</math> so <math"],
        ),
        (r"\begin{tabular}{l} a & b \end{tabular}", [r"<code>\begin{tabular}"]),
        (r"$\text{if } x < 1$", ["<mtext>if"]),
        ("<script>steal()</script> $x$", ["&lt;script&gt;"]),
    ],
)
def test_latex_is_prose_with_formulas(latex: str, parts: list[str]) -> None:
    text = shown(text_latex=latex)
    assert all(part in text for part in parts), text


def test_labels_are_no_part_of_a_formula() -> None:
    assert "label" not in mathml.mathml(r"x \label{eq:one} \nonumber")


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("\x1b]8;;http://x\x07link\x1b]8;;\x07", "link"),
        ("\x1b]8;id=1;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]0;a title\x07text", "text"),
        ("\x9b31mred\x9b0m \x1b[38:2::1:2:3mx\x1b(B", "red x"),
        ("\x1b[?25l\x1b[2Kon\x1b[?25h", "on"),
        ("\x1bPq#0~~\x1b\\sixel\x1b_Gkitty\x1b\\", "sixel"),
        ("bell\x07 \x00nul\x7f", "bell nul"),
        (" 10%\r 20%\r100%", "100%"),
        ("long line\rshort", "short"),
        ("wind\r\nows\r\n", "wind\nows\n"),
        ("abc\b\bX", "aX"),
        ("12%\x1b[2K\r34%", "34%"),
        ("page\fnext", "page\nnext"),
        ("unfinished \x1b[\n31", "unfinished \n31"),
        ("unfinished \x1b]0;title\nnext", "unfinished \nnext"),
    ],
)
def test_a_text_is_what_a_terminal_shows(written: str, seen: str) -> None:
    assert terminal.plain(written) == seen
    assert printed("." + written) == terminal.plain("." + written)


def test_a_long_row_of_carriage_returns_takes_no_hours() -> None:
    assert terminal.plain("a" + "\r" * 2_000_000 + "b") == "b"


def test_errors_are_read_as_a_terminal_does_and_never_empty() -> None:
    error = new_output("error", ename="ValueError", evalue="why", traceback=[])
    assert "ValueError: why" in exported(new_code_cell("x", outputs=[error]))
    error.traceback = ["\x1b]8;;http://x\x07link\x1b]8;;\x07"]
    assert '<pre class="text error">link</pre>' in exported(new_code_cell("x", outputs=[error]))


# Each is larger than any page should be; what is printed of it is of this order.
HUGE = {
    "line": new_output("stream", text="a" * 5_000_000),
    "lines": new_output("stream", text="a\n" * 1_000_000),
    "plain": new_output("display_data", data={"text/plain": "a" * 5_000_000}),
    "table": new_output("display_data", data={"text/html": "<p>abc</p>" * 500_000}),
    "latex": new_output("display_data", data={"text/latex": "a $x$ " * 500_000}),
    "markdown": new_output("display_data", data={"text/markdown": "*a* " * 500_000}),
    "error": new_output("error", ename="E", evalue="v", traceback=["a" * 80] * 50_000),
}


@pytest.mark.parametrize("output", HUGE.values(), ids=HUGE)
def test_an_output_is_cut_by_characters_and_told(output: Any) -> None:
    text = exported(new_code_cell("x", outputs=[output]))
    assert len(text) < 1_500_000
    assert "The page holds the" in text


@pytest.mark.parametrize("kind", [new_code_cell, new_markdown_cell, new_raw_cell])
def test_a_source_is_cut_by_characters_and_told(kind: Any) -> None:
    text = exported(kind("x = 1  \n" * 300_000))
    assert len(text) < 500_000
    assert "The page holds the first 2000 lines; the notebook has all 300000." in text


def test_the_end_of_a_long_error_is_kept() -> None:
    error = new_output("error", ename="E", evalue="v", traceback=["a" * 80] * 5000 + ["the end"])
    assert "the end</pre>" in exported(new_code_cell("x", outputs=[error]))


def test_a_page_as_a_whole_is_bounded() -> None:
    output = new_output("stream", text="a" * 150_000)
    text = exported(*[new_code_cell("x", outputs=[output]) for _ in range(100)])
    assert len(text) < 1.1 * limits.PAGE_CHARACTERS
    assert "a browser could show no more" in text


def test_the_pictures_of_a_page_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits.Amounts, "__init__", lambda self: vars(self).update(
        characters=10**6, seconds=30, data=1000))  # fmt: skip
    output = new_output("display_data", data={"image/png": in_base64(png())})
    text = exported(new_code_cell("x", outputs=[output] * 30))
    assert 1 <= text.count("<img") < 15
    assert "the page holds too much already" in text


@pytest.mark.parametrize("start", ["\\begin{a}", "\\\\(", "<svg>", "[", "a ", "<!-- ", "`a", "> "])
def test_no_markdown_takes_minutes(start: str) -> None:
    started = time.process_time()
    text = start * (limits.KEEP_MARKDOWN // len(start)) if start != "a " else "a" + " " * 19_990
    exported(new_markdown_cell(text + "b"))
    assert time.process_time() - started < 15


@pytest.mark.parametrize(("width", "height"), [(1, 60_000), (60_000, 1), (1, 1)])
def test_a_picture_of_odd_shape_has_a_page(width: int, height: int) -> None:
    assert "<img" in shown(image_png=in_base64(png(width, height)))


def test_the_size_that_a_picture_claims_is_bounded() -> None:
    bomb = bytearray(png())
    bomb[16:24] = (70_000).to_bytes(4, "big") * 2
    text = shown(image_png=in_base64(bytes(bomb)), text_plain="in words")
    assert "in words</pre>" in text
    text = shown(image_png=in_base64(bytes(bomb)))
    assert "too many pixels" in text or "cannot be read" in text
    assert "<img" not in text


def test_pictures_are_of_the_kind_that_they_are() -> None:
    for kind in ("jpeg", "gif", "webp"):
        data = in_base64(png(kind=kind))
        assert f"data:image/{kind};base64,{data}" in shown(image_png=data)
        assert f"data:image/{kind};base64,{data}" in shown(**{f"image_{kind}": data})


@pytest.mark.parametrize("size", [{"width": "100%"}, {"width": -1, "height": 1e99}, "x", [1], None])
def test_a_size_that_is_none_is_left_out(size: Any) -> None:
    output = new_output("display_data", data={"image/png": in_base64(png())})
    output.metadata["image/png"] = size
    text = exported(new_code_cell("x", outputs=[output]))
    assert "<img" in text
    assert "width=" not in text


LAUGHS = (
    '<!DOCTYPE svg [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    '<svg xmlns="http://www.w3.org/2000/svg"><text>&b;</text></svg>'
)


def test_a_drawing_inside_a_drawing_stays_there() -> None:
    svg = '<svg viewBox="0 0 2 2"><svg/><SVG x="1"><rect id="inner"/></SVG><rect id="last"/></svg>'
    text = shown(text_html=f"<p>before {svg} between {svg} after</p>")
    drawn = [
        base64.b64decode(d) for d in re.findall(r"data:image/svg\+xml;base64,([\w+/=]+)", text)
    ]
    assert len(drawn) == 2 and all(b"inner" in one and b"last" in one for one in drawn)
    assert re.search(r"before <img [^>]*> between <img [^>]*> after", text)


@pytest.mark.parametrize("svg", [LAUGHS, "<svg", "", "<html></html>", "<svg><g></svg>"])
def test_a_drawing_that_is_none_gives_way(svg: str) -> None:
    assert "in words</pre>" in shown(image_svgxml=svg, text_plain="in words")


def test_a_drawing_is_shown_with_its_namespace() -> None:
    text = shown(image_svgxml='<svg viewBox="0 0 1 1"><rect width="1" height="1"/></svg>')
    data = re.search(r"data:image/svg\+xml;base64,([\w+/=]+)", text)[1]
    assert b'xmlns="http://www.w3.org/2000/svg"' in base64.b64decode(data)
    assert "data:image/svg+xml" in shown(text_html='<p><svg viewBox="0 0 1 1"><g/></svg></p>')


PLAYERS = [
    '<video src="data:video/mp4;base64,AAAA"></video>',
    '<video><source type="video/mp4" src="data:video/mp4;base64,AAAA">No video.</video>',
    '<audio controls><source src="data:audio/wav;base64,AAAA"> No audio.</audio>',
]


@pytest.mark.parametrize("player", PLAYERS)
def test_what_plays_is_played_or_announced(player: str) -> None:
    trusted = shown(False, text_html=player, text_plain="<x object>")
    assert re.search(r"<(video|audio)[^>]* controls", trusted)
    assert re.search(r"A (video|sound) was taken out", shown(text_html=player))


@EITHER
def test_frames_are_links_or_announced(untrusted: bool) -> None:
    frame = '<iframe width="4" src="https://www.youtube.com/embed/x"></iframe>'
    assert '<a href="https://www.youtube.com/embed/x"' in shown(untrusted, text_html=frame)
    frame = '<iframe srcdoc="&lt;script&gt;draw()&lt;/script&gt;"></iframe>'
    assert "A frame was taken out" in shown(untrusted, text_html=frame)
    assert "<iframe" not in shown(untrusted, text_html=frame)


def test_the_policy_lets_sound_play_where_it_is_trusted(tmp_path: Path, browser: Browser) -> None:
    sound = (
        b"RIFF\x2c\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x40\x1f\0\0\1\0\x08\0data\x08\0\0\0"
    )
    player = f'<audio src="data:audio/wav;base64,{in_base64(sound + bytes([128] * 8))}"></audio>'
    output = new_output("display_data", data={"text/html": player})
    run = execute.Run(new_notebook(cells=[new_code_cell("x", outputs=[output])]), 0.0)
    (tmp_path / "a.html").write_text(export.Exporter().page(run, Path("a.ipynb")).text)
    page = browser.new_page()
    page.goto((tmp_path / "a.html").as_uri())
    page.wait_for_function("document.querySelector('audio').readyState >= 1", timeout=10_000)
    page.close()
