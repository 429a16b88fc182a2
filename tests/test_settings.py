"""The workbook's own settings hold, whatever the user's files and variables say for other work."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
from workbook import datasets, plots
from workbook.training import Sequential
import keras, numpy as np
keras.utils.set_random_seed(1)
model = Sequential([keras.Input((4, 4, 1)), keras.layers.Conv2D(2, 3), keras.layers.Flatten()])
model.add(keras.layers.Dense(2))
model.compile("sgd", "mse", metrics=["accuracy"])
model.fit(np.ones((8, 4, 4, 1)), np.zeros((8, 2)), epochs=2, verbose=0)
fig = plots.bars({"a": 0.5}, "b")
fig._repr_mimebundle_()
print(keras.config.backend(), keras.config.floatx(), keras.config.image_data_format())
print(len(model.history.history["loss"]), f"{0.5:.1f}", [w.shape for w in model.get_weights()])
"""

EXPECTED = "tensorflow float32 channels_last\n2 0.5 [(3, 3, 1, 2), (2,), (8, 2), (2,)]"


def run(code: str, home: Path, **variables: str) -> subprocess.CompletedProcess:
    environment = {k: v for k, v in os.environ.items() if k not in ("KERAS_BACKEND", "KERAS_HOME")}
    environment |= {"HOME": str(home), "USERPROFILE": str(home)} | variables
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, cwd=home
    )


@pytest.mark.parametrize(
    "settings",
    [
        '{"backend": "theano"}',
        '{"backend": "jax", "floatx": "float16"}',
        '{"backend": "torch", "image_data_format": "channels_first", "epsilon": 0.1}',
        '{"floatx": "float64", "max_epochs": 1}',
    ],
)
def test_settings_of_another_life_do_not_matter(settings, tmp_path):
    (tmp_path / ".keras").mkdir()
    (tmp_path / ".keras/keras.json").write_text(settings)
    done = run(CODE, tmp_path)
    assert done.stdout.strip() == EXPECTED, done.stderr


@pytest.mark.parametrize(
    "variables",
    [
        {"KERAS_BACKEND": "jax", "TF_USE_LEGACY_KERAS": "1"},
        {"KERAS_MAX_EPOCHS": "1", "MPLBACKEND": "Qt5Agg"},
        {"MPLBACKEND": "no_such_backend", "PYTHONHASHSEED": "7", "TZ": "Asia/Kathmandu"},
        {"PYTHONWARNINGS": "error", "LC_ALL": "C"},
        {"LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8", "PYTHONWARNINGS": "always"},
    ],
    ids=lambda variables: " ".join(variables),
)
def test_variables_of_another_life_do_not_matter(variables, tmp_path):
    done = run(CODE, tmp_path, **variables)
    assert done.stdout.strip() == EXPECTED, done.stderr


@pytest.mark.parametrize("settings", ["{broken", "[]", '{"floatx": "float8"}', ""])
def test_a_settings_file_that_is_none_costs_a_line_or_nothing(settings, tmp_path):
    (tmp_path / ".keras").mkdir()
    (tmp_path / ".keras/keras.json").write_text(settings)
    done = run("from workbook.backend import keras; print('runs')", tmp_path)
    said = done.stderr.strip().splitlines()
    assert done.stdout == "runs\n" or ("keras.json" in said[-1] and "Delete that file" in said[-1])


def test_keras_imported_first_with_another_backend_is_told_in_a_line(tmp_path):
    code = (
        "import sys, types\n"
        "import keras\n"
        "keras.config.backend = lambda: 'jax'\n"
        "from workbook.backend import tf"
    )
    said = run(code, tmp_path).stderr.strip().splitlines()[-1]
    assert "Keras runs on jax" in said and "Import workbook before keras" in said


def test_a_folder_that_hides_keras_is_named(tmp_path):
    (tmp_path / "keras").mkdir()
    (tmp_path / "keras/__init__.py").touch()
    said = run("from workbook.backend import keras", tmp_path).stderr.strip().splitlines()[-1]
    assert "in place of the library keras" in said and str(tmp_path / "keras") in said
