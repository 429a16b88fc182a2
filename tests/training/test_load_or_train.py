"""What a further notebook begins with: its core's model, or one that it trains itself."""

from workbook import paths
from workbook.layers import RandomWarp
from workbook.training import Sequential, load_or_train

import keras
import numpy as np
import pytest

# Keras 3.15 reads variables with an __array__ that NumPy 2 finds old; students do not see it.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

IMAGES = np.random.default_rng(0).random((4, 8, 8, 1), dtype=np.float32)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setattr(paths, "DATA", tmp_path / "data")


@pytest.fixture
def trained():
    """Return the models that `train` made, and `train`."""
    made = []

    def train():
        layers = [RandomWarp(rotation=5), keras.layers.Flatten(), keras.layers.Dense(3)]
        made.append(Sequential([keras.Input((8, 8, 1)), *layers]))
        return made[-1]

    return made, train


def test_a_model_is_trained_once_and_loaded_from_then_on(trained, capsys):
    made, train = trained
    first = load_or_train("01_core", train, practice=False)
    said = capsys.readouterr().out
    assert "is not there: training" in said and said.count("\n") == 1
    second = load_or_train("01_core", train, practice=False)
    assert "loaded" in (said := capsys.readouterr().out) and said.count("\n") == 1
    assert len(made) == 1 and second is not first
    np.testing.assert_array_equal(*(m.predict(IMAGES, verbose=0) for m in (first, second)))


def test_a_model_of_practice_data_never_stands_for_one_of_real_data(trained):
    made, train = trained
    load_or_train("01_core", train, practice=True)
    load_or_train("01_core", train, practice=False)
    assert len(made) == 2


def test_the_model_that_the_core_notebook_saves_is_the_one_that_is_loaded(trained):
    made, train = trained
    with paths.writing(paths.output("models/01_core.keras", practice=False)) as path:
        train().save(path)
    loaded = load_or_train("01_core", lambda: pytest.fail("trained"), practice=False)
    expected = made[0].predict(IMAGES, verbose=0)
    np.testing.assert_array_equal(loaded.predict(IMAGES, verbose=0), expected)


@pytest.mark.parametrize("end", [0, 100, -40])
def test_a_damaged_file_is_told_of_and_made_anew(trained, capsys, end):
    made, train = trained
    load_or_train("01_core", train, practice=False)
    path = paths.output("models/01_core.keras", practice=False)
    path.write_bytes(path.read_bytes()[:end])
    capsys.readouterr()
    load_or_train("01_core", train, practice=False)
    assert "cannot be read" in capsys.readouterr().out
    load_or_train("01_core", train, practice=False)
    assert "loaded" in capsys.readouterr().out
    assert len(made) == 2
