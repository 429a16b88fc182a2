"""Kept runs: of each change that elsewhere went unseen, or cost a run for nothing, one test."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import workbook
from workbook import datasets, paths
from workbook.datasets import sources
from workbook_staff import capacity, data, reports
from workbook_staff.cli import main
from workbook_staff.notebooks import execute, recorder, run_cache

import nbformat
import numpy as np
import pytest
import running
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output


@pytest.fixture(autouse=True)
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout whose package is five small modules, none of which is the workbook's own."""
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setattr(paths, "NOTEBOOKS", tmp_path / "notebooks")
    monkeypatch.setattr(paths, "REPORTS", tmp_path / "reports")
    monkeypatch.setattr(paths, "DATA", tmp_path / "data")
    monkeypatch.setattr(paths, "CACHE", tmp_path / "data" / "cache")
    monkeypatch.setattr(workbook, "__file__", str(tmp_path / "src/workbook/__init__.py"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "src"))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")  # two saves in a second, of one size
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
        "src/workbook/hints.toml": "hint = 'Look again'",
        "notebooks/beside.csv": "1",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


KERNEL = """
import json, sys
from recorder import Recorder
del sys.path[1]
Recorder(sys.argv[1]).start()
names = {}
for source in json.load(sys.stdin):
    exec(source, names)
"""


@pytest.fixture
def executed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> list[str]:
    """The names of the notebooks that were executed, each by a stand-in for the kernel.

    It is a process that records what it reads as the kernel does, and starts at once.
    """
    names: list[str] = []
    record = tmp_path_factory.mktemp("record") / "record"

    def run(job: execute.Job, *_: object) -> execute.Run:
        path = job.path
        notebook = nbformat.read(path, 4)
        names.append(path.stem)
        cells = list(filter(execute.runs, notebook.cells))
        record.unlink(missing_ok=True)
        started = time.time()
        python = [sys.executable, "-c", KERNEL, str(record)]
        subprocess.run(
            python,
            input=json.dumps([cell.source for cell in cells]),
            text=True,
            check=True,
            cwd=path.parent,
            env=os.environ | {"PYTHONPATH": f"{Path(recorder.__file__).parent}:{tmp_path / 'src'}"},
        )
        for number, cell in enumerate(cells, start=1):
            cell.outputs = [new_output("stream", name="stdout", text=f"run {len(names)}")]
            cell.execution_count = number
        return execute.Run(notebook, 12.0, started=started, used=execute.recorded(record))

    monkeypatch.setattr(execute, "_executed", run)
    monkeypatch.setattr(capacity, "at_once", lambda _: 1)
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


def stored() -> Path:
    return next(reports.cache().folder.iterdir())


def said_after(capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    make()
    return capsys.readouterr().out


# What costs no run.


def test_a_changed_sentence_has_its_page_and_no_run(executed, capsys):
    write("a", "print(1)", "print(2)")
    make()
    write("a", "print(1)", "print(2)", prose="# Another title\n\nAnd a sentence.")
    assert "a  kept: nothing that it used has changed" in said_after(capsys)
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


def test_the_settings_of_keras_which_hold_in_no_notebook_cost_no_run(
    executed, checkout, monkeypatch
):
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(checkout))
    settings = checkout / ".keras/keras.json"
    settings.parent.mkdir()
    settings.write_text("{}")
    write("a", "import pathlib\nprint((pathlib.Path.home() / '.keras/keras.json').read_text())")
    make()
    settings.write_text('{"floatx": "float16"}')
    make()
    assert executed == ["a"]


# What costs one.


# https://github.com/executablebooks/MyST-NB/issues/299
@pytest.mark.parametrize(
    "source",
    ["from workbook import live", "import workbook.live as live", "from workbook import *"],
)
@pytest.mark.parametrize(
    "file",
    [
        "src/workbook/live/__init__.py",
        "src/workbook/deep/ink.py",  # in a function
        "src/workbook/deep/colours.py",  # from there
        "src/workbook/__init__.py",
    ],
)
def test_a_changed_module_is_seen_and_named(executed, checkout, capsys, source, file):
    if "*" in source:
        (checkout / "src/workbook/__init__.py").write_text("from workbook import live")
    write("a", f"{source}\nlive.page()")
    make()
    with (checkout / file).open("a") as opened:
        opened.write("\n# changed")
    assert f"a  executed again: the file {file} changed" in said_after(capsys)
    assert executed == ["a", "a"]


