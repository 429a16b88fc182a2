"""The package as a house: what may import what, so that it can be read from the top down."""

import ast
import graphlib
from pathlib import Path

import workbook

import pytest

SOURCE = Path(workbook.__file__).parents[1]

FLOORS = [
    {"workbook.__main__"},
    {"workbook_staff.cli"},
    {"workbook_staff.release"},
    {"workbook_staff.grading", "workbook_staff.preview"},
    {"workbook_staff.refresh", "workbook_staff.reports", "workbook_staff.slides"},
    {"workbook_staff.results_table"},
    {"workbook_staff.live_page", "workbook_staff.pages"},
    {"workbook_staff.notebooks"},
    {
        "workbook_staff.capacity",
        "workbook_staff.data",
        "workbook_staff.failures",
        "workbook_staff.html",
        "workbook_staff.pdf",
    },
    {"workbook_staff"},
    {"workbook.live"},
    {"workbook.hands"},
    {"workbook.exercises", "workbook.results"},
    {"workbook.datasets", "workbook.explain", "workbook.plots", "workbook.training"},
    {"workbook.layers"},
    {"workbook.practice"},
    {"workbook.install"},
    {
        "workbook.backend",
        "workbook.machine",
        "workbook.notice",
        "workbook.palette",
        "workbook.paths",
    },
    {"workbook.errors"},
    {"workbook"},
    {"workbook.settings", "workbook.variables"},
]
"""The rooms and small modules of both houses, from the top floor down.

Each imports from floors below it alone; what notebooks import knows nothing of the staff's house,
but for the line that hands a command over.
"""

FLOOR_OF = {room: number for number, floor in enumerate(FLOORS) for room in floor}


def _modules() -> dict[str, Path]:
    """Return the file of each module of the package by its name."""
    names = {}
    for path in SOURCE.rglob("*.py"):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        names[".".join(parts).removesuffix(".__init__")] = path
    return names


def _imports(path: Path, modules: dict[str, Path]) -> set[str]:
    """Return the modules of the package that a file imports, at its top or in a function."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides which floor it is from"
            whole = node.module or ""
            inner = {f"{whole}.{alias.name}" for alias in node.names}
            found |= (inner & modules.keys()) | ({whole} if inner - modules.keys() else set())
    return found & modules.keys()


def _room(module: str) -> str:
    return ".".join(module.split(".")[:2])


MODULES = _modules()
IMPORTS = {name: _imports(path, MODULES) for name, path in MODULES.items()}


def test_every_room_has_its_floor():
    assert {_room(name) for name in MODULES} == FLOOR_OF.keys()


@pytest.mark.parametrize("name", sorted(MODULES))
def test_imports_go_down_only(name):
    own = _room(name)
    rising = [
        other
        for other in IMPORTS[name]
        if _room(other) != own and FLOOR_OF[_room(other)] <= FLOOR_OF[own]
    ]
    assert not rising, f"{name} imports {', '.join(sorted(rising))}, which is not on a floor below"


def test_no_modules_import_each_other_in_a_circle():
    graphlib.TopologicalSorter(IMPORTS).prepare()


def test_every_room_says_what_it_is_for():
    rooms = [path.parent for path in SOURCE.rglob("__init__.py")]
    assert len(rooms) >= 12
    for room in rooms:
        text = ast.get_docstring(ast.parse((room / "__init__.py").read_text(encoding="utf-8")))
        assert text, room.name
