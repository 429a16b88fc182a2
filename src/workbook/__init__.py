"""Loaders, plots and reports for the deep-learning course workbook.

Importing this package is quick and quiet: it does not import TensorFlow, and it asks TensorFlow,
when a notebook imports it later, to keep its start-up log to itself.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
