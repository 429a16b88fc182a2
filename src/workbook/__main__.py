"""The commands of the workbook: ``python -m workbook --help`` lists them."""

import argparse
import sys
from pathlib import Path


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return the exit code: 0, 1 where something failed, 130 for Ctrl-C.

    A failure that a user can mend is told in a line; any other one is a mistake of ours, and keeps
    its traceback.
    """
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options) or 0)
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130
    except _foreseen() as error:
        print(f"FAILED: {error}", file=sys.stderr)
        return 1


def _foreseen() -> tuple[type[Exception], ...]:
    """Return the errors that the commands raise with a message for the user.

    Called only where a command has failed, so that no other one imports what it does without.
    """
    from workbook.datasets import DataError
    from workbook.reports import KernelError, NotebookError

    return DataError, KernelError, NotebookError, OSError


def _data(options: argparse.Namespace) -> None:
    from workbook import datasets

    print(datasets.table())


def _reports(options: argparse.Namespace) -> int:
    from workbook import reports

    return reports.make(options.notebooks, edition=options.edition, untrusted=options.untrusted)


def _notebooks(options: argparse.Namespace) -> int:
    from workbook import reports

    return reports.refresh(options.notebooks)


def _student(options: argparse.Namespace) -> int:
    from workbook import reports

    return reports.student()


def _table(options: argparse.Namespace) -> int:
    from workbook import reports

    return reports.table()


def _pdf(options: argparse.Namespace) -> int:
    from workbook import reports

    return reports.pdf()


def _bench(options: argparse.Namespace) -> int:
    from workbook import bench

    return bench.main()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m workbook", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    data = commands.add_parser("data", help="show where each dataset was found, and how to get it")
    data.set_defaults(run=_data)

    reports = commands.add_parser("reports", help="execute the notebooks and write HTML pages")
    reports.add_argument("notebooks", nargs="*", type=Path, help="default: all in notebooks/")
    reports.add_argument("--edition", choices=["instructor", "student"], default="instructor")
    reports.add_argument(
        "--untrusted", action="store_true", help="do not execute them, and strip their scripts"
    )
    reports.set_defaults(run=_reports)

    notebooks = commands.add_parser(
        "notebooks", help="execute the notebooks in place, renewing the outputs stored in them"
    )
    notebooks.add_argument("notebooks", nargs="*", type=Path, help="default: all in notebooks/")
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
    pdf.set_defaults(run=_pdf)

    bench = commands.add_parser("bench", help="time training and loading against the alternatives")
    bench.set_defaults(run=_bench)
    return parser


if __name__ == "__main__":
    sys.exit(main())
