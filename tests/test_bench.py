import json
import re
import sys
from pathlib import Path

from tests import bench
from tests.bench import live, measurements
from workbook import paths
from workbook_staff import pdf
from workbook_staff.grading.sandbox import parent

import pytest

KEPT = ("01_mnist_dense", "04_asl_cnn", "01_inside_and_moved")
NOTICE = "practice data drawn by the workbook, not MNIST"


@pytest.fixture
def measure(tmp_path, monkeypatch):
    """Return a function that makes the tables of what each process would have found."""
    seconds = {name: [1.0, 1.0, 1.0] for name in measurements.TRAINERS}
    seconds |= {"keras": [9.0, 4.0, 3.0], "workbook": [0.5, 0.4, 8.0]}
    monkeypatch.setattr(measurements, "bound", lambda: 0.25)
    monkeypatch.setattr(paths, "REPORTS", tmp_path / "reports")
    monkeypatch.setattr(live, "saved", lambda: [Path("01_a.keras"), Path("04_b.keras")])
    monkeypatch.setattr(pdf, "chromium", lambda: "chromium")
    monkeypatch.setattr(parent, "missing", lambda: "")
    graded = {"01_mnist_dense", "04_asl_cnn", "01_inside_and_moved"}
    monkeypatch.setattr(bench, "_is_kept", lambda one: one.notebook in graded)

    def measured(peak_mb=700.0, practice=()):
        """Give every process the same memory, and those that ``practice`` names drawings."""

        def found(kind, *arguments):
            row = {"peak_mb": peak_mb, "practice": None}
            if {kind, *arguments} & set(practice):
                row["practice"] = NOTICE
            if kind == "train":
                factor = {"sgd": 1, "adam": 10}[arguments[1]]
                times = [factor * second for second in seconds[arguments[0]]]
                return row | {"first": 5.0, "seconds": times}
            if kind == "live":
                return row | {"float32": 0.98, "int8": 0.97, "predictions_per_second": 900}
            if kind == "grade":
                assert arguments[1:] == KEPT
                took = {"seconds": 60.0, "cpu_each": 1.5, "peak_mb": peak_mb, "as_made": 1.0}
                return row | {"first": took, "again": took | {"seconds": 9.0}}
            raise AssertionError(kind)

        monkeypatch.setattr(bench, "_measure", found)
        assert bench.main() == 0
        return json.loads((tmp_path / "reports" / "bench.json").read_text())

    return measured


def test_ratios_are_of_medians_and_each_optimizer_has_its_own(measure):
    rows = {row["what"]: row for row in measure()["training"]}
    assert rows["keras, sgd"]["times_workbook"] == pytest.approx(8)
    assert rows["keras, adam"]["times_workbook"] == pytest.approx(8)
    assert rows["workbook, adam"]["times_bound"] == pytest.approx(20)


def test_every_table_is_printed_and_kept(measure, capsys):
    measured = measure()

    def there(module):
        return bench.importlib.util.find_spec(module)

    assert [len(rows) for rows in measured.values()] == [
        2 * len([t for t in measurements.TRAINERS.values() if all(map(there, t.needs))]) + 1,
        2,
        3,
    ]
    lines = capsys.readouterr().out.splitlines()
    for name, rows in measured.items():
        start = next(k for k, line in enumerate(lines) if line.startswith(f"{name}     "))
        table = lines[start + 1 : start + 1 + len(rows)]
        assert [line[:40].rstrip() for line in table] == [row["what"] for row in rows]
        columns = lines[start].removeprefix(name).split()
        for line, row in zip(table, rows, strict=True):
            known = [row[column] for column in columns if row.get(column) is not None]
            assert line[40:].split() == [f"{value:.3f}" for value in known]
    assert not [line for line in lines if "practice" in line]


@pytest.mark.parametrize(
    ("module", "name", "nothing", "said"),
    [(live, "saved", [], "saved no model"), (pdf, "chromium", None, "is not installed")],
)
def test_without_a_model_or_a_browser_what_runs_in_the_page_is_not_measured(
    measure, monkeypatch, capsys, module, name, nothing, said
):
    monkeypatch.setattr(module, name, lambda: nothing)
    assert measure()["in the page"] == []
    assert f"{said}, so what runs in the page is not measured" in capsys.readouterr().out


@pytest.mark.skipif(sys.platform == "win32", reason="answers are executed on Linux only")
def test_hand_ins_are_beside_the_training_that_the_notebooks_store(measure, monkeypatch, capsys):
    first, again, executed = measure()["grading"]
    assert (first["seconds"], again["seconds"]) == (60, 9)
    table = (paths.ROOT / "README.md").read_text(encoding="utf-8")
    stored = [
        re.search(rf"{name}.*\| (?:(\d+) min )?(\d+) s on", table)
        for name in ("01_mn", "04_asl", "01_in")
    ]
    seconds = [60 * int(found[1] or 0) + int(found[2]) for found in stored]
    assert executed["seconds"] == pytest.approx(bench.HAND_INS * sum(seconds) / 3, rel=0.01)
    assert "no run of it is kept: 02_fashion_mnist_dense, 03_k" in capsys.readouterr().out
    for module, name, value in (
        (bench, "_is_kept", lambda _: False),
        (parent, "missing", lambda: "no sandbox"),
    ):
        monkeypatch.setattr(module, name, value)
        assert measure()["grading"] == []
    assert "no sandbox, so grading is not measured" in capsys.readouterr().out


