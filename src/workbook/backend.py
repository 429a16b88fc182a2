"""Keras and TensorFlow, imported without their start-up log.

TensorFlow reports what processor it found before it reads ``TF_CPP_MIN_LOG_LEVEL``; in a notebook
that would be the first thing that a student sees, in red. Import ``keras`` and ``tf`` from here.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _no_stderr() -> Iterator[None]:
    """Drop what is written to the process's stderr, by C++ too, in the block."""
    stderr = os.dup(2)
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, 2)
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(null)


with _no_stderr():
    import keras
    import tensorflow as tf

    # The log comes with the first operation, not with the import.
    tf.zeros(1)

# Warnings about TensorFlow's inner functions, such as "retracing", tell a student nothing.
tf.get_logger().setLevel("ERROR")

__all__ = ["keras", "tf"]
