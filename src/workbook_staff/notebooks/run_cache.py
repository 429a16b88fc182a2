"""A cache of notebooks' runs: what a run gave is given again while all that it used is the same.

That is the code, the settings (Python, the machine, variables), and what the run itself recorded
(:mod:`workbook_staff.notebooks.recorder`): files that it opened or asked for in vain, folders,
modules, packages and datasets. What it wrote has to be as it left it.
"""

import ast
import contextlib
import hashlib
import importlib.metadata
import json
import os
import platform
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import workbook
from workbook import datasets, paths
from workbook.errors import listing
from workbook_staff import data
from workbook_staff.notebooks import execute, recorder, terminal
from workbook_staff.notebooks.execute import Run, runs

import nbformat
from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

MOST = 16
"""How many runs a cache holds: those used last."""

VERSION = 2
"""Part of each stored run's seal: raise it when what is stored of a run changes its form."""

LARGE = 100_000_000
"""Bytes from which on a file that was asked for, but not opened by Python, counts by its size."""

# Tags by which nbclient goes another way.
_TAGS = {"raises-exception", "skip-execution"}
# What native libraries read; what Python code asks for is found by its name in that code.
_VARIABLES = re.compile(
    r"(WORKBOOK|TF|KERAS|XLA|CUDA|CUDNN|NVIDIA|ONEDNN|DNNL|MKL|OMP|GOMP|KMP|OPENBLAS|GOTO|BLIS"
    r"|VECLIB|NUMEXPR|GLIBC|MALLOC|LD|MPL|MATPLOTLIB|PYTHON|TZ|LANG|LC)[A-Z0-9]*(_[A-Z0-9_]*)?"
)
# The data is known by its digests; the others are set, or set aside, for every run.
_NO_VARIABLES = {"WORKBOOK_DATA_DIR", *execute.SET_ASIDE, *execute.FIXED}
# What is the system's, and what libraries keep for themselves.
_OTHERS = (
    *("/bin", "/dev", "/etc", "/lib", "/proc", "/run", "/sbin", "/sys", "/System", "/usr"),
    os.environ.get("SYSTEMROOT") or "/Windows",
    os.environ.get("XDG_CACHE_HOME") or str(Path("~/.cache").expanduser()),
    *(str(Path(name).expanduser()) for name in ("~/Library/Caches", "~/AppData/Local")),
)
# The workbook says itself what Keras is to be like, whatever this file says.
_NO_FILES = ("/.keras/keras.json",)

Inputs = dict[str, dict[str, str]]
"""What a run has used: by kind and name, the state that it was in."""