def test_one_table_leaves_the_others_as_they_were(measure, capsys):
    before = measure()
    capsys.readouterr()
    assert bench.main(["in the page"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines() if line] == [
        *("in", "01_a", "04_b")
    ]
    assert json.loads((paths.REPORTS / "bench.json").read_text()) == before
    assert bench.main(["grades"]) == 1
    assert "no table is called 'grades'; there are training, " in capsys.readouterr().err


def test_what_was_measured_on_practice_data_says_so(measure, capsys):
    measured = measure(practice=["train"])
    *trained, bound = [row.get("practice") for row in measured["training"]]
    assert set(trained) == {NOTICE} and bound is None
    assert not any(row.get("practice") for row in measured["in the page"])
    said = capsys.readouterr().out
    assert said.count(f"\nmeasured on {NOTICE}\n") == 1
    assert said.index("bound") < said.index("measured on") < said.index("\nin the page ")


def test_one_practice_run_among_three_is_enough():
    runs = [{"seconds": 1.0, "practice": mark} for mark in (None, NOTICE, None)]
    assert bench._medians(runs, "seconds", "practice") == {"seconds": 1.0, "practice": NOTICE}


def test_a_system_that_does_not_tell_the_memory_costs_only_that_column(measure):
    for rows in measure(peak_mb=None).values():
        assert all(row.get("peak_mb") is None for row in rows)
        assert any(len(row) > 2 for row in rows)


def test_a_process_tells_that_its_data_is_practice_data(monkeypatch, capsys):
    def load(name):
        print("PRACTICE DATA: what nobody sees")
        monkeypatch.setattr("workbook.notice.PRACTICE", {name: "MNIST"})
        return {"seconds": 1.0}

    monkeypatch.setattr("workbook.notice.PRACTICE", {})
    monkeypatch.setattr(measurements, "MEASUREMENTS", {"live": lambda: {}, "train": load})
    for arguments, notice in ((["live"], None), (["train", "mnist"], NOTICE)):
        monkeypatch.setattr(sys, "argv", ["-c", *arguments])
        measurements.main()
        assert json.loads(capsys.readouterr().out.splitlines()[-1])["practice"] == notice


def test_a_measurement_that_fails_says_why_and_which(measure, monkeypatch, capfd):
    # In a process of its own.
    monkeypatch.setattr(bench, "_training", lambda: [bench._measure("train", "abacus", "sgd")])
    assert bench.main() == 1
    *_, first, last = capfd.readouterr().err.splitlines()
    assert first == "KeyError: 'abacus'"
    assert last.startswith("FAILED: the measurement 'train abacus sgd'")


def test_a_measurement_without_its_data_says_why_in_a_line(monkeypatch):
    monkeypatch.setenv("WORKBOOK_DATA", "reel")
    monkeypatch.setattr(measurements, "MEASUREMENTS", {"train": measurements._data})
    monkeypatch.setattr(sys, "argv", ["-c", "train"])
    with pytest.raises(SystemExit, match=r"^WORKBOOK_DATA: 'reel'; expected auto .*$"):
        measurements.main()


def test_the_bound_counts_the_products_of_a_small_network(monkeypatch):
    monkeypatch.setattr(measurements, "_timed", lambda action: 1.0)
    monkeypatch.setattr(measurements, "UNITS", (2, 3, 5))
    forward = 2 * (2 * 3 + 3 * 5)
    backward = 2 * (2 * 3 + 2 * 3 * 5)
    products = 54_000 * (forward + backward) + 6_000 * forward
    assert measurements.bound() == pytest.approx(products / (2 * 2048**3))


def test_what_is_not_installed_is_named_and_not_measured(measure, monkeypatch, capsys):
    there = bench.importlib.util.find_spec
    monkeypatch.setattr(
        bench.importlib.util,
        "find_spec",
        lambda name, *rest: None if name == "jax" else there(name, *rest),
    )
    names = {row["what"].rpartition(", ")[0] for row in measure()["training"][:-1]}
    assert names == {"keras", "keras, steps", "keras, steps and XLA", "workbook"}
    assert "jax and optax not installed here: JAX scan is not measured." in capsys.readouterr().out


@pytest.mark.slow
def test_each_trainer_that_needs_nothing_else_trains():
    code = (
        "import numpy as np; from tests.bench import measurements as m\n"
        "m.EPOCHS, m.VALID = 2, 64\n"
        "m._data = lambda: (np.ones((256, 784), 'f'), np.zeros(256, 'uint8'))\n"
        "print([len(t.train('adam')) for t in m.TRAINERS.values() if not t.needs])"
    )
    done = bench.subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[2, 2, 2, 2]", done.stderr
