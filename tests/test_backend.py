"""Keras and TensorFlow start with the workbook's settings, or a line says what to change."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

from workbook import backend

import pytest

START = """
import hashlib, os
from workbook import QUICK, datasets, exercises, paths, plots, results
from workbook.layers import RandomWarp
from workbook.training import Sequential
import keras
import numpy as np
config = keras.config
print(config.backend(), config.floatx(), config.image_data_format(), config.epsilon())
keras.utils.set_random_seed(1)
model = Sequential([keras.Input((28, 28)), RandomWarp(), keras.layers.Flatten()])
model.add(keras.layers.Dense(2))
model.compile("sgd", "mse")
X = np.arange(8 * 784).reshape(8, 28, 28) / 9999
y = np.eye(8, 2)
history = model.fit(X, y, epochs=3, batch_size=4, verbose=0, validation_data=(X, y))
print(len(history.epoch), [f"{loss:.3e}" for loss in history.history["loss"]])
X = (X * 300).astype("uint8")
figure = plots.samples(X, np.arange(8) % 2, ["a", "b"], per_class=2)
pixels = figure._repr_mimebundle_()[0]["image/png"]
print(len(figure.alt), hashlib.sha256(pixels.encode()).hexdigest())
"""


def _start(*lines: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True)


@pytest.fixture(scope="module")
def plain() -> str:
    return _start(START).stdout


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch) -> Path:
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(tmp_path))
    (tmp_path / ".keras").mkdir()
    return tmp_path / ".keras" / "keras.json"


OLD = {"floatx": "float16", "epsilon": 0.001, "image_data_format": "channels_first"}


@pytest.mark.parametrize(
    ("settings", "variables"),
    [
        (
            json.dumps({"backend": "plaidml.keras.backend", "image_dim_ordering": "th"}),
            {"MPLBACKEND": "nonsense", "PYTHONWARNINGS": "error", "PYTHONHASHSEED": "7"}
            | {"LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8", "TZ": "Nowhere/Land"},
        ),
        (
            json.dumps({"backend": "jax", **OLD}),
            {"KERAS_MAX_EPOCHS": "1", "KERAS_MAX_STEPS_PER_EPOCH": "nonsense"}
            | {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        ),
        (
            '{"backend": "theano"',
            {"KERAS_BACKEND": "jax", "TF_USE_LEGACY_KERAS": "1", "TF_DETERMINISTIC_OPS": "1"}
            | {"MPLBACKEND": "Qt5Agg"},
        ),
    ],
    ids=["unknown", "jax", "cut off"],
)
@pytest.mark.slow
def test_settings_of_keras_and_variables_do_not_reach_the_workbook(
    settings, variables, home, monkeypatch, plain
):
    home.write_text(settings)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert _start(START).stdout == plain != ""


@pytest.mark.slow
def test_what_was_set_before_the_workbook_was_imported_is_set_back(
    home, tmp_path, monkeypatch, plain
):
    home.write_text(json.dumps(OLD))
    style = "text.usetex: True\nfont.size: 30\naxes.formatter.use_locale: True\nbackend: nonsense"
    (tmp_path / "matplotlibrc").write_text(style)
    monkeypatch.setenv("MATPLOTLIBRC", str(tmp_path))
    assert _start("import keras, matplotlib", START).stdout == plain != ""


def _line(done: subprocess.CompletedProcess) -> str:
    return done.stderr.splitlines()[-1]


@pytest.mark.parametrize("settings", ["[1]", json.dumps({"floatx": "bfloat16"}), None])
def test_settings_that_keras_cannot_start_with_are_named(settings, home):
    if settings is None:
        home.mkdir()
    else:
        home.write_text(settings)
    said = _line(_start("import workbook.backend"))
    assert said.startswith("ImportError: Keras cannot start with the settings in ~/.keras/keras.js")
    assert said.endswith("Delete that file, or mend it, and restart the kernel.")


@pytest.mark.parametrize("library", ["keras", "tensorflow"])
def test_a_file_in_place_of_a_library_is_named(library, tmp_path, monkeypatch):
    (tmp_path / f"{library}.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    place = f"import sys; sys.path.insert(0, {str(tmp_path)!r})"
    said = _line(_start(place, "import workbook.backend"))
    assert f"{tmp_path / library}.py is imported in place of the library {library}." in said


def test_keras_on_something_else_is_told(monkeypatch):
    monkeypatch.setattr(backend.keras.config, "backend", lambda: "jax")
    with pytest.raises(ImportError, match=r"Keras runs on jax.* Import workbook"):
        importlib.reload(backend)
