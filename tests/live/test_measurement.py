"""What is measured of the networks in the page."""

from dataclasses import dataclass
from typing import Any

from tests.bench import live as measurement
from workbook_staff import pdf

import numpy as np
import pytest
from networks import dense

# Keras' own, where it saves a model.
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.skipif(not pdf.chromium(), reason="no Chromium, Chrome or Edge on this machine"),
]


@dataclass
class Small:
    X: np.ndarray
    y: np.ndarray

    def positions(self, labels: np.ndarray) -> np.ndarray:
        return labels

    def load_data(self) -> Any:
        return (self.X[:1], self.y[:1]), (self.X, self.y)


def test_a_saved_model_is_measured_on_all_its_images(tmp_path, monkeypatch, pictures):
    images = pictures[0]
    model = dense((8,))
    model.save(tmp_path / "01_mine.keras")
    said = model.predict(images.astype("float32") / 255, verbose=0).argmax(axis=1)
    labels = np.where(np.arange(100) < 80, said, (said + 1) % 10)
    monkeypatch.setattr(measurement.datasets, "load", lambda name: Small(images, labels))
    [row] = measurement.measure([tmp_path / "01_mine.keras"])
    assert (row["what"], row["images"], row["float32"]) == ("01_mine", 100, 0.8)
    assert row["points_lost"] == pytest.approx(100 * (row["float32"] - row["int8"]))
    assert 0 < row["engine_off_by"] < 1e-4
    assert row["predictions_per_second"] > 0
