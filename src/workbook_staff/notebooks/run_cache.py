"""Keep what a notebook's run gave, and give it again while nothing that the run was of has changed.

A run is of its code cells, of the modules and files that they import, of the datasets that they
name, of the packages, of Python, of the machine, and of the variables that change a run. Prose is
none of it, nor is a tag that changes no output.
"""

import ast
import hashlib
import importlib.metadata
import json
import os
import platform
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import workbook
from workbook import datasets, paths
from workbook_staff.notebooks.execute import Run, runs

import nbformat
from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode
from packaging.requirements import Requirement

MOST = 16
"""How many runs are kept: those used last."""

VERSION = 1
"""Part of each kept run's seal: raise it when what is kept of a run changes its form."""

_PACKAGE = Path(workbook.__file__).parent
# What turns the code into outputs, whatever a notebook imports.
_RUNS_ALL = {"workbook", "workbook_staff.notebooks.execute"}
_KERNEL = {"ipykernel", "nbclient"}
# Tags by which nbclient goes another way.
_TAGS = {"raises-exception", "skip-execution"}
_VARIABLES = re.compile(r"(WORKBOOK|TF|KERAS|XLA|CUDA|OMP|MKL|MPL|MATPLOTLIB|PYTHON)[A-Z_]*")
# The first is the folder that the datasets' digests are from; the second is set for every run.
_NO_VARIABLES = {"WORKBOOK_DATA_DIR", "WORKBOOK_PROGRESS"}


@dataclass(frozen=True)
class Dependencies:
    """What a run is of: each thing in words, with a digest of it.

    ``unknown`` says why that is not all, "" where it is.
    """

    digests: dict[str, str]
    unknown: str = ""

    def changed(self, now: "Dependencies") -> list[str]:
        """Return in words what is not as it was."""
        names = sorted(self.digests.keys() | now.digests.keys())
        return [name for name in names if self.digests.get(name) != now.digests.get(name)]


def folder() -> Path:
    """Return where runs are kept; `make clean` and `make storage CLEAR=1` remove it."""
    return paths.ROOT / ".kept"


def run(
    path: Path, notebook: NotebookNode, execute: Callable[[Path], Run], fresh: bool = False
) -> Run:
    """Return the run of our notebook at ``path``: the kept one while it holds, else a new one.

    With ``fresh`` a kept one is passed over; where ``CI`` is set, none is used and none is kept. A
    run that failed is not kept, nor one of practice data for want of real data, nor one during
    which something that it is of has changed.
    """
    if os.environ.get("CI"):
        return execute(path)
    before = dependencies(notebook, path.parent)
    if not fresh:
        found, why = find(path.stem, notebook, before)
        if found:
            print(
                f"{path.stem}  kept: nothing that it depends on has changed since {found.executed}"
            )
            return found
        if why:
            print(f"{path.stem}  executed again: {why}")
    files = _data()
    made = execute(path)
    after = dependencies(made.notebook, path.parent)
    # A first load leaves the record that the digests of the data are from.
    odd = [name for name in before.changed(after) if not name.startswith("the dataset ")]
    if odd and not made.failure:
        print(f"{path.stem}  not kept: {_listed(odd)} changed while it ran")
    elif after.unknown and not made.failure:
        print(f"{path.stem}  not kept: {after.unknown}")
    elif not made.failure:
        wrote = {name for name, stamp in _data().items() if files.get(name) != stamp}
        _keep(path.stem, made, after, sorted(wrote))
    return made