HELPER, BESIDE = "src/mine/helper.py", "notebooks/helper.py"
TABLE = "notebooks/tables/t.csv"
USES = {
    # A helper beside the notebook, or in a package that is being developed
    "import": ("import helper", BESIDE),
    "import in a function": ("def f():\n    import helper\nf()", BESIDE),
    "import_module": ("import importlib\nimportlib.import_module('helper')", BESIDE),
    "exec": ("exec(open('helper.py').read())", BESIDE),
    "runpy": ("import runpy\nrunpy.run_path('helper.py')", BESIDE),
    "loader": (
        "from importlib.util import spec_from_file_location as s, module_from_spec as m\n"
        "spec = s('h', 'helper.py')\nspec.loader.exec_module(m(spec))",
        BESIDE,
    ),
    "sys.path": ("import sys\nsys.path.append('../lib')\nimport far", "lib/far.py"),
    "a package": ("from mine import helper", HELPER),
    "its part": ("import importlib\nimportlib.import_module('.helper', 'mine')", HELPER),
    "its data": (
        "from importlib.resources import files\n(files('mine') / 'd.txt').read_text()",
        "src/mine/d.txt",
    ),
    # A table
    "open": ("open('tables/t.csv').read()", TABLE),
    "Path": (
        "from pathlib import Path\nPath('tables', 't.csv').read_text()",
        TABLE,
    ),
    "numpy": ("import numpy as np\nnp.loadtxt('tables/t.csv')", TABLE),
    "memory": ("import numpy as np\nnp.memmap('tables/t.csv', 'u1', 'r')", TABLE),
    "os.open": (
        "import os\nos.open('tables/t.csv', os.O_RDONLY)",
        TABLE,
    ),
    "its size": ("import os\nos.path.getsize('tables/t.csv')", TABLE),
    "sqlite": ("import sqlite3\nsqlite3.connect('tables/t.db').close()", "notebooks/tables/t.db"),
    "a name": ("name = 'tables/t.csv'  # which native code opens", TABLE),
    "a changed folder": ("import os\nos.chdir('tables')\nopen('t.csv')", TABLE),
    "a fork": (
        "import os\nchild = os.fork()\nif not child:\n    open('tables/t.csv').read()\n"
        "    os._exit(0)\nos.waitpid(child, 0)",
        TABLE,
    ),
}


@pytest.fixture
def things(checkout: Path) -> Path:
    """What a notebook may use: each of it is used by one way of `USES`, at least."""
    for name, text in {
        "notebooks/helper.py": "1",
        "lib/far.py": "1",
        "src/mine/__init__.py": "",
        HELPER: "1",
        "src/mine/d.txt": "1",
        TABLE: "1",
        "notebooks/tables/t.db": "",
    }.items():
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).write_text(text)
    return checkout


@pytest.mark.parametrize("way", USES)
def test_what_a_run_has_used_is_known_however_it_was(executed, things, capsys, way):
    source, file = USES[way]
    if way != "a name":
        source = source.replace("t.csv'", "t' + '.csv'")  # it is not by the code that it is known
    write("a", source)
    make()
    make()
    assert executed == ["a"]
    others = {used for _, used in USES.values()} - {file, "src/mine/__init__.py"}
    for other in others:
        (things / other).write_text("2 # nobody used it")
    make()
    assert executed == ["a"]
    (things / file).write_text("22")
    said = said_after(capsys)
    assert executed == ["a", "a"], said
    assert f"{file} changed" in said


LATER = {
    "open": "try:\n    open('../data/mine.csv')\nexcept OSError:\n    pass",
    "exists": "from pathlib import Path\nPath('../data/mine.csv').exists()",
    "isfile": "import os\nos.path.isfile('../data/mine.csv')",
    "is_file": "from pathlib import Path\nPath('../data/mine.csv').is_file()",
    "access": "import os\nos.access('../data/mine.csv', os.R_OK)",
    "stat": "import os\ntry:\n    os.stat('../data/mine.csv')\nexcept OSError:\n    pass",
    "glob": "from pathlib import Path\nlist(Path('../data').glob('*.csv'))",
    "iglob": "import glob\nglob.glob('../data/*.csv')",
    "listdir": "import os\nos.listdir('../data')",
    "walk": "import os\nlist(os.walk('..'))",
    "lstat": "import os\ntry:\n    os.lstat('../data/mine.csv')\nexcept OSError:\n    pass",
    "islink": "import os\nos.path.islink('../data/mine.csv')",
    "fwalk": "import os\nlist(os.fwalk('../data'))",
    "a number": (
        "import os\nfolder = os.open('../data', os.O_RDONLY)\ntry:\n"
        "    os.stat('mine.csv', dir_fd=folder)\nexcept OSError:\n    pass"
    ),
    "import": "try:\n    import mine\nexcept ImportError:\n    pass",
    "a part": "import workbook\ntry:\n    import workbook.mine\nexcept ImportError:\n    pass",
    "a path": "import contextlib\nwith contextlib.suppress(ImportError):\n    import mine",
}
PLACES = {
    "import": "notebooks/mine.py",
    "a path": "src/mine.py",
    "a part": "src/workbook/mine.py",
}


