"""The commands of the workbook: ``python -m workbook --help`` lists them."""

import argparse
import errno
import importlib
import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbook import variables
from workbook.errors import WorkbookError

_NOT_WRITABLE = {errno.EROFS, errno.EACCES, errno.EEXIST, errno.ENOTDIR}


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return the exit code: 0, 1 where something failed, 130 for Ctrl-C.

    A failure that a user can mend is told in a line; any other one is a mistake of ours, and keeps
    its traceback, as every failure does with ``--debug``.
    """
    options = vars(_parser().parse_args(arguments))
    run, debug = options.pop("run"), options.pop("debug")
    variables.set_aside()
    for stream in (sys.stdout, sys.stderr):
        # On Windows a file takes what is printed in an alphabet that many a heading goes beyond.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        made = _function(run)(**options)
        if isinstance(made, int):
            return made
        for path in made or ():
            print(path, flush=True)
        return 0
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130
    except (WorkbookError, OSError) as error:
        if debug:
            raise
        said = str(error)
        if isinstance(error, OSError) and error.errno in _NOT_WRITABLE:
            said = (
                f"{error.filename}: {error.strerror}; name another folder with --folder where the "
                "command takes one, or copy the course to a folder of your own and run this there"
            )
        print(f"FAILED: {said}", file=sys.stderr)
        return 1


def data() -> None:
    """Print where each dataset was found."""
    from workbook.datasets import sources
    from workbook_staff import data

    print(data.table())
    sources.require_data_dir()


def grade(handed_in: list[str], **chosen: Any) -> None:
    """Grade what was handed in."""
    from workbook_staff.grading import grade

    grade.grade(handed_in, grade.Options(**chosen))


def _function(place: str) -> Callable[..., Any]:
    """Return a command's function, whose module no other command has to wait for."""
    module, _, name = place.partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return function


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on")
    return int(text)


_FLAG: dict[str, Any] = {"action": "store_true"}


def _jobs(what: str) -> dict[str, Any]:
    said = f"how many {what} at a time (default: as cores and memory allow)"
    return {"type": _count, "metavar": "N", "help": said}


def _path(said: str, **more: Any) -> dict[str, Any]:
    return {"type": Path, "help": said, **more}


COMMANDS: dict[str, tuple[str, str, dict[str, dict[str, Any]]]] = {
    "data": (
        "workbook_staff.cli:data",
        "show where each dataset was found, and how to get it",
        {},
    ),
    "reports": (
        "workbook_staff.reports:make",
        "execute the notebooks and write HTML pages",
        {
            "notebooks": _path("files, folders or patterns (default: all ours)", nargs="*"),
            "--edition": {"choices": ["instructor", "student"], "default": "instructor"},
            "--untrusted": _FLAG | {"help": "do not execute them, and strip their scripts"},
            "--folder": _path("where to write them (default: reports/)"),
            "--fresh": _FLAG | {"help": "execute all, though nothing has changed"},
            "--jobs": _jobs("to execute"),
        },
    ),
    "watch": (
        "workbook_staff.preview:serve",
        "serve the pages on this machine, and renew one when its notebook is saved",
        {
            "--port": {
                "type": int,
                "default": 8765,
                "help": "where to serve them (default: 8765; 0 for any that is free)",
            },
            "--address": {
                "default": "",
                "metavar": "URL",
                "help": "what the browser opens, where a tunnel or a proxy leads here",
            },
        },
    ),
    "notebooks": (
        "workbook_staff.refresh:refresh",
        "execute the notebooks in place, renewing the outputs stored in them",
        {
            "notebooks": _path("default: all in notebooks/", nargs="*"),
            "--jobs": _jobs("to execute"),
        },
    ),
    "student": (
        "workbook_staff.notebooks.student_edition:write",
        "write the notebooks with the solutions left out to reports/student/",
        {},
    ),
    "table": (
        "workbook_staff.results_table:renew",
        "make the README's table anew from the results stored in the notebooks",
        {},
    ),
    "pdf": (
        "workbook_staff.pdf:write",
        "print the pages in reports/ to PDF, with Chromium",
        {"folder": _path("default: reports/", nargs="?")},
    ),
    "slides": (
        "workbook_staff.slides:make",
        "write slides for a lecture from the outputs stored in the notebooks",
        {
            "notebooks": _path("files, folders or patterns (default: all ours)", nargs="*"),
            "--folder": _path("where to write them (default: reports/)"),
        },
    ),
    "release": (
        "workbook_staff.release:write",
        "write what is published of a tagged version to reports/release/",
        {},
    ),
    "grade": (
        "workbook_staff.cli:grade",
        "judge what was handed in, each answer in a sandbox, into reports/grades/",
        {
            "handed_in": {"nargs": "+", "help": "folders, notebooks, zips or patterns"},
            "--student-from": {
                "metavar": "REGEX",
                "help": "where a path names the student, in a group",
            },
            "--claimed-only": _FLAG | {"help": "execute nothing: read what they claim"},
            "--gradebook": _path("a learning platform's export, to fill in", metavar="FILE"),
            "--overwrite": _FLAG | {"help": "replace what is in the gradebook already"},
            "--explain": _FLAG | {"help": "show students the model explanations"},
            "--jobs": _jobs("answers to run"),
            "--folder": _path("where to write (default: reports/grades/)"),
        },
    ),
    "live": (
        "workbook_staff.live_page:write",
        "write a page on which digits are drawn for saved models to read",
        {
            "models": _path("such as data/models/*.keras", nargs="+"),
            "--folder": _path("where to write it (default: reports/live/)"),
        },
    ),
}
"""Each command: its function, what it is for, and its arguments."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m workbook", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, (run, said, arguments) in COMMANDS.items():
        command = commands.add_parser(name, help=said)
        command.set_defaults(run=run)
        for argument, options in arguments.items():
            command.add_argument(argument, **options)
        command.add_argument("--debug", **_FLAG, help="keep a failure's traceback")
    return parser
