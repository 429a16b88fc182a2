"""Loaders, plots and reports for the deep-learning course workbook.

Importing this package is quick and quiet: it does not import TensorFlow, and it asks TensorFlow,
when a notebook imports it later, to keep its start-up log to itself and to use oneDNN, and Keras
to run on TensorFlow, for as many epochs as it is told.
"""

from workbook import settings

settings.environment()

QUICK = settings.quick()
"""True where ``WORKBOOK_QUICK=1`` asks for a short run: less training, no floor asserted."""