@pytest.mark.parametrize("way", LATER)
def test_what_is_placed_where_a_run_has_looked_is_seen(executed, checkout, way):
    (checkout / "data").mkdir()
    write("a", LATER[way])
    make()
    (checkout / "unused").mkdir()
    (checkout / "unused/file.csv").write_text("1")
    if way != "walk":
        make()
        assert executed == ["a"]
    (checkout / PLACES.get(way, "data/mine.csv")).write_text("1")
    make()
    assert executed == ["a", "a"]


def test_a_file_beside_the_notebook_that_it_does_not_use_changes_nothing(executed, checkout):
    write("a", "open('beside.csv').read()")
    make()
    large = checkout / "notebooks/large.bin"
    with large.open("wb") as file:
        file.truncate(3_000_000_000)
    locked = checkout / "notebooks/~$grades.xlsx"
    locked.write_text("1")
    locked.chmod(0)
    make()
    assert executed == ["a"]


def test_a_text_of_the_package_is_no_code(executed, checkout):
    write("a", "import workbook\nopen(workbook.__path__[0] + '/hints.toml').read()")
    make()
    (checkout / "src/workbook/hints.toml").write_text("hint = 'Look again, there'")
    (checkout / "src/workbook/live/engine.js").write_text("1")
    make()
    assert executed == ["a"]


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
@pytest.mark.parametrize(
    "name", ["WORKBOOK_QUICK", "TF2_BEHAVIOR", "KMP_BLOCKTIME", "OPENBLAS_CORETYPE", "LESSON"]
)
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
    assert "a-secret-of-mine" not in "".join(
        p.read_text() for p in reports.cache().folder.iterdir()
    )


@pytest.mark.parametrize("package", ["numpy", "scipy", "nbclient"])  # scipy needs numpy
def test_another_version_of_a_package_is_seen(executed, capsys, monkeypatch, package):
    write("a", "import scipy")
    make()
    found = run_cache._package
    monkeypatch.setattr(run_cache, "_package", lambda name: found(name) + "0" * (name == package))
    monkeypatch.setitem(run_cache._STATES, "package", run_cache._package)
    assert f"the package {package} changed" in said_after(capsys)


def test_a_package_that_is_not_imported_costs_no_run(executed, monkeypatch):
    write("a", "import scipy")
    make()
    found = run_cache._package
    other = {"ruff", "pytest", "pandas"}
    monkeypatch.setitem(
        run_cache._STATES, "package", lambda name: found(name) + "0" * (name in other)
    )
    make()
    assert executed == ["a"]


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


def test_a_checkout_that_was_moved_is_seen(checkout):
    before = run_cache._settings()
    paths.ROOT = checkout / "moved"
    after = run_cache._settings()
    assert [name for name in before if before[name] != after[name]] == [
        "the folder of the checkout"
    ]


LOAD = "import sys\nsys.audit('workbook.datasets', {!r})"


def test_the_workbook_says_what_it_loads(monkeypatch):
    heard = []
    arrays = {name: np.zeros(1) for name in ("X_train", "y_train", "X_test", "y_test")}
    monkeypatch.setattr(sources, "practice", lambda _: sources.Loaded(arrays, "a test", False))
    sys.addaudithook(
        lambda event, found: heard.append(found) if event == "workbook.datasets" else 0
    )
    datasets.load("mnist")
    datasets.load_people("asl-dataset", ("A",))
    assert heard == [("mnist",), ("asl-dataset",)]


def test_a_changed_dataset_is_seen_by_the_notebook_that_loads_it(executed, capsys, monkeypatch):
    state = {"mnist": "1", "fashion-mnist": "1"}
    monkeypatch.setattr(data, "digest", state.get)
    write("a", LOAD.format("mnist"))
    write("b", LOAD.format("fashion-mnist"))
    make()
    state["mnist"] = "2"
    assert "a  executed again: the dataset mnist changed" in said_after(capsys)
    assert executed == ["a", "b", "a"]


