"""What the workbook raises for a user, who can mend it: which file, what was found, what to do.

The commands print any :class:`WorkbookError` in a line; every other error is a mistake of ours, and
keeps its traceback.
"""

from collections.abc import Sequence


def listing(names: Sequence[str], most: int = 4, between: str = ", ") -> str:
    """Return the first names, for a message, and how many more there are."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return between.join(names[:most]) + more


class WorkbookError(Exception):
    """Something that a user can mend; its message says what it is, and what to do."""

    def _render_traceback_(self) -> list[str]:
        """Show the message without the traceback in a notebook: it says what a reader needs."""
        return [f"{type(self).__name__}: {self}"]


class DataError(WorkbookError):
    """Data that cannot be used: which file, what was found, what was expected, what to do next."""

    def __init__(self, where: object, found: str, expected: str = "", next_step: str = "") -> None:
        """Make one message of the parts; ``reason`` is its first half, with no way out."""
        self.where = str(where)
        self.reason = f"{where}: {found}"
        text = f"{self.reason}; expected {expected}." if expected else f"{self.reason}."
        super().__init__(f"{text} {next_step}." if next_step else text)


class UnknownExerciseError(WorkbookError, KeyError):
    """A name that no exercise has, and the nearest ones that some have."""

    def __str__(self) -> str:
        """Return the message as it is: a KeyError would quote it."""
        return str(self.args[0])


class NetworkError(WorkbookError, ValueError):
    """A network that no page can run: which layer or shape, and which ones can."""


class NotebookError(WorkbookError):
    """A notebook that cannot be read, or may not be executed."""


class KernelError(WorkbookError, RuntimeError):
    """No notebook can be executed, since Python's kernel did not start."""


class GradingError(WorkbookError):
    """Hand-ins, a gradebook or weights that cannot be used, or what grading needs and has not."""


class BrowserError(WorkbookError):
    """Pages cannot be printed: there is no browser or no page, or the browser does not start."""


class ReleaseError(WorkbookError):
    """There is nothing that could be released."""
