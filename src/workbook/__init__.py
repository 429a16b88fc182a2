"""Loaders, plots and reports for the deep-learning course workbook.

Importing this package is quick and quiet: it does not import TensorFlow, and it asks TensorFlow,
when a notebook imports it later, to keep its start-up log to itself.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

QUICK = os.environ.get("WORKBOOK_QUICK", "") not in ("", "0")
"""True where ``WORKBOOK_QUICK=1`` asks for a short run: less training, no floor asserted."""
