"""Failures that end no command: told at its end, a line each."""

import sys
from collections.abc import Iterable


def tell(failed: Iterable[str]) -> int:
    """Print what failed to stderr; return the exit code, 1 where anything did."""
    lines = [f"FAILED {line}" for line in failed]
    for line in lines:
        print(line, file=sys.stderr)
    return 1 if lines else 0
