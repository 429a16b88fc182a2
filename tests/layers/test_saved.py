"""A model with the workbook's layers opens in another program by one line, which notebooks show."""

import json
import subprocess
import sys
import zipfile

from workbook import paths
from workbook.layers import LocalContrast, RandomLight, RandomWarp

import keras
import numpy as np
import pytest

LINE = "import workbook.layers"


@pytest.fixture
def saved(tmp_path):
    model = keras.Sequential(
        [keras.Input((8, 8, 1)), RandomWarp(rotation=5), RandomLight(blur=1), LocalContrast()]
    )
    model.save(tmp_path / "model.keras")
    return tmp_path / "model.keras"


@pytest.mark.slow
def test_the_line_that_notebooks_show_opens_it(saved):
    code = f"""
import keras
try:
    keras.models.load_model({str(saved)!r})
except Exception as error:
    print(error)
{LINE}
keras.models.load_model({str(saved)!r})
print("opened")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    before, _, after = done.stdout.strip().rpartition("\n")
    assert "RandomWarp" in before and after == "opened", done.stderr
    for name in ("03_kaggle_mnist_3layer", "04_asl_cnn"):
        assert f"`{LINE}`" in (paths.NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8")


@pytest.mark.parametrize("old", [("layers.augment", "augment"), ("layers.contrast", "contrast")])
def test_a_model_of_before_the_layers_had_a_room_opens(saved, tmp_path, old):
    path = tmp_path / "old.keras"
    with zipfile.ZipFile(saved) as new, zipfile.ZipFile(path, "w") as made:
        for name in new.namelist():
            content = new.read(name)
            if name == "config.json":
                text = content.decode().replace(f"workbook.{old[0]}", f"workbook.{old[1]}")
                assert text != content.decode() and json.loads(text)
                content = text.encode()
            made.writestr(name, content)
    image = np.random.default_rng(0).random((1, 8, 8, 1))
    models = [keras.models.load_model(file) for file in (saved, path)]
    first, second = (model.predict(image, verbose=0) for model in models)
    np.testing.assert_array_equal(first, second)
