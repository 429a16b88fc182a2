from dataclasses import dataclass

from workbook import results
from workbook_staff.pages.export import _held

import pytest


@dataclass
class MadeUp:
    name: str = "mnist"
    title: str = "MNIST <b>"
    source: str = "made up"
    verified: bool = True
    practice: bool = False


def _summary(test=0.98, practice=False):
    return results.Summary(
        MadeUp(practice=practice),
        accuracy={"training": 0.999, "test": test},
        floors={"test": 0.975},
        seed=42,
        seconds=12.34,
    )


@pytest.fixture(autouse=True)
def full_run(monkeypatch):
    monkeypatch.setattr(results, "QUICK", False)


def test_a_floor_that_holds_is_said_to_hold(capsys):
    _summary().check()
    assert capsys.readouterr().out == "test accuracy of at least 97.5%: held\n"
    assert _held(_summary().record()) is True


def test_a_missed_floor_fails_with_both_numbers():
    with pytest.raises(AssertionError, match=r"97\.5%.*97\.00%"):
        _summary(test=0.97).check()
    assert _held(_summary(test=0.97).record()) is False


@pytest.mark.parametrize("why", ["quick", "practice"])
def test_a_floor_is_not_asked_of_a_quick_run_nor_of_practice_data(why, monkeypatch, capsys):
    monkeypatch.setattr(results, "QUICK", why == "quick")
    summary = _summary(test=0.1, practice=why == "practice")
    summary.check()
    assert "not asserted" in capsys.readouterr().out
    assert _held(summary.record()) is None
    assert why.upper() in repr(summary)


def test_a_claim_that_holds_prints_nothing(capsys):
    results.claim("the warped network is more accurate", True, MadeUp())
    assert capsys.readouterr() == ("", "")


def test_a_claim_that_a_full_run_contradicts_names_its_sentence():
    with pytest.raises(AssertionError, match="'the warped network is more accurate'"):
        results.claim("the warped network is more accurate", False, MadeUp())


@pytest.mark.parametrize("why", ["quick", "practice"])
def test_a_claim_is_not_asserted_in_a_quick_run_nor_on_practice_data(why, monkeypatch, capsys):
    monkeypatch.setattr(results, "QUICK", why == "quick")
    results.claim("it rises", False, MadeUp(practice=why == "practice"))
    assert capsys.readouterr() == ("", "")


def test_the_record_travels_as_an_output_of_its_own_type():
    bundle = _summary()._repr_mimebundle_()
    record = bundle[results.MIME_TYPE]
    assert record["accuracy"] == {"training": 0.999, "test": 0.98}
    assert record["versions"].keys() == {"python", "tensorflow", "keras", "numpy"}
    assert (record["seconds"], record["seed"], record["verified"]) == (12.3, 42, True)
    assert "MNIST &lt;b&gt;" in bundle["text/html"]
    assert "98.00%" in bundle["text/plain"]


@pytest.mark.parametrize(("threads", "said"), [("1", "1 CPU core"), ("3", "3 CPU cores")])
def test_the_device_is_what_computes(threads, said, monkeypatch):
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", threads)
    assert results.device() == said


@pytest.mark.parametrize("threads", ["", "0", "many"])
def test_without_a_number_of_threads_all_cores_compute(threads, monkeypatch):
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", threads)
    monkeypatch.setattr(results.os, "cpu_count", lambda: 8)
    assert results.device() == "8 CPU cores"


def test_the_table_and_the_record_show_the_same_digits():
    bundle = _summary(test=0.9973465)._repr_mimebundle_()  # 99.74%, were it rounded to 0.99735
    assert f"{bundle[results.MIME_TYPE]['accuracy']['test']:.2%}" == "99.73%"
    assert "99.73%" in bundle["text/html"]


def test_the_columns_of_the_text_stand_below_each_other():
    summary = _summary()
    summary.accuracy["test, with distortions"] = 0.9923
    lines = repr(summary).splitlines()[:4]
    assert len({len(line) for line in lines}) == 1


def two_floors(**options):
    return results.Summary(
        MadeUp(**options), {"<b>": 0.99, "test": 0.5}, {"<b>": 0.9, "test": 0.9}, 1, 1.0
    )


def test_every_floor_is_asked_for(capsys):
    assert _held(two_floors().record()) is False
    two_floors(practice=True).check()
    assert capsys.readouterr().out.count("not asserted") == 2


def test_names_in_the_table_are_escaped():
    assert "<b>" not in two_floors()._repr_mimebundle_()["text/html"]


def test_a_floor_that_is_just_reached_holds():
    _summary(test=0.975).check()
