import json

from workbook import bench, paths
from workbook.bench import measurements

import pytest


@pytest.fixture
def measured(tmp_path, monkeypatch):
    """Replace the processes: what each would have found, so that only the tables are made."""
    seconds = {"keras": [9.0, 4.0, 3.0], "workbook": [0.5, 0.4, 8.0], "pytorch": [1.0, 1.0, 1.0]}

    def found(kind, *arguments):
        if kind == "train":
            factor = {"sgd": 1, "adam": 10}[arguments[1]]
            times = [factor * second for second in seconds[arguments[0]]]
            return {"first": 5.0, "seconds": times, "peak_mb": 700.0}
        if kind == "sign_language":
            return {"epochs": [[10.0, 0.98], [20.0, 0.991], [30.0, 0.995]], "peak_mb": 900.0}
        if kind == "stream":
            return {"images_per_second": 1000.0, "peak_mb": 300.0}
        return {"seconds": 2.0 if "empty" in arguments else 0.1, "peak_mb": 400.0}

    monkeypatch.setattr(bench, "_measure", found)
    monkeypatch.setattr(measurements, "bound", lambda: 0.25)
    monkeypatch.setattr(measurements, "plain_files", lambda name, folder: ["numpy.load", folder])
    monkeypatch.setattr(measurements, "write_photographs", lambda folder: None)
    monkeypatch.setattr(paths, "REPORTS", tmp_path / "reports")
    assert bench.main() == 0
    return json.loads((tmp_path / "reports" / "bench.json").read_text())


def test_ratios_are_of_medians_and_each_optimizer_has_its_own(measured):
    rows = {row["what"]: row for row in measured["training"]}
    assert rows["keras, sgd"]["times_workbook"] == pytest.approx(8)
    assert rows["keras, adam"]["times_workbook"] == pytest.approx(8)
    assert rows["workbook, adam"]["times_bound"] == pytest.approx(20)


def test_the_time_to_99_percent_is_that_of_the_first_epoch_above(measured):
    row = measured["sign language"][1]
    assert (row["what"], row["to_99_percent"], row["accuracy"]) == ("notebook 04", 20.0, 0.995)


def test_every_table_is_printed_and_kept(measured, capsys):
    assert [len(rows) for rows in measured.values()] == [
        2 * len(measurements.TRAINERS) + 1 - 2 * (bench.importlib.util.find_spec("torch") is None),
        12,
        2,
        1,
        2,
    ]
    assert measured["loading"][2]["times_workbook"] == pytest.approx(0.05)


def test_the_bound_counts_the_products_of_a_small_network(monkeypatch):
    monkeypatch.setattr(measurements, "_timed", lambda action: 1.0)
    monkeypatch.setattr(measurements, "UNITS", (2, 3, 5))
    forward = 2 * (2 * 3 + 3 * 5)
    backward = 2 * (2 * 3 + 2 * 3 * 5)
    products = 54_000 * (forward + backward) + 6_000 * forward
    assert measurements.bound() == pytest.approx(products / (2 * 2048**3))
