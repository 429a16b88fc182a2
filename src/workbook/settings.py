"""The settings of the whole process that the workbook changes, each with its reason.

Three imports make them: ``workbook`` the environment, ``workbook.backend`` those of Keras and
TensorFlow, ``workbook.plots`` that of Matplotlib.
"""

import os
import platform
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path


def quick() -> bool:
    """Return whether ``WORKBOOK_QUICK=1`` asks for a short run."""
    return os.environ.get("WORKBOOK_QUICK", "") not in ("", "0")


def environment() -> None:
    """Set what Keras and TensorFlow read when they are imported.

    Keras runs on TensorFlow for as many epochs as it is told, whatever ``~/.keras/keras.json`` and
    the shell were set to for other work; TensorFlow keeps its start-up log to itself.
    """
    os.environ["KERAS_BACKEND"] = "tensorflow"
    for name in ("KERAS_MAX_EPOCHS", "KERAS_MAX_STEPS_PER_EPOCH"):
        os.environ.pop(name, None)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if platform.machine().lower() in ("x86_64", "amd64"):
        # TensorFlow's default on the newest processors only; its convolutions and pooling are
        # quicker on all: with AVX2 alone, an epoch of notebook 04 took 37 s in place of 50.
        os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")


def refuse_impostors() -> None:
    """Make sure that keras and tensorflow are the libraries and not a student's file or folder.

    Raises:
        ImportError: One is imported from elsewhere; the message says from where.
    """
    for name, part in (("keras", "src"), ("tensorflow", "python")):
        spec = find_spec(name)
        places = list(spec.submodule_search_locations or ()) if spec else []
        if spec and not any((Path(place) / part).is_dir() for place in places):
            raise ImportError(
                f"{spec.origin or places[0]} is imported in place of the library {name}. Rename "
                "or move it, or take its folder out of PYTHONPATH, and restart the kernel."
            )


@contextmanager
def quiet_import() -> Iterator[None]:
    """Import Keras and TensorFlow in the block, without what they write to stderr.

    TensorFlow reports what processor it found before it reads ``TF_CPP_MIN_LOG_LEVEL``; in a
    notebook that would be the first thing that a student sees, in red. The log is written by C++,
    so it is the process's stderr that is turned away. ``PYTHONWARNINGS=error`` ends no import.

    Raises:
        ImportError: Keras does not start with the settings in ``keras.json``.
    """
    stderr, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, 2)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except ImportError:
        raise
    except Exception as error:
        settings = f"{os.environ.get('KERAS_HOME') or '~/.keras'}/keras.json"
        raise ImportError(
            f"Keras cannot start with the settings in {settings} ({error}). Delete that file, or "
            "mend it, and restart the kernel."
        ) from None
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(null)


def keras_defaults() -> None:
    """Set what a model of the notebooks needs: floats of 32 bits, and its channels last.

    Raises:
        ImportError: Keras was imported earlier, and runs on another library.
    """
    import keras
    import tensorflow as tf

    if keras.config.backend() != "tensorflow":
        raise ImportError(
            f"Keras runs on {keras.config.backend()}, and the workbook needs TensorFlow. Import "
            "workbook before keras, or set KERAS_BACKEND=tensorflow, and restart the kernel."
        )
    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)
    keras.config.set_image_data_format("channels_last")
    # Python ignores these by itself; PYTHONWARNINGS=error would end a training by them.
    warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"(keras|tensorflow)\.")
    # Warnings about TensorFlow's inner functions, such as "retracing", tell a student nothing.
    tf.get_logger().setLevel("ERROR")


def matplotlib_defaults() -> None:
    """Set Matplotlib as it comes, whatever a matplotlibrc says; what a notebook sets later holds.

    ``MPLBACKEND`` is unset where it names a backend that is not there.
    """
    try:
        import matplotlib
    except ValueError:
        if os.environ.pop("MPLBACKEND", None) is None:
            raise
        for name in [name for name in sys.modules if name.startswith("matplotlib.")]:
            del sys.modules[name]
        import matplotlib
    matplotlib.rcdefaults()
