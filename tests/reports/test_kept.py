"""Kept runs: of each change that elsewhere went unseen, or cost a run for nothing, one test."""

import json
import os
from pathlib import Path

from workbook import datasets, paths
from workbook_staff import reports
from workbook_staff.cli import main
from workbook_staff.notebooks import execute, run_cache

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output


@pytest.fixture(autouse=True)
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout whose package is five small modules, none of which is the workbook's own."""
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setattr(paths, "NOTEBOOKS", tmp_path / "notebooks")
    monkeypatch.setattr(paths, "REPORTS", tmp_path / "reports")
    monkeypatch.setattr(paths, "DATA", tmp_path / "data")
    monkeypatch.setattr(paths, "CACHE", tmp_path / "data" / "cache")
    monkeypatch.setattr(run_cache, "_PACKAGE", tmp_path / "src" / "workbook")
    monkeypatch.setenv("WORKBOOK_DATA", "practice")
    monkeypatch.delenv("CI", raising=False)
    for name, text in {
        "src/workbook/__init__.py": "",
        "src/workbook/plots.py": "import json",
        "src/workbook/live/__init__.py": "def page():\n    from workbook.deep import ink",
        "src/workbook/live/engine.js": "",
        "src/workbook/deep/__init__.py": "",
        "src/workbook/deep/ink.py": "from workbook.deep import colours",
        "src/workbook/deep/colours.py": "",
        "src/workbook/other.py": "",
        "notebooks/beside.csv": "1",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def executed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the notebooks that were executed, each by a stand-in for the kernel."""
    names: list[str] = []

    def run(path: Path) -> execute.Run:
        notebook = nbformat.read(path, 4)
        names.append(path.stem)
        for number, cell in enumerate(filter(execute.runs, notebook.cells), start=1):
            cell.outputs = [new_output("stream", name="stdout", text=f"run {len(names)}")]
            cell.execution_count = number
        return execute.Run(notebook, 12.0)

    monkeypatch.setattr(execute, "execute", run)
    return names


def write(name: str, *sources: str, tags: tuple[str, ...] = (), prose: str = "# A title") -> Path:
    path = paths.NOTEBOOKS / f"{name}.ipynb"
    cells = [new_code_cell(source, metadata={"tags": list(tags)}) for source in sources]
    nbformat.write(new_notebook(cells=[new_markdown_cell(prose), *cells]), path)
    return path


def page(name: str = "a") -> str:
    return (paths.REPORTS / f"{name}.html").read_text(encoding="utf-8")


def make() -> None:
    assert reports.make() == 0


def said_after(capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    make()
    return capsys.readouterr().out


# What costs no run.


def test_a_changed_sentence_has_its_page_and_no_run(executed, capsys):
    write("a", "print(1)", "print(2)")
    make()
    write("a", "print(1)", "print(2)", prose="# Another title\n\nAnd a sentence.")
    assert "a  kept: nothing that it depends on has changed" in said_after(capsys)
    assert executed == ["a"]
    assert "And a sentence." in page()
    assert page().count("run 1") == 2


def test_prose_between_the_cells_that_comes_and_goes_moves_no_output(executed):
    path = write("a", "print(1)", "print(2)")
    make()
    notebook = nbformat.read(path, 4)
    notebook.cells.insert(2, new_markdown_cell("Between."))
    notebook.cells.insert(0, new_code_cell(""))
    nbformat.write(notebook, path)
    make()
    assert executed == ["a"]
    assert page().count("run 1") == 2


# https://github.com/executablebooks/MyST-NB/issues/350
def test_a_tag_that_changes_no_output_costs_no_run(executed):
    write("a", "print(1)")
    make()
    write("a", "print(1)", tags=("main-figure", "solution"))
    make()
    assert executed == ["a"]


# https://github.com/jupyter-book/jupyter-book/issues/1760
def test_a_notebook_that_is_called_otherwise_is_not_run_again(executed):
    write("a", "print(1)").rename(paths.NOTEBOOKS / "a.bak")
    (paths.NOTEBOOKS / "a.bak").rename(write("a", "print(1)"))
    make()
    (paths.NOTEBOOKS / "a.ipynb").rename(paths.NOTEBOOKS / "b.ipynb")
    make()
    assert executed == ["a"]


def test_the_other_edition_is_of_the_same_run(executed):
    write("a", "print(1)")
    make()
    assert reports.make(edition="student") == 0
    assert executed == ["a"]


def test_what_another_notebook_imports_costs_no_run(executed, checkout):
    write("a", "from workbook import plots")
    write("b", "import workbook.other")
    make()
    (checkout / "src/workbook/other.py").write_text("1")
    make()
    assert executed == ["a", "b", "b"]


# What costs one.


@pytest.mark.parametrize(
    "source",
    ["from workbook import live", "import workbook.live as l", "if 0:\n    from workbook import *"],
)
# https://github.com/executablebooks/MyST-NB/issues/299
@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("src/workbook/live/__init__.py", "the module workbook.live"),
        ("src/workbook/live/engine.js", "the file engine.js"),
        ("src/workbook/deep/ink.py", "the module workbook.deep.ink"),  # in a function
        ("src/workbook/deep/colours.py", "the module workbook.deep.colours"),  # from there
        ("src/workbook/__init__.py", "the module workbook"),
        ("notebooks/beside.csv", "the file beside.csv"),
    ],
)
def test_a_changed_module_or_file_is_seen_and_named(executed, checkout, capsys, source, file, told):
    if "*" in source:
        (checkout / "src/workbook/__init__.py").write_text("from workbook import live")
    write("a", source)
    make()
    with (checkout / file).open("a") as opened:
        opened.write("\n# changed")
    assert f"a  executed again: {told} changed" in said_after(capsys)
    assert executed == ["a", "a"]


def test_a_module_beside_the_notebook_is_seen(executed, checkout, capsys):
    (checkout / "notebooks/helper.py").write_text("import workbook.other")
    write("a", "def f():\n    import helper")
    make()
    (checkout / "src/workbook/other.py").write_text("1")
    assert "the module workbook.other changed" in said_after(capsys)
    (checkout / "notebooks/helper.py").write_text("2")
    make()
    assert len(executed) == 3


@pytest.mark.parametrize(
    "now",
    [
        {"sources": ("print(2)", "print(1)")},
        {"sources": ("print(1)",)},
        {"sources": ("print(1)", "print(2) ")},
        {"sources": ("print(1)", "print(2)"), "tags": ("raises-exception",)},
    ],
)
# https://github.com/executablebooks/jupyter-cache/issues/4
def test_changed_code_is_run(executed, capsys, now):
    write("a", "print(1)", "print(2)")
    make()
    write("a", *now.pop("sources"), **now)
    assert "a  executed again: its code changed" in said_after(capsys)


# https://github.com/jupyter-book/mystmd/issues/1971
@pytest.mark.parametrize("name", ["WORKBOOK_QUICK", "TF_ENABLE_ONEDNN_OPTS", "LESSON"])
def test_a_variable_that_changes_a_run_is_seen(executed, capsys, monkeypatch, name):
    write("a", "import os", "print(os.environ.get('LESSON'))")
    monkeypatch.setenv(name, "1")
    make()
    monkeypatch.setenv(name, "0")
    monkeypatch.setenv("UNRELATED", "1")
    assert f"a  executed again: the variable {name} changed" in said_after(capsys)
    monkeypatch.setenv(name, "1")  # and the one before is still there
    make()
    assert executed == ["a", "a"]


def test_what_a_variable_says_is_written_nowhere(executed, monkeypatch, checkout):
    monkeypatch.setenv("LESSON", "a-secret-of-mine")
    write("a", "import os", "os.environ.get('LESSON')")
    make()
    assert "a-secret-of-mine" not in "".join(p.read_text() for p in run_cache.folder().iterdir())


@pytest.mark.parametrize("package", ["numpy", "scipy", "ipykernel"])  # scipy needs numpy
def test_another_version_of_a_package_is_seen(executed, capsys, monkeypatch, package):
    write("a", "import scipy")
    make()
    found = run_cache._packages
    monkeypatch.setattr(run_cache, "_packages", lambda names: found(names) | {package: "0"})
    assert package in found(frozenset({"scipy", "ipykernel"}))
    assert f"the package {package} changed" in said_after(capsys)


def test_a_package_that_is_not_imported_costs_no_run():
    assert not {"ruff", "pytest"} & run_cache._packages(frozenset({"scipy", "ipykernel"})).keys()


@pytest.mark.parametrize("what", ["sys.version", "_machine"])
def test_another_python_or_machine_is_seen(executed, monkeypatch, what):
    write("a", "print(1)")
    make()
    if what == "_machine":
        monkeypatch.setattr(run_cache, "_machine", lambda: "another")
    else:
        monkeypatch.setattr(run_cache.sys, "version", "3.99")
    make()
    assert executed == ["a", "a"]


def test_a_checkout_that_was_moved_is_seen(executed, checkout):
    write("a", "print(1)")
    before = run_cache.dependencies(nbformat.read(paths.NOTEBOOKS / "a.ipynb", 4), paths.NOTEBOOKS)
    paths.ROOT = checkout / "moved"
    after = run_cache.dependencies(nbformat.read(paths.NOTEBOOKS / "a.ipynb", 4), paths.NOTEBOOKS)
    assert before.changed(after) == ["the folder of the checkout"]


def test_a_changed_dataset_is_seen_by_the_notebook_that_loads_it(executed, capsys, monkeypatch):
    state = {"mnist": "1", "fashion-mnist": "1"}
    monkeypatch.setattr(datasets, "digest", state.get)
    write("a", "from workbook import plots", "NAME = 'mnist'")
    write("b", "NAME = 'fashion-mnist'")
    make()
    state["mnist"] = "2"
    assert "a  executed again: the dataset mnist changed" in said_after(capsys)
    assert executed == ["a", "b", "a"]


# What is not kept.


def test_a_run_of_practice_data_for_want_of_real_data_is_not_kept(executed, capsys, monkeypatch):
    monkeypatch.setattr(datasets, "digest", lambda name: "")
    write("a", "NAME = 'mnist'")
    assert "a  not kept: the dataset mnist is not here" in said_after(capsys)
    make()
    assert executed == ["a", "a"]


@pytest.mark.parametrize("source", ["%run other.py", "!ls", "x = !ls", "%%bash\nls"])
def test_what_leaves_python_is_not_kept(executed, capsys, source):
    write("a", source)
    assert "not kept: it uses a magic or a shell command" in said_after(capsys)
    make()
    assert executed == ["a", "a"]


# https://github.com/jupyter-book/jupyter-book/issues/1117 and
# https://github.com/INRIA/scikit-learn-mooc/issues/329: an error is told each time.
def test_a_failed_run_is_not_kept(capsys):
    write("a", "1 / 0")
    for _ in range(2):
        assert reports.make() == 1
        assert "ZeroDivisionError" in capsys.readouterr().err
    assert not run_cache.folder().exists()


def test_a_run_during_which_a_module_changed_is_not_kept(executed, checkout, monkeypatch, capsys):
    write("a", "from workbook import plots")
    run = execute.execute

    def slow(path: Path) -> execute.Run:
        (checkout / "src/workbook/plots.py").write_text(f"# {len(executed)}")
        return run(path)

    monkeypatch.setattr(execute, "execute", slow)
    make()
    assert "not kept: the module workbook.plots changed while it ran" in capsys.readouterr().out
    make()
    assert executed == ["a", "a"]


def test_a_notebook_that_is_not_ours_is_never_given_a_kept_run(executed, checkout):
    path = write("a", "print(1)")
    make()
    handed_in = checkout / "handed in" / "a.ipynb"
    handed_in.parent.mkdir()
    handed_in.write_bytes(path.read_bytes())
    assert reports.make([handed_in]) == 0
    assert executed == ["a", "a"]
    assert "run 2" in page()
    assert reports.make([path], untrusted=True) == 0
    assert executed == ["a", "a"]
    assert "run 1" not in page()


def test_ci_uses_none_and_keeps_none(executed, monkeypatch):
    write("a", "print(1)")
    make()
    monkeypatch.setenv("CI", "true")
    before = [p.stat().st_mtime_ns for p in run_cache.folder().iterdir()]
    make()
    assert executed == ["a", "a"]
    assert [p.stat().st_mtime_ns for p in run_cache.folder().iterdir()] == before


# https://github.com/jupyter-book/jupyter-book/issues/1633
def test_all_is_executed_where_that_is_asked_for(executed):
    write("a", "print(1)")
    make()
    assert main(["reports", "--fresh"]) == 0
    assert executed == ["a", "a"]
    make()
    assert "run 2" in page()  # and it is that run which is kept


# What is kept.


def test_a_page_says_of_a_kept_run_when_it_was(executed):
    write("a", "print(1)")
    make()
    assert "nothing that it depends on has changed since" not in page()
    make()
    when = json.loads(next(run_cache.folder().iterdir()).read_text().partition("\n")[2])["executed"]
    assert f"{when}; nothing that it depends on has changed since" in page()
    assert "12 s" in page()


def test_a_model_that_the_run_wrote_is_there_or_it_is_run_again(executed, monkeypatch, capsys):
    write("a", "print(1)")
    model = paths.DATA / "models" / "a.keras"
    run = execute.execute

    def saves(path: Path) -> execute.Run:
        model.parent.mkdir(parents=True, exist_ok=True)
        model.write_text("weights")
        return run(path)

    monkeypatch.setattr(execute, "execute", saves)
    make()
    make()
    assert executed == ["a"]
    model.unlink()
    assert "executed again: models/a.keras, which it writes, is not there" in said_after(capsys)
    assert model.is_file()


def test_at_most_so_many_are_kept_those_used_last(executed, monkeypatch):
    monkeypatch.setattr(run_cache, "MOST", 2)
    for source in "123":
        write("a", source)
        make()
        if source == "2":
            write("a", "1")
            make()  # used again, so that 2 goes first
    assert executed == ["a"] * 3
    assert len(list(run_cache.folder().iterdir())) == 2
    write("a", "1")
    make()
    assert len(executed) == 3


@pytest.mark.parametrize("damaged", ["", "{}", "\0", "short"])
def test_a_damaged_file_is_none(executed, damaged):
    write("a", "print(1)")
    make()
    file = next(run_cache.folder().iterdir())
    file.write_text(file.read_text()[:-9] if damaged == "short" else damaged)
    make()
    make()
    assert executed == ["a", "a"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_disk_that_cannot_be_written_costs_no_page(executed, checkout, capsys):
    run_cache.folder().mkdir()
    run_cache.folder().chmod(0o500)
    write("a", "print(1)")
    assert "cannot be written" in said_after(capsys)


def test_where_the_folder_cannot_be_made_the_page_is(executed, capsys):
    run_cache.folder().write_text("a file in its place")
    write("a", "print(1)")
    assert "not kept: " in said_after(capsys)
    assert "run 1" in page()


def test_storage_counts_and_clears_them(executed, capsys):
    write("a", "print(1)")
    make()
    assert main(["storage", "--clear"]) == 0
    assert ".kept" in capsys.readouterr().out
    assert not run_cache.folder().exists()


def test_a_real_kernel_s_run_comes_back_as_it_was(monkeypatch, tmp_path):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    write("a", "import os, time", "print('pid', os.getpid())", "{'a': 1}")
    make()
    first = page()
    make()
    pid = first[first.index("pid ") :].split()[1]
    assert f"pid {pid}" in page()
