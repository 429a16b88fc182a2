"""Batches of hand-ins: each gets a page or a line, whatever happened to its file or its folder."""

import errno
import json
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from workbook import paths
from workbook_staff import reports
from workbook_staff.cli import main
from workbook_staff.notebooks import reading
from workbook_staff.pages import export, file_names

import nbformat
import pytest

CODE = {
    "cell_type": "code",
    "source": "print('code')",
    "execution_count": 1,
    "metadata": {},
    "outputs": [{"output_type": "stream", "name": "stdout", "text": "an output\n"}],
}
TEXT = {"cell_type": "markdown", "source": "# The title", "metadata": {}}


def notebook(*cells: Any, **others: Any) -> dict[str, Any]:
    return {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": list(cells)} | others


def without(part: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in part.items() if key not in keys}


def put(path: Path, content: Any = None) -> Path:
    """Write a hand-in: bytes as they are, anything else as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not isinstance(content, bytes):
        content = json.dumps(content or notebook(TEXT, CODE)).encode()
    path.write_bytes(content)
    return path


def hand_in(*arguments: Path | str, folder: str = "out") -> int:
    """Make pages of hand-ins in ``folder`` of the current one, as a user does."""
    return main(["reports", "--untrusted", "--folder", folder, *map(str, arguments)])


def pages(folder: str = "out") -> list[str]:
    return sorted(path.stem for path in Path(folder).glob("*.html") if path.stem != "index")


def linked(folder: str = "out") -> list[str]:
    """Return the pages that the index links to, each of which is there."""
    found = re.findall(r'<h2><a href="([^"]+)"', read("index", folder))
    assert all((Path(folder) / unquote(link)).is_file() for link in found)
    return sorted(unquote(link).removesuffix(".html") for link in found)


def read(name: str, folder: str = "out") -> str:
    return (Path(folder) / f"{name}.html").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(paths, "NOTEBOOKS", tmp_path / "notebooks")
    monkeypatch.setattr(paths, "REPORTS", tmp_path / "reports")
    return tmp_path


STATE = "application/vnd.jupyter.widget-state+json"
VIEW = "application/vnd.jupyter.widget-view+json"
BAR = CODE | {
    "outputs": [
        {
            "output_type": "display_data",
            "metadata": {},
            "data": {VIEW: {"model_id": "a"}, "text/plain": "100% done"},
        }
    ]
}


@pytest.mark.parametrize(
    "widgets",
    [
        {STATE: {"a": {}}},
        {STATE: {"state": {"a": None}}},
        {STATE: []},
        {STATE: None},
        {"state": {"a": {}}},
        {},
        [],
        None,
        "widgets",
        {STATE: {"state": {"a": {"model_name": "HBoxModel", "state": {}}}}},
    ],
)
def test_whatever_the_state_of_widgets_their_text_is_shown(widgets: Any) -> None:
    put(Path("hw.ipynb"), notebook(BAR, metadata={"widgets": widgets}))
    assert hand_in("hw.ipynb") == 0
    assert "100% done" in read("hw")


SLIPS = {
    "no execution_count": notebook(without(CODE, "execution_count")),
    "execution_count is text": notebook(CODE | {"execution_count": "1"}),
    "execution_count is a fraction": notebook(CODE | {"execution_count": 1.0}),
    "no metadata of a cell": notebook(without(CODE, "metadata")),
    "no metadata at all": without(notebook(CODE), "metadata"),
    "metadata is null": notebook(CODE, metadata=None),
    "metadata is a list": notebook(CODE | {"metadata": []}, metadata=[]),
    "tags are null": notebook(CODE | {"metadata": {"tags": None}}),
    "tags are of all sorts": notebook(CODE | {"metadata": {"tags": ["a", "a", 1, None, "b,c"]}}),
    "times are none": notebook(
        CODE
        | {
            "metadata": {
                "execution": {"iopub.execute_input": "now", "shell.execute_reply": "2024-01-01"}
            }
        }
    ),
    "a kernel that is a word": notebook(CODE, metadata={"kernelspec": "py", "language_info": 3}),
    "a lexer that is none": notebook(
        CODE, metadata={"language_info": {"name": "python", "pygments_lexer": ["x"]}}
    ),
    "unknown keys everywhere": notebook(CODE | {"x": 1}, x=[1], y=None),
    "no nbformat": without(notebook(CODE), "nbformat", "nbformat_minor"),
    "nbformat is text": notebook(CODE, nbformat="4", nbformat_minor=None),
    "nbformat of the future": notebook(CODE, nbformat=5, nbformat_minor=99),
    "no ids in 4.5": notebook(CODE, CODE, nbformat_minor=5),
    "one id for two": notebook(CODE | {"id": "a"}, CODE | {"id": "a"}, nbformat_minor=5),
    "an id that may not be": notebook(CODE | {"id": "a b/ü" * 40}, CODE | {"id": 7}),
    "an id in 4.4": notebook(CODE | {"id": "a"}),
    "outputs of all sorts": notebook(CODE | {"outputs": [None, 1, "x", [], *CODE["outputs"]]}),
    "one output in no list": notebook(CODE | {"outputs": CODE["outputs"][0]}),
    "text of an output in lines": notebook(
        CODE | {"outputs": [{"output_type": "stream", "text": ["an ", "output"]}]}
    ),
    "an unknown output that has text": notebook(
        CODE | {"outputs": [{"output_type": "new", "text": "an output"}]}
    ),
    "an unknown output that has data": notebook(
        CODE | {"outputs": [{"data": {"text/plain": ["an ", "output"]}, "metadata": 1}]}
    ),
    "an error without its words": notebook(
        CODE | {"outputs": [{"output_type": "error", "traceback": "an output"}]}
    ),
    "metadata of a picture is none": notebook(
        CODE
        | {
            "outputs": [
                *CODE["outputs"],
                {
                    "output_type": "display_data",
                    "data": {"image/png": 3, "image/jpeg": None},
                    "metadata": {"image/png": "wide"},
                },
            ]
        }
    ),
    "source in lines": notebook(CODE | {"source": ["print(", "'code')"]}),
    "source is null": notebook(CODE, TEXT | {"source": None}),
    "no source": notebook(CODE, without(TEXT, "source")),
    "source in lists of lists": notebook(CODE, TEXT | {"source": eval("[" * 90 + "]" * 90)}),
    "source is a number": notebook(CODE, TEXT | {"source": 12}),
    "cells that are none": notebook(CODE, None, 1, "words", []),
    "attachments are null": notebook(CODE, TEXT | {"attachments": None}),
    "attachments are of all sorts": notebook(CODE, TEXT | {"attachments": {"a": 1, "b": {"c": 2}}}),
    "collapsed is text": notebook(CODE | {"metadata": {"collapsed": "yes", "scrolled": 3}}),
    "format 3": {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": ""},
        "worksheets": [
            {
                "cells": [
                    {"cell_type": "heading", "level": 2, "source": "A\nheading"},
                    {
                        "cell_type": "code",
                        "input": ["print('code')"],
                        "prompt_number": 3,
                        "outputs": [
                            {"output_type": "pyout", "prompt_number": 3, "text": ["an output"]}
                        ],
                    },
                ]
            }
        ],
    },
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_of_the_format_is_mended(slip: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = put(Path("hw.ipynb"), SLIPS[slip])
    nbformat.validate(reading.read(path), version=4, version_minor=5)
    assert reading.read(path) == reading.read(path)
    assert hand_in(path) == 0
    assert "an output" in read("hw")
    assert not capsys.readouterr().err


def test_a_warning_is_told_from_what_was_printed() -> None:
    (said,) = CODE["outputs"]
    put(Path("hw.ipynb"), notebook(CODE | {"outputs": [said, said | {"name": "stderr"}]}))
    assert hand_in("hw.ipynb") == 0
    assert re.findall(r'<pre class="text (\w+)">an output', read("hw")) == ["text", "stderr"]


UMLAUT = json.dumps(notebook(TEXT, CODE | {"source": "'für'"}), ensure_ascii=False, indent=1)


@pytest.mark.parametrize(
    "content",
    [
        UMLAUT.encode("utf-8-sig"),
        UMLAUT.encode("utf-16"),
        UMLAUT.encode("utf-16-be"),
        UMLAUT.encode("utf-32"),
        UMLAUT.encode("cp1252"),
        UMLAUT.replace("\n", "\r").encode(),
        UMLAUT.replace("\n", "\r\n").encode(),
        b"\n\n" + UMLAUT.encode() + b"\n \n",
        re.sub(r'([\]}"])(\n *[\]}])', r"\1,\2", UMLAUT).encode(),
        UMLAUT.replace('"execution_count": 1', '"execution_count": NaN').encode(),
        UMLAUT.replace('"execution_count": 1', f'"execution_count": {"9" * 5000}').encode(),
        UMLAUT.replace('"metadata": {}', '"metadata": {"a": -Infinity, "b": 1e999}').encode(),
        UMLAUT.replace("an output", "an output\0\x01").encode(),
        UMLAUT.replace("an output", "an output\\ud83d").encode(),
        UMLAUT.replace('"metadata": {}', f'"metadata": {{"a": {"[" * 500}{"]" * 500}}}').encode(),
    ],
    ids=[
        *("BOM", "UTF-16", "UTF-16 without a mark", "UTF-32", "Windows", "CR", "CRLF", "blanks"),
        *("last comma", "NaN", "huge number", "infinity", "control characters", "half an emoji"),
        "deep",
    ],
)
def test_a_file_that_an_editor_wrote_in_its_own_way_is_read(content: bytes) -> None:
    assert content != UMLAUT.encode()
    path = put(Path("hw.ipynb"), content)
    nbformat.validate(reading.read(path), version=4, version_minor=5)
    assert hand_in(path) == 0
    assert "an output" in read("hw")
    assert "für" in read("hw")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "it is empty"),
        (b"\0" * 4096, "nothing but blanks or zeros"),
        (b"<!DOCTYPE html><html></html>", "a web page"),
        (b"PK\x03\x04 and so on", "an archive"),
        (b"%PDF-1.7", "a PDF"),
        (b"# %%\nprint(1)\n", "it is no JSON"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
        (UMLAUT.encode()[:300], "it breaks off"),
        (UMLAUT.encode()[:-3], "it breaks off"),
        (b'{\n"a": 1\n"b": 2\n}', "line 3, column 1"),
        (b'{\n<<<<<<< HEAD\n"a": 1}', "Git has left a conflict"),
        (b"[1]", "JSON of type list"),
        (b"12", "JSON of type int"),
        (b'{"paragraphs": [], "name": "z"}', "it holds 'paragraphs', 'name'"),
        (b'{"nbformat": 4, "cells": {}}', "its cells are of JSON type dict"),
        (b'{"nbformat": 3, "worksheets": [{}]}', "format 3, which cannot be converted"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"a":' * 200_000, "nested too deeply"),
    ],
)
def test_what_is_no_notebook_costs_a_line_that_says_what_it_is(
    content: bytes, found: str, capsys: pytest.CaptureFixture[str]
) -> None:
    put(Path("hw.ipynb"), content)
    put(Path("zz.ipynb"))
    assert hand_in("hw.ipynb", "zz.ipynb") == 0
    said = capsys.readouterr().err
    assert said.startswith("FAILED hw.ipynb: not a notebook (")
    assert found in said
    assert said.count("\n") == 1
    assert pages() == linked() == ["zz"]
    assert "hw.ipynb: not a notebook (" in read("index")


@pytest.mark.parametrize(
    "cells",
    [[without(CODE, "outputs")], [CODE | {"outputs": None}], [CODE | {"outputs": []}], [TEXT], []],
)
def test_a_notebook_without_outputs_has_a_page_that_says_so(cells: list[Any]) -> None:
    put(Path("hw.ipynb"), notebook(*cells))
    assert hand_in("hw.ipynb") == 0
    for name in ("hw", "index"):
        assert "<strong>Not executed here.</strong> The notebook's file held no" in read(name)
    put(Path("hw.ipynb"))
    assert hand_in("hw.ipynb") == 0
    for name in ("hw", "index"):
        assert "Not executed here" in read(name) and "held no" not in read(name)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["anna/ps1/p.ipynb", "bert/ps1/p.ipynb"], ["anna-ps1-p", "bert-ps1-p"]),
        (["a/1/x/p.ipynb", "a/2/x/p.ipynb", "q.ipynb"], ["1-x-p", "2-x-p", "q"]),
        (["a/p.ipynb", "A/P.ipynb"], ["a-p", "A-P-2"]),
        (["a/b-c.ipynb", "a-b/c.ipynb", "x/c.ipynb"], ["b-c", "a-b-c", "x-c"]),
        (["a/ü.ipynb", "b/u\u0308.ipynb"], ["a-ü", "b-ü"]),
        (["a/con.ipynb", "nul.ipynb"], ["con_", "nul_"]),
        (["a/LPT1.x.ipynb"], ["LPT1.x_"]),
        (["x. .ipynb", '.a:b?*"<>|.ipynb', "\t.ipynb"], ["x", "a_b______", "_"]),
        (["...ipynb", "a\u202egnp.ipynb"], ["_", "a_gnp"]),
        (["hw#1 50%&é😀.ipynb"], ["hw#1 50%&é😀"]),
        (["a\udcff.ipynb"], ["a_"]),
        (["a/hw.ipynb", "b/hw.ipynb.txt", "b/HW.IPYNB"], ["a-hw", "b-hw", "b-HW-2"]),
    ],
)
def test_pages_have_distinct_names_that_any_file_system_takes(
    given: list[str], expected: list[str]
) -> None:
    made = file_names.names([Path("/s") / path for path in given])
    folded = [name.replace("s-", "", 1) if name.startswith("s-") else name for name in made]
    assert folded == expected


def test_a_long_name_is_shortened_and_stays_distinct() -> None:
    long = Path("/") / ("学" * 45 + "_assignsubmission_file") / ("題" * 30 + ".ipynb")
    other = long.with_name("題" * 30 + "1.ipynb")
    made = file_names.names(
        [long, Path("/b") / long.name, Path("/" + "é" * 120 + "1.ipynb"), other]
    )
    assert len(set(made)) == 4
    assert all(len(name.encode()) <= file_names.MOST_BYTES for name in made)
    assert made[0].startswith("学")


def test_no_page_is_called_as_the_index() -> None:
    first, second = put(Path("anna/index.ipynb")), put(Path("bert/Index.ipynb"))
    assert hand_in(first) == 0
    assert pages() == linked() == ["anna-index"]
    assert hand_in(first, second, folder="two") == 0
    assert pages("two") == linked("two") == ["anna-index", "bert-Index"]


@pytest.mark.parametrize(
    "name", ["hw#1 50%?x.ipynb", "a&b<c>'\".ipynb", "😀 ü אבג.ipynb", "-x.ipynb", "a:b.ipynb"]
)
def test_the_index_links_to_a_page_whatever_its_name(name: str) -> None:
    try:
        put(Path("in") / name)
    except OSError:
        pytest.skip("this file system does not take the name")
    assert hand_in("in") == 0
    assert pages() == linked() != []


def test_hand_ins_in_the_folders_of_a_platform_get_a_page_each() -> None:
    long = "学" * 45 + "_assignsubmission_file"
    for student in ("anna", "bert", "cleo"):
        put(Path("sub") / student / "ps1" / "problem1.ipynb")
    put(Path("sub") / long / ("題" * 30 + ".ipynb"))
    assert hand_in("sub") == 0
    assert len(pages()) == 4
    assert pages()[:3] == [f"{student}-ps1-problem1" for student in ("anna", "bert", "cleo")]
    assert linked() == pages()


def test_a_folder_means_the_notebooks_in_it() -> None:
    put(Path("in/b.ipynb"))
    put(Path("in/a/c.IPYNB"))
    put(Path("in/d.ipynb.txt"))
    put(Path("in/named.ipynb/e.ipynb"))
    for hidden in (".ipynb_checkpoints/b.ipynb", "._b.ipynb", "__MACOSX/a/f.ipynb", "notes.txt"):
        put(Path("in") / hidden)
    (Path("in") / "loop").symlink_to("..", target_is_directory=True)
    assert hand_in("in", "in/b.ipynb", "in/../in/b.ipynb", "in/*.ipynb") == 0
    assert pages() == linked() == ["b", "c", "d", "e"]


@pytest.mark.parametrize("pattern", ["in/*/*.ipynb", "in/**/*.ipynb", "in/*", "in/?/[h]w.*", "in/"])
def test_a_pattern_that_no_shell_expanded_is_expanded(pattern: str) -> None:
    put(Path("in/a/hw.ipynb"))
    put(Path("in/b/hw.ipynb"))
    put(Path("in/b/notes.txt"))
    assert hand_in(pattern) == 0
    assert pages() == ["a-hw", "b-hw"]


def test_a_name_with_brackets_is_no_pattern(monkeypatch: pytest.MonkeyPatch) -> None:
    put(Path("hw [last].ipynb"))
    put(Path("home/hw.ipynb"))
    monkeypatch.setenv("HOME", str(Path("home").resolve()))
    monkeypatch.setenv("USERPROFILE", str(Path("home").resolve()))
    assert hand_in("hw [last].ipynb", "~/hw.ipynb") == 0
    assert pages() == ["hw", "hw [last]"]


@pytest.mark.parametrize(
    ("argument", "found"),
    [
        ("nowhere.ipynb", "there is no such notebook"),
        ("nowhere/*.ipynb", "there is no such notebook"),
        ("empty", "this folder holds no notebook"),
        ("x" * 300 + ".ipynb", "File name too long"),
        ("gone.ipynb", "there is no such notebook"),
        ("loop.ipynb", "there is no such notebook"),
        ("pipe.ipynb", "this is not a file"),
        ("large.ipynb", "at most 100 MB are read"),
        ("archive.zip", "an archive"),
    ],
)
def test_what_cannot_be_read_costs_a_line(
    argument: str, found: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("empty").mkdir()
    Path("gone.ipynb").symlink_to("away.ipynb")
    Path("loop.ipynb").symlink_to("loop.ipynb")
    put(Path("archive.zip"), b"PK\x03\x04")
    if argument == "pipe.ipynb":
        os.mkfifo(argument)
    with Path("large.ipynb").open("wb") as file:
        file.truncate(reading.MOST_BYTES + 1)
    put(Path("zz.ipynb"))
    # A file that is handed in is the student's; a name that means none is the caller's.
    assert hand_in(argument, "zz.ipynb") == (0 if Path(argument[:200]).is_file() else 1)
    said = capsys.readouterr().err
    assert said.startswith("FAILED ") and argument[:20] in said and found in said
    assert said.count("\n") == 1
    assert linked() == ["zz"]
    assert found in read("index")


@pytest.mark.parametrize("shape", ["cells", "outputs"])
def test_a_notebook_of_very_many_parts_costs_a_line(
    shape: str, capsys: pytest.CaptureFixture[str]
) -> None:
    many = reading.MOST_PARTS + 1
    if shape == "cells":
        content = notebook(*[TEXT] * many)
    else:
        content = notebook(CODE | {"outputs": CODE["outputs"] * many})
    put(Path("hw.ipynb"), content)
    put(Path("zz.ipynb"))
    assert hand_in("hw.ipynb", "zz.ipynb") == 0
    assert "cells and outputs, and at most 50,000 are read" in capsys.readouterr().err
    assert linked() == ["zz"]


def test_sixty_megabytes_in_a_line_are_no_reason_to_end() -> None:
    output = {"output_type": "stream", "name": "stdout", "text": "x" * 60_000_000}
    put(Path("hw.ipynb"), notebook(CODE | {"outputs": [output]}))
    put(Path("zz.ipynb"))
    assert hand_in("hw.ipynb", "zz.ipynb") == 0
    assert linked() == ["hw", "zz"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_a_file_that_may_not_be_read_costs_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    put(Path("in/a.ipynb")).chmod(0)
    put(Path("in/z.ipynb"))
    assert hand_in("in") == 1
    assert "a.ipynb: cannot be read" in capsys.readouterr().err
    assert linked() == ["z"]


def test_a_page_of_before_goes_where_its_notebook_can_no_longer_be_read() -> None:
    path = put(Path("hw.ipynb"))
    assert hand_in(path) == 0
    put(path, b"{")
    assert hand_in(path) == 1
    assert pages() == []


def test_other_pages_come_under_a_heading_of_their_own() -> None:
    first, second = put(Path("one.ipynb")), put(Path("two.ipynb"))
    hand_in(first)
    assert "Also in this folder" not in read("index")
    hand_in(second)
    new, earlier = read("index").split("Also in this folder")
    assert '"two.html"' in new and '"one.html"' not in new
    assert '"one.html"' in earlier


def test_an_error_of_a_student_is_a_finding_and_no_failure_of_the_batch(
    capsys: pytest.CaptureFixture[str],
) -> None:
    error = {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": []}
    put(Path("in/a.ipynb"), notebook(CODE | {"outputs": [error]}))
    put(Path("in/b.ipynb"))
    assert hand_in("in") == 0
    assert not capsys.readouterr().err
    assert "ValueError: no" in read("index")


def test_a_solution_that_cannot_be_left_out_names_its_file(
    capsys: pytest.CaptureFixture[str],
) -> None:
    put(Path("hw.ipynb"), notebook(CODE | {"metadata": {"tags": ["solution"]}}))
    assert hand_in("--edition", "student", "hw.ipynb") == 1
    assert capsys.readouterr().err.startswith("FAILED hw.ipynb: the solution that begins with")


def test_progress_is_shown_for_more_than_ten(capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(11):
        put(Path(f"in/hw{number:02}.ipynb"))
    assert hand_in("in") == 0
    assert " 3 of 11  hw02\n" in capsys.readouterr().out
    Path("in/hw00.ipynb").unlink()
    assert hand_in("in") == 0
    assert "3 of 10" not in capsys.readouterr().out


@pytest.mark.parametrize("at", ["file", "folder under a file"])
def test_a_folder_that_cannot_be_written_to_costs_one_line(
    at: str, capsys: pytest.CaptureFixture[str]
) -> None:
    put(Path("in/a.ipynb"))
    put(Path("in/b.ipynb"))
    Path("taken").write_text("")
    assert hand_in("in", folder="taken" if at == "file" else "taken/deeper") == 1
    said = capsys.readouterr().err
    assert said.startswith("FAILED: taken") and "name another folder with --folder" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("room", ["index", "nothing at all"])
def test_a_full_disk_costs_one_line(
    room: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    put(Path("in/a.ipynb"))
    put(Path("in/b.ipynb"))
    write = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if room in path.name:
            return write(path, content)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    assert hand_in("in") == 1
    said = capsys.readouterr().err
    page = "a.html" if room == "index" else "index.html"
    assert f"{page}: cannot be written (No space left on device); make room" in said
    assert said.count("\n") == 1
    assert pages() == []


def test_a_page_that_cannot_be_written_stops_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    put(Path("in/a.ipynb"))
    put(Path("in/b.ipynb"))
    Path("out/a.html").mkdir(parents=True)
    assert hand_in("in") == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert linked() == ["b"]


def test_the_index_is_written_where_a_run_is_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    put(Path("in/a.ipynb"))
    put(Path("in/b.ipynb"))
    page = export.Exporter.page

    def interrupted(self: export.Exporter, run: Any, path: Path, *rest: str) -> export.Page:
        if path.stem == "b":
            raise KeyboardInterrupt
        return page(self, run, path, *rest)

    monkeypatch.setattr(export.Exporter, "page", interrupted)
    assert hand_in("in") == 130
    assert linked() == pages() == ["a"]


def test_warnings_of_libraries_are_no_lines(capfd: pytest.CaptureFixture[str]) -> None:
    put(Path("a.ipynb"), notebook(TEXT | {"source": "```plaintext\nx\n```"}, CODE))
    assert hand_in("a.ipynb") == 0
    assert not capfd.readouterr().err


def test_hand_ins_of_one_title_are_told_apart() -> None:
    put(Path("in/anna/hw.ipynb"))
    put(Path("in/bert/hw.ipynb"))
    hand_in("in")
    assert '<p class="quiet">anna-hw</p>' in read("index")


def test_the_course_may_be_named_by_its_folder(here: Path) -> None:
    put(here / "notebooks" / "a.ipynb", notebook(TEXT))
    assert reports.make([Path("notebooks")]) == 0
    assert pages("reports") == ["a"]
