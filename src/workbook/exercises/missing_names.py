"""A check whose answer's cell has not run: told in a line, in place of Python's NameError.

The arguments of a check are looked up before it is called, so that it cannot say so itself: IPython
is asked to, by a handler for this one error, which leaves all other cells as they are.
"""

import linecache
import re
import sys
from types import TracebackType
from typing import Any

_ASKS = re.compile(r"\bexercises\.(check|fill|predict|recall)\(")


def watch() -> None:
    """Have IPython say what to do where a check's names are missing; elsewhere do nothing."""
    if "IPython" in sys.modules:
        from IPython import get_ipython

        if (shell := get_ipython()) is not None:
            shell.set_custom_exc((NameError,), _say)


def _say(
    shell: Any,
    kind: type[NameError],
    error: NameError,
    trace: TracebackType,
    tb_offset: int | None = None,
) -> None:
    """Show a line for a name that a check's own cell misses, else IPython's traceback."""
    last = trace
    while last.tb_next is not None:
        last = last.tb_next
    source = "".join(linecache.getlines(last.tb_frame.f_code.co_filename))
    is_own = last.tb_frame.f_code.co_name == "<module>"
    if not (is_own and _ASKS.search(source)):
        shell.showtraceback((kind, error, trace), tb_offset=tb_offset)
        return
    from workbook.exercises import records

    from IPython.display import display

    display(
        records.Said(
            f"**Not yet**: there is no `{error.name}` so far. Run the cell above first; if it "
            "stopped with an error, mend that, and run it again."
        )
    )
