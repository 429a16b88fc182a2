"""Keras and TensorFlow, imported without their start-up log and with the workbook's settings.

TensorFlow reports what processor it found before it reads ``TF_CPP_MIN_LOG_LEVEL``; in a notebook
that would be the first thing that a student sees, in red. Import ``keras`` and ``tf`` from here.
"""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path


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


for _name, _part in (("keras", "src"), ("tensorflow", "python")):
    _spec = find_spec(_name)
    _places = list(_spec.submodule_search_locations or ()) if _spec else []
    if _spec and not any((Path(place) / _part).is_dir() for place in _places):
        raise ImportError(
            f"{_spec.origin or _places[0]} is imported in place of the library {_name}. Rename or "
            "move it, or take its folder out of PYTHONPATH, and restart the kernel."
        )

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

# Python passes these over of itself; PYTHONWARNINGS=error would end a training by them.
warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"(keras|tensorflow)\.")
# Warnings about TensorFlow's inner functions, such as "retracing", tell a student nothing.
tf.get_logger().setLevel("ERROR")

__all__ = ["keras", "tf"]