@dataclass(frozen=True)
class RunCache:
    """The runs that are stored in a folder, and the folders beside them that runs have filled.

    ``without`` is a folder of modules that what is wanted of a run does not depend on.
    """

    folder: Path
    without: Path | None = None

    def find(self, path: Path, notebook: NotebookNode) -> tuple[Run | None, str]:
        """Return the notebook with the outputs of its stored run, or None and the reason in words.

        The reason is "" where no run of a notebook of this name is stored.
        """
        code, now = _code(path, notebook), _settings()
        stored = self._stored()
        why = ""
        for file, found in stored:
            if found["code"] == code:
                changed = _changed(found, now)
                if not changed:
                    with contextlib.suppress(OSError):
                        os.utime(file)
                    return self._run(notebook, found), ""
                why = why or f"{listing(changed, 3)} changed"
        if not why and any(found["name"] == path.stem for _, found in stored):
            why = "its code changed"
        return None, why

    def keep(self, path: Path, run: Run) -> str:
        """Store a run; return why not, "" where it is stored.

        Not stored are a run of which something has changed meanwhile, or of which is not known what
        it has used.
        """
        inputs, wrote, why = used(run, path.resolve().parent, self.without)
        if why:
            return why
        found = {
            "name": path.stem,
            "code": _code(path, run.notebook),
            "settings": _settings(),
            "inputs": inputs,
            "wrote": wrote,
            "folder": run.folder.name if run.folder else "",
            "executed": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
            "seconds": run.seconds,
            "cells": [
                [cell.outputs, cell.execution_count, cell.metadata.get("execution", {})]
                for cell in run.notebook.cells
                if runs(cell)
            ],
        }
        key = _digest(json.dumps([found[part] for part in ("code", "settings", "inputs")]))
        try:
            text = json.dumps(found)
            sealed = _digest(f"{VERSION}\n{text}") + f"\n{text}"
            paths.write(self.folder / f"{key}.json", sealed)
            for old, gone in self._stored()[MOST:]:
                old.unlink(missing_ok=True)
                if gone["folder"]:
                    shutil.rmtree(self.folder / gone["folder"], ignore_errors=True)
        except OSError as error:
            return f"{self.folder} cannot be written ({error.strerror or error})"
        return ""

    def _run(self, notebook: NotebookNode, found: dict[str, Any]) -> Run:
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        for cell, kept in zip(filter(runs, notebook.cells), found["cells"], strict=True):
            outputs, cell.execution_count, times = nbformat.from_dict(kept)
            cell.outputs, cell.metadata["execution"] = outputs, times
        return Run(
            notebook,
            found["seconds"],
            executed=found["executed"],
            folder=self.folder / found["folder"] if found["folder"] else None,
        )

    def _stored(self) -> list[tuple[Path, dict[str, Any]]]:
        """Return what is stored, the last used first, without what is damaged or of an old form."""
        found = []
        for file in paths.listed(self.folder, "*.json"):
            try:
                seal, _, text = file.read_text("utf-8").partition("\n")
                at = file.stat().st_mtime_ns
            except (OSError, ValueError):
                continue
            if seal == _digest(f"{VERSION}\n{text}"):
                found.append((at, file, json.loads(text)))
        found.sort(key=lambda one: one[0], reverse=True)
        return [(file, record) for _, file, record in found]


def used(run: Run, beside: Path, without: Path | None = None) -> tuple[Inputs, dict[str, str], str]:
    """Return a run's inputs, the digests of what it wrote, and why it cannot be stored ("" if not).

    ``beside`` is the folder that it ran in.
    """
    seen: dict[str, set[str]] = {}
    for kind, name in run.used:
        if without and name.startswith(f"{without}{os.sep}"):
            continue
        seen.setdefault(kind, set()).add(name)
    for name in sorted(seen.get("program", ())):
        return {}, {}, f"it started another program ({name}), and what that read is not known"
    wrote = {
        _named(path): state
        for path in seen.get("wrote", ())
        if _is_own(path, beside) and (state := _file(path))
    }
    files = {path for path in seen.get("read", ()) if _is_own(path, beside)}
    words = _words(run.notebook, files)
    # Native code opens a file without Python's knowledge.
    named = {os.path.abspath(beside / word[:255]) for word in words}  # noqa: PTH100 - links stay
    files |= set(filter(os.path.isfile, named))
    asked = {path for path in seen.get("asked", ()) if _is_own(path, beside)} - files
    inputs = {
        "file": {_named(path) for path in files},
        "path": {_named(path) for path in asked},
        "folder": {_named(path) for path in seen.get("listed", ()) if _is_own(path, beside)},
        "tree": {_named(path) for path in seen.get("searched", ()) if _is_own(path, beside)},
        "module": set(_modules(seen.get("module", set()), seen.get("path", set()))),
        "package": _packages(seen.get("read", ())),
        "dataset": seen.get("dataset", set()),
        "variable": {word for word in words if word.isidentifier() and word not in _NO_VARIABLES},
    }
    states = {
        kind: {name: _STATES[kind](name) for name in sorted(names - wrote.keys())}
        for kind, names in inputs.items()
    }
    odd = [f"the file {name}" for name in states["file"] if _changed_since(name, run.started)]
    if odd:
        return {}, {}, f"{listing(odd, 3)} changed while it ran"
    absent = [name for name, state in states["dataset"].items() if not state]
    if absent:
        return {}, {}, f"the dataset {absent[0]} is not here, and what was used instead may change"
    return states, wrote, ""