SAVES = "import pathlib\npathlib.Path('model').write_text(str(len(pathlib.__file__)) + {!r})"
LOADS = "print(open('../model').read())"


def test_what_goes_deeper_is_executed_after_the_core_and_kept(executed, checkout):
    (checkout / "notebooks/further").mkdir()
    write("further/a", LOADS)
    write("b", SAVES.format(""))
    make()
    make()
    assert executed == ["b", "a"]


def test_a_model_saved_anew_has_what_goes_deeper_executed_in_the_same_call(executed, checkout):
    (checkout / "notebooks/further").mkdir()
    write("b", SAVES.format(""))
    write("further/a", LOADS)
    make()
    write("b", SAVES.format("anew"))
    make()
    assert executed == ["b", "a", "b", "a"]
    assert "run 4" in page("a")


# What is not kept.


def test_a_run_of_practice_data_for_want_of_real_data_is_not_kept(executed, capsys, monkeypatch):
    monkeypatch.setattr(data, "digest", lambda name: "")
    write("a", LOAD.format("mnist"))
    assert "a  not kept: the dataset mnist is not here" in said_after(capsys)
    make()
    assert executed == ["a", "a"]


@pytest.mark.parametrize(
    "source",
    [
        "import subprocess\nsubprocess.run(['cat', 'beside.csv'])",
        "import os\nos.system('cat beside.csv')",
        "import os, sys\nos.posix_spawn('/bin/true', ['true'], {})",
        "import multiprocessing.popen_spawn_posix",
    ],
)
def test_a_run_that_starts_another_program_is_not_kept(executed, capsys, source):
    write("a", source)
    assert "not kept: it started another program" in said_after(capsys)
    make()
    assert executed == ["a", "a"]


# https://github.com/jupyter-book/jupyter-book/issues/1117 and
# https://github.com/INRIA/scikit-learn-mooc/issues/329: an error is told each time.
def test_a_failed_run_is_not_kept(capsys, monkeypatch):
    def fails(job: execute.Job, *_: object) -> execute.Run:
        return execute.Run(nbformat.read(job.path, 4), 1.0, failure="ZeroDivisionError")

    monkeypatch.setattr(execute, "_executed", fails)
    write("a", "1 / 0")
    for _ in range(2):
        assert reports.make() == 1
        assert "ZeroDivisionError" in capsys.readouterr().err
    assert not reports.cache().folder.exists()


def test_a_run_during_which_a_module_changed_is_not_kept(executed, checkout, monkeypatch, capsys):
    write("a", "from workbook import plots")
    run = execute._executed

    def slow(*given: object) -> execute.Run:
        done = run(*given)
        (checkout / "src/workbook/plots.py").write_text(f"# {len(executed)}")
        return done

    monkeypatch.setattr(execute, "_executed", slow)
    make()
    assert (
        "not kept: the file src/workbook/plots.py changed while it ran" in capsys.readouterr().out
    )
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
    before = [p.stat().st_mtime_ns for p in reports.cache().folder.iterdir()]
    make()
    assert executed == ["a", "a"]
    assert [p.stat().st_mtime_ns for p in reports.cache().folder.iterdir()] == before


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
    assert "nothing that it used has changed since" not in page()
    make()
    when = json.loads(stored().read_text().partition("\n")[2])["executed"]
    assert f"{when}; nothing that it used has changed since" in page()
    assert "12 s" in page()


SAVE = """
from pathlib import Path
Path("../data/models").mkdir(parents=True, exist_ok=True)
partial = Path("../data/models/.a.1")
partial.write_text("weights" * 1000)
partial.replace("../data/models/a.keras")
"""


@pytest.mark.parametrize("harm", ["cut", "gone", "other"])
def test_a_model_that_the_run_wrote_is_as_it_left_it_or_it_is_run_again(executed, capsys, harm):
    write("a", SAVE)
    model = paths.DATA / "models" / "a.keras"
    make()
    make()
    assert executed == ["a"]
    if harm == "gone":
        model.unlink()
    else:
        model.write_text("weights"[:1000] if harm == "cut" else "WEIGHTS" * 1000)
    said = said_after(capsys)
    assert "executed again: data/models/a.keras, which it wrote, changed" in said
    assert model.read_text() == "weights" * 1000


def test_at_most_so_many_are_kept_those_used_last(executed, monkeypatch):
    monkeypatch.setattr(run_cache, "MOST", 2)
    for source in "123":
        write("a", source)
        make()
        if source == "2":
            write("a", "1")
            make()  # used again, so that 2 goes first
    assert executed == ["a"] * 3
    assert len(list(reports.cache().folder.iterdir())) == 2
    write("a", "1")
    make()
    assert len(executed) == 3


