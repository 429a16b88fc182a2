"""Hands ``python -m workbook COMMAND`` to the commands, which instructors and CI have."""

import sys

if __name__ == "__main__":
    try:
        from workbook_staff.cli import main
    except ModuleNotFoundError as error:
        if error.name not in ("workbook_staff", "workbook_staff.cli"):
            raise
        sys.exit("The commands are in the instructor's copy; this one holds what students need.")
    sys.exit(main())
