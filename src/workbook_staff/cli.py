"""The commands of the workbook: ``python -m workbook --help`` lists them."""

import argparse
import io
import sys
from pathlib import Path

from workbook import variables
from workbook.errors import WorkbookError


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return the exit code: 0, 1 where something failed, 130 for Ctrl-C.

    A failure that a user can mend is told in a line; any other one is a mistake of ours, and keeps
    its traceback, as every failure does with ``--debug``.
    """
    options = _parser().parse_args(arguments)
    variables.set_aside()
    for stream in (sys.stdout, sys.stderr):
        # On Windows a file takes what is printed in an alphabet that many a heading goes beyond.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        return int(options.run(options) or 0)
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130
    except (WorkbookError, OSError) as error:
        if options.debug:
            raise
        print(f"FAILED: {error}", file=sys.stderr)
        return 1


def _data(options: argparse.Namespace) -> None:
    from workbook import datasets
    from workbook.datasets import sources

    print(datasets.table())
    sources.require_data_dir()


def _reports(options: argparse.Namespace) -> int:
    from workbook_staff import reports

    return reports.make(
        options.notebooks,
        options.edition,
        options.untrusted,
        options.folder,
        options.fresh,
        options.jobs,
    )


def _watch(options: argparse.Namespace) -> None:
    from workbook_staff import preview

    preview.serve(options.edition, options.port, options.address)


def _notebooks(options: argparse.Namespace) -> int:
    from workbook_staff import refresh

    return refresh.refresh(options.notebooks, options.jobs)


def _student(options: argparse.Namespace) -> int:
    from workbook_staff.notebooks import student_edition

    return student_edition.write()


def _table(options: argparse.Namespace) -> int:
    from workbook_staff import results_table

    return results_table.renew()


def _pdf(options: argparse.Namespace) -> None:
    from workbook import paths
    from workbook_staff import pdf

    for path in pdf.write(options.folder or paths.REPORTS):
        print(path, flush=True)


def _slides(options: argparse.Namespace) -> int:
    from workbook_staff import slides

    return slides.make(options.notebooks, options.folder)


def _release(options: argparse.Namespace) -> None:
    from workbook import paths
    from workbook_staff import release

    print(*release.write(paths.REPORTS / "release"), sep="\n")


def _storage(options: argparse.Namespace) -> int:
    from workbook_staff import storage

    return storage.show(options.clear)


def _at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on")
    return int(text)


def _grade(options: argparse.Namespace) -> None:
    from workbook_staff.grading import grade

    chosen = {name: getattr(options, name) for name in grade.Options.__dataclass_fields__}
    grade.grade(options.handed_in, grade.Options(**chosen))


def _live(options: argparse.Namespace) -> None:
    from workbook_staff import live_page

    print(live_page.write(options.models, options.folder))


_JOBS = "how many to execute at a time (default: as cores and memory allow)"


def _count(text: str) -> int:
    """Return a number of notebooks, at least one."""
    if (count := int(text)) < 1:
        raise ValueError
    return count


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m workbook", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    data = commands.add_parser("data", help="show where each dataset was found, and how to get it")
    data.set_defaults(run=_data)

    pages = commands.add_parser("reports", help="execute the notebooks and write HTML pages")
    pages.add_argument(
        "notebooks",
        nargs="*",
        type=Path,
        help="files, folders or patterns (default: all in notebooks/)",
    )
    pages.add_argument("--edition", choices=["instructor", "student"], default="instructor")
    pages.add_argument(
        "--untrusted", action="store_true", help="do not execute them, and strip their scripts"
    )
    pages.add_argument("--folder", type=Path, help="where to write them (default: reports/)")
    pages.add_argument(
        "--fresh", action="store_true", help="execute all, though nothing has changed"
    )
    pages.add_argument("--jobs", type=_count, metavar="N", help=_JOBS)
    pages.set_defaults(run=_reports)

    preview = commands.add_parser(
        "watch", help="serve the pages on this machine, and renew one when its notebook is saved"
    )
    preview.add_argument("--edition", choices=["instructor", "student"], default="instructor")
    preview.add_argument(
        "--port", type=int, default=0, help="where to serve them (default: 8765, or any free one)"
    )
    preview.add_argument(
        "--address",
        default="",
        metavar="URL",
        help="what the browser opens, where a tunnel or a proxy leads here",
    )
    preview.set_defaults(run=_watch)

    notebooks = commands.add_parser(
        "notebooks", help="execute the notebooks in place, renewing the outputs stored in them"
    )
    notebooks.add_argument("notebooks", nargs="*", type=Path, help="default: all in notebooks/")
    notebooks.add_argument("--jobs", type=_count, metavar="N", help=_JOBS)
    notebooks.set_defaults(run=_notebooks)

    student = commands.add_parser(
        "student", help="write the notebooks with the solutions left out to reports/student/"
    )
    student.set_defaults(run=_student)

    table = commands.add_parser(
        "table", help="make the README's table anew from the results stored in the notebooks"
    )
    table.set_defaults(run=_table)

    pdf = commands.add_parser("pdf", help="print the pages in reports/ to PDF, with Chromium")
    pdf.add_argument("folder", nargs="?", type=Path, help="default: reports/")
    pdf.set_defaults(run=_pdf)

    slides = commands.add_parser(
        "slides", help="write slides for a lecture from the outputs stored in the notebooks"
    )
    slides.add_argument(
        "notebooks", nargs="*", type=Path, help="files, folders or patterns (default: all ours)"
    )
    slides.add_argument("--folder", type=Path, help="where to write them (default: reports/)")
    slides.set_defaults(run=_slides)

    release = commands.add_parser(
        "release", help="write what is published of a tagged version to reports/release/"
    )
    release.set_defaults(run=_release)

    storage = commands.add_parser(
        "storage", help="show how much disk the workbook takes, and clear what can be made again"
    )
    storage.add_argument("--clear", action="store_true", help="remove what can be made again")
    storage.set_defaults(run=_storage)

    grade = commands.add_parser(
        "grade", help="judge what was handed in, each answer in a sandbox, into reports/grades/"
    )
    grade.add_argument("handed_in", nargs="+", help="folders, notebooks, zips or patterns")
    grade.add_argument(
        "--student-from", metavar="REGEX", help="where a path names the student, in a group"
    )
    grade.add_argument(
        "--claimed-only", action="store_true", help="execute nothing: read what they claim"
    )
    grade.add_argument(
        "--gradebook", type=Path, metavar="FILE", help="a learning platform's export, to fill in"
    )
    grade.add_argument(
        "--overwrite", action="store_true", help="replace what is in the gradebook already"
    )
    grade.add_argument(
        "--explain", action="store_true", help="show students the model explanations"
    )
    grade.add_argument(
        "--scheduler", metavar="ADDRESS", help="of a Dask cluster, for many machines"
    )
    grade.add_argument(
        "--jobs",
        type=_at_least_one,
        metavar="N",
        help="how many answers to run at a time (default: by cores and memory)",
    )
    grade.add_argument("--folder", type=Path, help="where to write (default: reports/grades/)")
    grade.set_defaults(run=_grade)

    live = commands.add_parser(
        "live", help="write a page on which digits are drawn for saved models to read"
    )
    live.add_argument("models", nargs="+", type=Path, help="such as data/models/*.keras")
    live.add_argument("--folder", type=Path, help="where to write it (default: reports/live/)")
    live.set_defaults(run=_live)

    for command in commands.choices.values():
        command.add_argument("--debug", action="store_true", help="keep a failure's traceback")
    return parser
