"""Keras and TensorFlow, imported without their start-up log and with the workbook's settings.

TensorFlow reports what processor it found before it reads ``TF_CPP_MIN_LOG_LEVEL``; in a notebook
that would be the first thing that a student sees, in red. Import ``keras`` and ``tf`` from here.
"""

import os
import warnings
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


_SETTINGS = f"{os.environ.get('KERAS_HOME') or '~/.keras'}/keras.json"

with _no_stderr(), warnings.catch_warnings():
    warnings.simplefilter("ignore")  # PYTHONWARNINGS=error would end the import
    try:
        import keras
        import tensorflow as tf
    except ImportError:
        raise
    except Exception as error:
        raise ImportError(
            f"Keras cannot start with the settings in {_SETTINGS} ({error}). Delete that file, or "
            "mend it, and restart the kernel."
        ) from None
    for module, part in ((keras, "config"), (tf, "zeros")):
        if not hasattr(module, part):
            place = module.__file__ or next(iter(module.__path__))
            raise ImportError(
                f"{place} is imported in place of the library {module.__name__}. Rename or move "
                "it, or take its folder out of PYTHONPATH, and restart the kernel."
            )

    # The log comes with the first operation, not with the import.
    tf.zeros(1)

if keras.config.backend() != "tensorflow":
    raise ImportError(
        f"Keras runs on {keras.config.backend()}, and the workbook needs TensorFlow. Import "
        "workbook before keras, or set KERAS_BACKEND=tensorflow, and restart the kernel."
    )
# Whatever keras.json says: a model of the notebooks has floats of 32 bits and its channels last.
keras.config.set_floatx("float32")
keras.config.set_epsilon(1e-7)
keras.config.set_image_data_format("channels_last")

# Warnings about TensorFlow's inner functions, such as "retracing", tell a student nothing.
tf.get_logger().setLevel("ERROR")

__all__ = ["keras", "tf"]
