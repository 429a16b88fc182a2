import subprocess
import sys

from workbook import paths
from workbook.__main__ import main

import pytest


def _python(code: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)


def test_loaders_and_plots_do_not_import_tensorflow():
    code = "import sys; from workbook import datasets, plots; print(*sys.modules)"
    assert not {"tensorflow", "keras"} & set(_python(code).stdout.split())


def test_tensorflow_starts_without_noise():
    done = _python(
        "from workbook.backend import tf; tf.linalg.matmul(tf.ones((2, 2)), tf.ones((2, 2)))"
    )
    assert (done.stdout, done.stderr) == ("", "")


def test_data_lists_every_dataset(capsys):
    assert main(["data"]) == 0
    said = capsys.readouterr().out
    for name in ("mnist", "fashion-mnist", "digit-recognizer", "sign-language-mnist"):
        assert name in said


def test_every_command_has_a_target_in_the_makefile():
    makefile = (paths.ROOT / "Makefile").read_text(encoding="utf-8")
    with pytest.raises(SystemExit):
        main(["--help"])
    for command in ("data", "reports", "notebooks", "student", "pdf", "bench"):
        assert f"-m workbook {command}" in makefile