def dependencies(notebook: NotebookNode, beside: Path) -> Dependencies:
    """Return what a run of the notebook is of, were it executed now in the folder ``beside``."""
    cells = [cell for cell in notebook.cells if runs(cell)]
    digests = {"its code": _digest(_code(cells))}
    trees = [tree for cell in cells if (tree := _tree(cell.source))]
    unknown = ""
    if any(map(_leaves_python, trees)):
        unknown = "it uses a magic or a shell command, and what that reads is not known"
    words = {word for tree in trees for word in _strings(tree)}

    own = _Modules(beside)
    for tree in trees:
        own.follow(tree)
    for name in _RUNS_ALL:
        if file := _module_file(name):
            own.files.setdefault(name, file)
    for name, file in own.files.items():
        digests[f"the module {name}"] = _digest(file.read_bytes())
    for data in own.other_files():
        digests[f"the file {data.name}"] = _digest(data.read_bytes())
    for name in _datasets(words | own.words):
        digests[f"the dataset {name}"] = datasets.digest(name)
        if not digests[f"the dataset {name}"]:
            unknown = f"the dataset {name} is not here, and what was used in its place may change"
    for name, version in _packages(frozenset(own.packages | _KERNEL)).items():
        digests[f"the package {name}"] = version
    for name, value in _variables(words).items():
        digests[f"the variable {name}"] = _digest(value)
    digests["Python"] = sys.version
    digests["the machine"] = _machine()
    digests["the folder of the checkout"] = _digest(str(paths.ROOT))
    return Dependencies(digests, unknown)


class _Modules:
    """The modules of the workbook, and those beside the notebook, that code imports in the end."""

    def __init__(self, beside: Path) -> None:
        self.beside = beside
        self.files: dict[str, Path] = {}
        self.packages: set[str] = set()
        self.words: set[str] = set()

    def follow(self, tree: ast.AST) -> None:
        """Add what a piece of code imports, at its top or in a function, and so on from there."""
        for name in _imported(tree):
            parts = name.split(".")
            for end in range(1, len(parts) + 1):  # importing a.b runs a, too
                self._add(".".join(parts[:end]))

    def _add(self, name: str) -> None:
        file = _module_file(name, self.beside)
        if file is None:
            if "." not in name:
                self.packages.add(name)
        elif name not in self.files:
            self.files[name] = file
            tree, strings = _parsed(file, file.stat().st_mtime_ns)
            if not name.startswith(("workbook.datasets", "workbook.practice")):  # they name all
                self.words |= strings
            self.follow(tree)

    def other_files(self) -> list[Path]:
        """Return what is no module: in the folders of the packages, and beside the notebook."""
        rooms = [file.parent for file in self.files.values() if file.name == "__init__.py"]
        inside = [file for room in rooms for file in room.iterdir() if file.suffix != ".py"]
        beside = [
            file for file in self.beside.iterdir() if file.suffix not in (".py", ".ipynb", ".md")
        ]
        return sorted(
            file for file in inside + beside if file.is_file() and not file.name.startswith(".")
        )


def _module_file(name: str, beside: Path | None = None) -> Path | None:
    """Return the file of a module of the workbook, or of one beside the notebook; else None."""
    inner = Path(*name.split("."))
    for top in filter(None, (beside, _PACKAGE.parent)):
        if top != beside and inner.parts[0] != _PACKAGE.name:
            continue
        for file in (top / inner / "__init__.py", (top / inner).with_suffix(".py")):
            if file.is_file():
                return file
    return None


@cache
def _parsed(file: Path, changed: int) -> tuple[ast.Module, frozenset[str]]:
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):  # its import fails, and so the run
        tree = ast.Module([], [])
    return tree, frozenset(_strings(tree))


