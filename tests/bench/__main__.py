"""Hands ``python -m tests.bench [TABLE …]`` over."""

import sys

from tests import bench

sys.exit(bench.main(sys.argv[1:]))
