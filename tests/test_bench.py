import json

from workbook import bench, paths

import pytest


def test_ratios_are_of_medians_and_each_optimizer_has_its_own(tmp_path, monkeypatch, capsys):
    seconds = {"keras": [9.0, 4.0, 3.0], "workbook": [0.5, 0.4, 8.0], "pytorch": [1.0, 1.0, 1.0]}

    def measured(kind, name, optimizer=None):
        if kind == "load":
            return {"name": name, "cold": 2.0, "warm": 0.1}
        factor = {"sgd": 1, "adam": 10}[optimizer]
        times = [factor * second for second in seconds[name]]
        return {"first": 5.0, "seconds": times, "peak_mb": 700.0}

    monkeypatch.setattr(bench, "_measure", measured)
    monkeypatch.setattr(bench, "_bound", lambda: 0.25)
    monkeypatch.setattr(paths, "REPORTS", tmp_path / "reports")
    assert bench.main() == 0
    found = json.loads((tmp_path / "reports" / "bench.json").read_text())
    rows = {(row["what"], row["optimizer"]): row for row in found["training"]}
    assert rows["keras", "sgd"]["times_workbook"] == pytest.approx(8)
    assert rows["keras", "adam"]["times_workbook"] == pytest.approx(8)
    assert rows["workbook", "adam"]["times_bound"] == pytest.approx(20)
    assert len(found["loading"]) == 4
    assert "/workbook" in capsys.readouterr().out


def test_the_bound_counts_the_products_of_a_small_network(monkeypatch):
    monkeypatch.setattr(bench, "_timed", lambda action: 1.0)
    monkeypatch.setattr(bench, "UNITS", (2, 3, 5))
    forward = 2 * (2 * 3 + 3 * 5)
    backward = 2 * (2 * 3 + 2 * 3 * 5)
    products = 54_000 * (forward + backward) + 6_000 * forward
    assert bench._bound() == pytest.approx(products / (2 * 2048**3))