def _imported(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    # A module that is imported by its name.
    return found | {word for word in _strings(tree) if word.startswith("workbook.")}


def _strings(tree: ast.AST) -> set[str]:
    constants = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return {value for value in constants if isinstance(value, str)}


def _code(cells: Iterable[NotebookNode]) -> str:
    return json.dumps(
        [[cell.source, sorted(_TAGS & set(cell.metadata.get("tags", [])))] for cell in cells]
    )


def _tree(source: str) -> ast.Module | None:
    """Return a cell's code, with IPython's own forms as the calls that they stand for."""
    try:
        return ast.parse(TransformerManager().transform_cell(source))
    except (SyntaxError, ValueError):  # it is not run, then
        return None


def _leaves_python(tree: ast.AST) -> bool:
    return any(isinstance(node, ast.Name) and node.id == "get_ipython" for node in ast.walk(tree))


def _datasets(words: set[str]) -> list[str]:
    return sorted(words & set(datasets.names()))


def _variables(words: set[str]) -> dict[str, str]:
    """Return the variables that are known to change a run, and those that the code names."""
    return {
        name: value
        for name, value in os.environ.items()
        if (_VARIABLES.fullmatch(name) or name in words) and name not in _NO_VARIABLES
    }


@cache
def _packages(imported: frozenset[str]) -> dict[str, str]:
    """Return the versions of the distributions of modules, and of what they need in turn."""
    homes = importlib.metadata.packages_distributions()
    waiting = [home for name in imported for home in homes.get(name, ())]
    found: dict[str, str] = {}
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in found or name == _PACKAGE.name:
            continue
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:  # needed on another system
            continue
        found[name] = distribution.version
        needs = map(Requirement, distribution.requires or ())
        waiting += [need.name for need in needs if not need.marker or need.marker.evaluate()]
    return found


@cache
def _machine() -> str:
    """Return a digest of the processor's kind and features, how many there are, and the GPUs."""
    said = [*platform.uname()[::4], platform.processor(), str(os.cpu_count())]
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


def find(name: str, notebook: NotebookNode, now: Dependencies) -> tuple[Run | None, str]:
    """Return the notebook with the outputs that are kept of it; else why they do not hold.

    The reason is "" where none of a notebook of this name are kept.
    """
    kept = _all()
    for file, found in kept:
        if found["digests"] != now.digests or now.unknown:
            continue
        gone = [wrote for wrote in found["wrote"] if not (paths.DATA / wrote).is_file()]
        if gone:
            return None, f"{_listed(gone)}, which it writes, is not there"
        os.utime(file)
        return Run(_with(notebook, found), found["seconds"], executed=found["executed"]), ""
    last = next((found for _, found in kept if found["name"] == name), None)
    if last is None:
        return None, ""
    changed = Dependencies(last["digests"]).changed(now)
    return None, f"{_listed(changed)} changed" if changed else now.unknown


def _all() -> list[tuple[Path, dict[str, Any]]]:
    """Return what is kept, the last used first, without a file that is damaged or of old form."""
    found = []
    for file in paths.listed(folder(), "*.json"):
        try:
            seal, _, text = file.read_text("utf-8").partition("\n")
            used = file.stat().st_mtime_ns
        except (OSError, ValueError):
            continue
        if seal == _digest(f"{VERSION}\n{text}"):
            found.append((used, file, json.loads(text)))
    return [(file, kept) for _, file, kept in sorted(found, key=lambda one: -one[0])]


def _with(notebook: NotebookNode, kept: dict[str, Any]) -> NotebookNode:
    """Return the notebook as it is now, with the kept outputs in its code cells."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    cells = [cell for cell in notebook.cells if runs(cell)]
    for cell, (outputs, count, times) in zip(cells, kept["cells"], strict=True):
        cell.outputs, cell.execution_count = nbformat.from_dict(outputs), count
        cell.metadata["execution"] = nbformat.from_dict(times)
    notebook.metadata["language_info"] = nbformat.from_dict(kept["language"])
    return notebook


def _keep(name: str, made: Run, now: Dependencies, wrote: list[str]) -> None:
    """Write a run; where that cannot be, say so, since the pages need it not."""
    kept = {
        "name": name,
        "executed": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "seconds": made.seconds,
        "digests": now.digests,
        "wrote": wrote,
        "language": made.notebook.metadata.get("language_info", {}),
        "cells": [
            [cell.outputs, cell.execution_count, cell.metadata.get("execution", {})]
            for cell in made.notebook.cells
            if runs(cell)
        ],
    }
    try:
        file = folder() / f"{_digest(json.dumps(now.digests, sort_keys=True))}.json"
        with paths.writing(file) as partial:
            text = json.dumps(kept)
            partial.write_text(_digest(f"{VERSION}\n{text}") + f"\n{text}", "utf-8")
        for old, _ in _all()[MOST:]:
            old.unlink(missing_ok=True)
    except OSError as error:
        print(f"{name}  not kept: {folder()} cannot be written ({error.strerror or error})")


def _data() -> dict[str, tuple[int, int]]:
    """Return what is in ``data/`` but for the cache: size and time of change of each file."""
    found = {}
    for top, folders, names in os.walk(paths.DATA):
        folders[:] = [name for name in folders if Path(top, name) != paths.CACHE]
        for name in names:
            file = Path(top, name)
            if file.is_file():
                stat = file.stat()
                found[file.relative_to(paths.DATA).as_posix()] = stat.st_size, stat.st_mtime_ns
    return found


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
