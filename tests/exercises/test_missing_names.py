"""A check whose answer's cell has not run, in IPython itself."""

import subprocess
import sys

import pytest

CELLS = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance(colors="nocolor")
shell.run_cell("from workbook import exercises")
for cell in {cells!r}:
    result = shell.run_cell(cell)
    print("FAILED" if result.error_in_exec else "RAN")
"""


def _said(*cells: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", CELLS.format(cells=cells)],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.fixture(scope="module")
def said() -> str:
    return _said(
        'exercises.check("mnist.gap", gaps_left, base)',
        'gaps_left = exercises.predict(\n    "mnist.gap", gaps_lost\n)',
        "print(nothing)",
        "def f():\n    return inner\nexercises.check('mnist.gap', f())",
        "1 / 0",
    )


def test_a_check_says_to_run_the_cell_above(said: str) -> None:
    first, second, *_ = said.split("FAILED")
    assert "there is no gaps_left so far. Run the cell above first" in first
    assert "there is no gaps_lost so far" in second
    assert "Traceback" not in first + second and "NameError" not in first + second


def test_every_other_error_keeps_its_traceback(said: str) -> None:
    _, _, plain, inner, other, _ = said.split("FAILED")
    assert "NameError: name 'nothing' is not defined" in plain
    assert "NameError: name 'inner' is not defined" in inner
    assert "ZeroDivisionError" in other
    assert "cell above" not in plain + inner + other