@pytest.mark.parametrize("damaged", ["", "{}", "\0", "short"])
def test_a_damaged_file_is_none(executed, damaged):
    write("a", "print(1)")
    make()
    file = stored()
    file.write_text(file.read_text()[:-9] if damaged == "short" else damaged)
    make()
    make()
    assert executed == ["a", "a"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_disk_that_cannot_be_written_costs_no_page(executed, checkout, capsys):
    reports.cache().folder.mkdir()
    reports.cache().folder.chmod(0o500)
    write("a", "print(1)")
    assert "cannot be written" in said_after(capsys)


def test_where_the_folder_cannot_be_made_the_page_is(executed, capsys):
    reports.cache().folder.write_text("a file in its place")
    write("a", "print(1)")
    assert "not kept: " in said_after(capsys)
    assert "run 1" in page()


def test_a_real_kernel_s_run_comes_back_as_it_was_and_is_of_what_it_read(checkout, monkeypatch):
    (checkout / "notebooks/run.py").write_text("import json")
    write("a", "import os, time", "print('pid', os.getpid())", "%run run.py", "{'a': 1}")
    make()
    first = page()
    make()
    pid = first[first.index("pid ") :].split()[1]
    assert f"pid {pid}" in page()
    (checkout / "notebooks/run.py").write_text("import csv")
    make()
    assert f"pid {pid}" not in page()


def test_no_settings_of_the_user_s_own_go_into_a_run(checkout, monkeypatch, tmp_path):
    home = tmp_path / "home"
    startup = home / ".ipython/profile_default/startup"
    startup.mkdir(parents=True)
    (startup / "mine.py").write_text("MINE = 1")
    (home / ".config/matplotlib").mkdir(parents=True)
    (home / ".config/matplotlib/matplotlibrc").write_text("lines.linewidth: 17")
    (home / "start.py").write_text("MINE = 1")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("IPYTHONDIR", raising=False)
    monkeypatch.setenv("PYTHONSTARTUP", str(home / "start.py"))
    monkeypatch.setenv("PYTHONOPTIMIZE", "1")
    monkeypatch.setenv("PYTHONDEVMODE", "1")
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    monkeypatch.setenv("MPLBACKEND", "TkAgg")
    monkeypatch.delenv("PYTHONPATH")
    path = write(
        "a",
        "print('MINE' in globals())\nassert False",
        "import matplotlib.pyplot as plt\nprint(plt.rcParams['lines.linewidth'])",
        "plt.plot([1, 2])\nplt.show()",
        "import sys, warnings\nprint(sys.flags.dev_mode)\nwarnings.warn('old')",
        tags=("raises-exception",),
    )
    cells = running.execute(path).notebook.cells[1:]
    assert cells[0].outputs[0].text == "False\n"
    assert cells[0].outputs[1].ename == "AssertionError"
    assert cells[1].outputs[0].text == "1.5\n"
    assert "image/png" in cells[2].outputs[0].data
    assert [output.get("name") for output in cells[3].outputs] == ["stdout", "stderr"]
    assert cells[3].outputs[0].text == "False\n"


def test_a_page_says_that_it_is_as_stored_until_its_run_is_done(executed, monkeypatch):
    path = write("a", "print(1)")
    notebook = nbformat.read(path, 4)
    notebook.cells[1].outputs = [new_output("stream", name="stdout", text="of last week")]
    nbformat.write(notebook, path)
    run, seen = execute._executed, []

    def slow(*given: object) -> execute.Run:
        seen.extend([page(), page("index")])
        return run(*given)

    monkeypatch.setattr(execute, "_executed", slow)
    make()
    assert all("As stored, executing now." in text for text in seen)
    assert "of last week" in seen[0]
    assert "run 1" in page()
    assert not any("As stored" in text for text in (page(), page("index")))
    make()
    assert len(seen) == 2  # a run that is kept has its page at once


def test_an_interrupted_run_leaves_a_page_that_says_so(executed, monkeypatch):
    write("a", "print(1)")
    write("b", "print(2)")

    def interrupted(*_: object) -> execute.Run:
        raise KeyboardInterrupt

    monkeypatch.setattr(execute, "_executed", interrupted)
    assert main(["reports"]) == 130
    assert page("index").count("As stored, executing now.") == 2
    assert "As stored, executing now." in page()
