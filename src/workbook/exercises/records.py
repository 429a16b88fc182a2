"""What a student has done so far: counted, kept on this computer, and sent nowhere.

Each check leaves a record in the notebook, as an output of its own type, from which a page can
show progress and a hand-in can be judged later. What was attempted before the kernel was started
anew is read from ``data/progress.json``. The variable ``WORKBOOK_PROGRESS`` names another file;
empty, it keeps nothing, as in runs that no student makes.
"""

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from workbook import paths

from filelock import FileLock

MIME_TYPE = "application/vnd.workbook.exercise+json"


@dataclass
class Progress:
    """How far a student is with one exercise; ``answer`` and ``prediction`` as they were shown.

    ``outcome`` is the best so far: "right", "wrong", "unattempted" or, where only a prediction was
    made, "predicted". ``attempts`` counts answers that differ from the one before; ``hints`` counts
    those that were opened, 0 to 3.
    """

    outcome: str = "unattempted"
    attempts: int = 0
    hints: int = 0
    answer: str | None = None
    prediction: str | None = None


_unwritten: dict[str, Progress] = {}
"""What is in no file: all there is where none is asked for, or none can be written."""


@contextlib.contextmanager
def progress(name: str) -> Iterator[Progress]:
    """Give what is known of an exercise, to be changed; keep it when the block ends."""
    file = _file()
    with contextlib.ExitStack() as held:
        with contextlib.suppress(OSError, TimeoutError):
            if file is not None:
                file.parent.mkdir(parents=True, exist_ok=True)
                # Two notebooks may be at work.
                held.enter_context(FileLock(file.with_name(f".{file.name}.lock"), timeout=5))
        known = all_progress()
        yield known.setdefault(name, Progress())
        _unwritten.update(known)
        if file is not None:
            text = json.dumps({n: asdict(p) for n, p in known.items()}, indent=1)
            with contextlib.suppress(OSError):  # a read-only disk
                with paths.writing(file) as path:
                    path.write_text(text, encoding="utf-8")
                _unwritten.clear()


def all_progress() -> dict[str, Progress]:
    """Return what is known of each exercise that was begun."""
    file = _file()
    return _unwritten | (_read(file) if file is not None else {})


def _file() -> Path | None:
    named = os.environ.get("WORKBOOK_PROGRESS")
    if named is None:
        return paths.DATA / "progress.json"
    return Path(named) if named else None


def _read(file: Path) -> dict[str, Progress]:
    """Return what a file holds; an unreadable one, or one of another version, holds nothing."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        return {str(name): Progress(**fields) for name, fields in content.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


@dataclass(frozen=True)
class Said:
    """What an exercise says: Markdown for the reader, and the record beside it.

    ``shown`` ends the Markdown and is left out of the text: numbers that differ from one computer
    to another, which a run that compares outputs as text must not trip over.
    """

    markdown: str
    record: dict[str, Any] | None = None
    shown: str = ""

    def __repr__(self) -> str:
        """Return the text without marks."""
        # Every other part is code, in which ** is a power.
        parts = self.markdown.split("`")
        return "".join(part if n % 2 else part.replace("**", "") for n, part in enumerate(parts))

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        markdown = f"{self.markdown}\n\n{self.shown}" if self.shown else self.markdown
        bundle = {"text/markdown": markdown, "text/plain": repr(self)}
        return bundle if self.record is None else {MIME_TYPE: self.record, **bundle}