def _changed(found: dict[str, Any], now: dict[str, str]) -> list[str]:
    """Return in words what is not as a stored run has used it or left it."""
    before = found["settings"]
    changed = [name for name in sorted(before.keys() | now) if before.get(name) != now.get(name)]
    for kind, states in found["inputs"].items():
        changed += [f"the {kind} {n}" for n, was in states.items() if _STATES[kind](n) != was]
    return changed + [
        f"{name}, which it wrote," for name, was in found["wrote"].items() if _file(name) != was
    ]


def _file(name: str) -> str:
    """Return the digest of what is in a file, "" where there is none.

    A folder is opened for its number, by which the files in it are asked for.
    """
    try:
        with (paths.ROOT / name).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:32]
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except IsADirectoryError:
        return _tree(name)
    except OSError:  # a file that may not be read
        return "not read"


def _path(name: str) -> str:
    """Return what is at a path that was asked for; native code may have read a file there."""
    path = paths.ROOT / name
    if not path.is_file():
        return "a folder" if path.is_dir() else ""
    size = path.stat().st_size
    return f"{size} bytes" if size >= LARGE else _file(name)


def _folder(name: str) -> str:
    """Return a digest of the names in a folder, "" where there is none."""
    try:
        names = [path.name for path in (paths.ROOT / name).iterdir() if _is_plain(path.name)]
        return _digest(json.dumps(sorted(names)))
    except OSError:
        return ""


def _tree(name: str) -> str:
    """Return a digest of the names, sizes and times of the files in a folder."""
    try:
        with os.scandir(paths.ROOT / name) as entries:
            files = [(e.name, e.stat()) for e in entries if _is_plain(e.name) and e.is_file()]
    except OSError:
        return ""
    return _digest(json.dumps(sorted((n, s.st_size, s.st_mtime_ns) for n, s in files)))


def _is_plain(name: str) -> bool:
    return not name.startswith((".", "__pycache__"))


def _module(name: str) -> str:
    """Return in what form a module is at a place where it was looked for, "" where it is not."""
    path = paths.ROOT / name
    if path.is_dir():
        return "package"
    return "file" if path.with_name(f"{path.name}.py").is_file() else ""


def _modules(names: Iterable[str], folders: Iterable[str]) -> Iterator[str]:
    """Yield the places at which modules were looked for; of a package's, where it is our own."""
    for folder in filter(os.path.isdir, folders):  # an archive of modules is opened as a file
        for name in names:
            top = Path(folder, name.partition(".")[0])
            if "." not in name or top.is_dir():
                yield _named(str(Path(folder, *name.split("."))))


@cache
def _tops() -> Mapping[str, list[str]]:
    return importlib.metadata.packages_distributions()


def _packages(files: Iterable[str]) -> set[str]:
    """Return the distributions that files in the installation are of."""
    tops = {top for file in files if (top := _top(file))}
    return {home for top in tops for home in _tops().get(top, ())}


def _top(path: str) -> str:
    """Return the name of the module at the top of an installed package, "" for another file."""
    for home in recorder.PACKAGES:
        if path.startswith(home):
            return path.removeprefix(home).partition(os.sep)[0].partition(".")[0]
    return ""


@cache
def _package(name: str) -> str:
    """Return the version of a distribution, and a digest of its files' digests, "" for none."""
    try:
        found = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return ""
    return f"{found.version} {_digest(found.read_text('RECORD') or '')}"


def _dataset(name: str) -> str:
    return data.digest(name) if name in datasets.names() else ""


def _variable(name: str) -> str:
    return _digest(os.environ[name]) if name in os.environ else ""


