import os

from workbook import paths
from workbook_staff.cli import main

import pytest


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    root = tmp_path / "checkout"
    monkeypatch.setattr(paths, "ROOT", root)
    monkeypatch.setattr(paths, "DATA", root / "data")
    monkeypatch.setattr(paths, "CACHE", root / "data" / "cache")
    monkeypatch.setattr(paths, "REPORTS", root / "reports")
    for name in (
        "data/mnist.npz",
        "data/models/a.keras",
        "data/course/__pycache__/mine.pyc",
        "data/cache/mnist/a.npy",
        "reports/a.html",
        ".kept/a.json",
        "src/workbook/__pycache__/a.pyc",
        ".pytest_cache/a",
        ".venv/lib/__pycache__/b.pyc",
        "notebooks/a.ipynb",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(bytes(2_000_000))
    return root


def sizes(said):
    return {
        line.split()[0]: float(line.split()[1]) for line in said.splitlines() if " MB  " in line
    }


def test_each_part_is_told_and_nothing_removed_unless_asked(checkout, capsys):
    before = sorted(checkout.rglob("*"))
    assert main(["storage"]) == 0
    assert sizes(capsys.readouterr().out) == {
        "data/cache": 2.0,
        ".kept": 2.0,
        "reports": 2.0,
        "caches": 4.0,
        "data": 6.0,
        ".venv": 2.0,
    }
    assert sorted(checkout.rglob("*")) == before


def test_what_can_be_made_again_goes_and_the_users_files_stay(checkout, capsys):
    assert main(["storage", "--clear"]) == 0
    assert "Removed 10.0 MB." in capsys.readouterr().out
    left = sorted(p.relative_to(checkout).as_posix() for p in checkout.rglob("*") if p.is_file())
    assert left == [
        ".venv/lib/__pycache__/b.pyc",
        "data/course/__pycache__/mine.pyc",
        "data/mnist.npz",
        "data/models/a.keras",
        "notebooks/a.ipynb",
    ]
    assert main(["storage", "--clear"]) == 0


@pytest.mark.skipif(os.name == "nt", reason="links need a right on Windows")
def test_what_a_link_leads_to_stays(checkout, tmp_path):
    outside = tmp_path / "outside" / "__pycache__"
    outside.mkdir(parents=True)
    (outside / "a.pyc").write_bytes(b"mine")
    (checkout / "data" / "cache" / "linked").symlink_to(outside.parent)
    (checkout / "linked").symlink_to(outside.parent)
    (checkout / "reports" / "a.html").unlink()
    (checkout / "reports").rmdir()
    (checkout / "reports").symlink_to(outside.parent)
    assert main(["storage", "--clear"]) == 0
    assert (outside / "a.pyc").read_bytes() == b"mine"
