"""Keras models whose ``fit`` compiles a whole epoch instead of one step.

Stock ``fit`` returns to Python after every batch, which for a small network costs several times
the arithmetic. With ``from workbook.training import Sequential`` in place of
``from keras import Sequential``, ``fit`` runs one compiled program that loops over the batches
itself. Nothing else changes: every step is Keras' own ``train_step``, the callbacks are called by
Keras' own ``fit``, and with Keras' class the same code gives as good a model, later.

``rules.py`` says when ``fit`` does so, and when it leaves a training to Keras; a model tells which
it was, and why, in ``model.how_it_trained``.
"""

from workbook.training.model import Sequential
from workbook.training.progress import Progress
from workbook.training.saved import load_or_train

__all__ = ["Progress", "Sequential", "load_or_train"]