_STATES: dict[str, Callable[[str], str]] = {
    "file": _file,
    "path": _path,
    "folder": _folder,
    "tree": _tree,
    "module": _module,
    "package": _package,
    "dataset": _dataset,
    "variable": _variable,
}
"""How the state of each kind of input is found out; "" for what is not there."""


def _is_own(path: str, beside: Path) -> bool:
    """Return whether a file is nobody's but the course's or the user's: the rest has versions."""
    if top := _top(path):
        return top not in _tops() and "-info" + os.sep not in path
    if path.startswith(recorder.INSTALLED) or path.endswith(_NO_FILES):
        return False
    package = Path(workbook.__file__).parent
    if Path(path).is_relative_to(package):  # the rest in there are texts, and scripts for pages
        return path.endswith(".py")
    mine = any(Path(path).is_relative_to(top) for top in (paths.ROOT, paths.DATA, beside))
    return mine or not path.startswith(_OTHERS)


def _named(path: str) -> str:
    """Return a path as it is stored and told: from the checkout on, where it is in there."""
    inside = Path(path).is_relative_to(paths.ROOT)
    return Path(path).relative_to(paths.ROOT).as_posix() if inside else path


def _changed_since(name: str, started: float) -> bool:
    try:
        stat = (paths.ROOT / name).stat()
    except OSError:
        return False
    return max(stat.st_mtime, stat.st_ctime) >= started


def _code(path: Path, notebook: NotebookNode) -> str:
    """Return the digest of a notebook's code and of the folder in which it runs."""
    cells = [
        [cell.source, sorted(_TAGS & set(cell.metadata.get("tags", [])))]
        for cell in filter(runs, notebook.cells)
    ]
    return _digest(json.dumps([str(path.resolve().parent), cells]))


def _words(notebook: NotebookNode, files: Iterable[str]) -> set[str]:
    """Return the strings in a notebook's code, and in modules of the user's own."""
    ours = Path(workbook.__file__).parents[1]
    sources = [cell.source for cell in filter(runs, notebook.cells)]
    for file in files:
        if file.endswith(".py") and not Path(file).is_relative_to(ours):
            with contextlib.suppress(OSError, ValueError):
                sources.append(Path(file).read_text("utf-8"))
    words: set[str] = set()
    for source in sources:
        with contextlib.suppress(SyntaxError, ValueError):  # it was not run, then
            nodes = ast.walk(ast.parse(TransformerManager().transform_cell(source)))
            values = (node.value for node in nodes if isinstance(node, ast.Constant))
            words |= {value for value in values if isinstance(value, str)}
    return words


def _settings() -> dict[str, str]:
    """Return what changes every run: each thing in words, with a digest of it."""
    executing = [Path(str(module.__file__)) for module in (execute, recorder, terminal)]
    settings = {
        "Python": sys.version,
        "the machine": _machine(),
        "the folder of the checkout": _digest(str(paths.ROOT)),
        "how notebooks are executed": _digest(b"".join(file.read_bytes() for file in executing)),
        "the package nbclient": _package("nbclient"),
    }
    for name in os.environ:
        if _VARIABLES.fullmatch(name) and name not in _NO_VARIABLES:
            settings[f"the variable {name}"] = _variable(name)
    return settings


@cache
def _machine() -> str:
    """Return a digest of the processor's kind and features, and of the GPUs."""
    said = [*platform.uname()[::4], platform.processor()]
    try:
        info = Path("/proc/cpuinfo").read_text(errors="replace").partition("\n\n")[0]
        said += re.findall(r"^(?:model name|flags|Features)\s*:.*", info, re.M)
    except OSError:  # Linux only
        pass
    drivers = Path("/proc/driver/nvidia/gpus").glob("*/information")
    return _digest(json.dumps([*said, *sorted(file.read_text() for file in drivers)]))


def _digest(content: str | bytes) -> str:
    raw = content.encode(errors="surrogatepass") if isinstance(content, str) else content
    return hashlib.sha256(raw).hexdigest()[:32]
