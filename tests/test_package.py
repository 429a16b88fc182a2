import argparse
import doctest
import errno
import importlib
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

from workbook import errors, paths, settings
from workbook_staff import refresh, reports, results_table
from workbook_staff.cli import _parser, main
from workbook_staff.notebooks import student_edition

import pytest


def _python(code: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)


def test_loaders_and_plots_do_not_import_tensorflow():
    code = "import sys; from workbook import datasets, plots; print(*sys.modules)"
    assert not {"tensorflow", "keras"} & set(_python(code).stdout.split())


def test_the_command_line_imports_only_what_a_command_needs():
    code = "import sys; from workbook_staff.cli import _parser; _parser(); print(*sys.modules)"
    assert not {"tensorflow", "keras", "numpy", "nbformat"} & set(_python(code).stdout.split())


ON_ONEDNN = platform.machine().lower() in ("x86_64", "amd64")


@pytest.mark.slow
def test_tensorflow_starts_without_noise_and_convolves_with_onednn(monkeypatch):
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)  # set when the workbook was imported
    monkeypatch.setenv("ONEDNN_VERBOSE", "1")
    convolve = "tf.nn.conv2d(tf.ones((1, 8, 8, 1)), tf.ones((3, 3, 1, 4)), 1, 'SAME')"
    done = _python(f"from workbook.backend import tf; {convolve}")
    said = [line for line in done.stdout.splitlines() if not line.startswith("onednn_verbose,")]
    assert (said, done.stderr) == ([], "")
    assert (",exec,cpu,convolution," in done.stdout) or not ON_ONEDNN


@pytest.mark.skipif(not ON_ONEDNN, reason="oneDNN is left to TensorFlow")
def test_a_user_who_refuses_onednn_has_none(monkeypatch):
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    settings.environment()
    assert os.environ["TF_ENABLE_ONEDNN_OPTS"] == "0"


def test_a_student_s_copy_says_in_a_line_where_the_commands_are():
    code = (
        "import runpy, sys; sys.modules['workbook_staff'] = None\n"
        "runpy.run_module('workbook', run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("The commands are in the instructor's copy")
    assert done.stderr.count("\n") == 1


def test_data_lists_every_dataset(capsys):
    assert main(["data"]) == 0
    said = capsys.readouterr().out
    for name in ("mnist", "fashion-mnist", "digit-recognizer", "sign-language-mnist"):
        assert name in said


def test_every_command_is_in_the_help_and_has_a_target_in_the_makefile(capsys):
    makefile = (paths.ROOT / "src/workbook_staff/commands.mk").read_text(encoding="utf-8")
    with pytest.raises(SystemExit):
        main(["--help"])
    said = capsys.readouterr().out
    [commands] = [a for a in _parser()._actions if isinstance(a, argparse._SubParsersAction)]
    assert {"data", "table"} <= set(commands.choices)
    for command in commands.choices:
        assert re.search(rf"^    {command}\s", said, re.MULTILINE), command
        assert re.search(rf"^{command}: .*\n\t.*-m workbook {command}\b", makefile, re.M), command


@pytest.mark.skipif(
    sys.platform == "win32" or not shutil.which("make"), reason="needs make and a Unix shell"
)
def test_make_asks_for_huge_pages_unless_the_user_has_tuned_malloc(monkeypatch):
    def shown() -> str:
        command = ["make", "-s", "--no-print-directory", "-f", "Makefile", "-f", "-", "show"]
        rule = "show:\n\t@echo $$GLIBC_TUNABLES\n"
        return subprocess.check_output(command, cwd=paths.ROOT, input=rule, text=True).strip()

    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    assert shown() == "glibc.malloc.hugetlb=1"
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.arena_max=2")
    assert shown() == "glibc.malloc.arena_max=2"


def test_data_tells_of_a_folder_that_is_not_there(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("WORKBOOK_DATA_DIR", str(tmp_path / "mistyped"))
    assert main(["data"]) == 1
    said = capsys.readouterr()
    assert "mnist" in said.out
    assert said.err.startswith("FAILED: WORKBOOK_DATA_DIR: no folder")


def test_what_the_alphabet_of_the_output_lacks_stops_no_command(monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", "cp1252")
    code = "from workbook_staff.cli import main; main(['data']); print('\\u0448 2')"
    assert _python(code).stdout.endswith("? 2\n")


def test_a_wrong_variable_is_told_in_a_line(monkeypatch, capsys):
    monkeypatch.setenv("WORKBOOK_DATA", "reel")
    assert main(["data"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("FAILED: WORKBOOK_DATA: 'reel'; expected auto or ")
    assert said.count("\n") == 1


@pytest.mark.parametrize("command", ["reports", "notebooks"])
@pytest.mark.parametrize("error", [errors.KernelError, errors.NotebookError, PermissionError])
def test_a_failure_that_a_user_can_mend_is_told_in_a_line(command, error, monkeypatch, capsys):
    def fail(*_, **__):
        raise error("what and why")

    monkeypatch.setattr(reports, "make", fail)
    monkeypatch.setattr(refresh, "refresh", fail)
    assert main([command]) == 1
    assert capsys.readouterr().err == "FAILED: what and why\n"


def _with_examples() -> list[str]:
    found = [
        path for path in sorted((paths.ROOT / "src").rglob("*.py")) if ">>> " in path.read_text()
    ]
    return [".".join(path.relative_to(paths.ROOT / "src").with_suffix("").parts) for path in found]


@pytest.mark.parametrize("module", _with_examples())
def test_examples_in_docstrings_run(module):
    tried = doctest.testmod(importlib.import_module(module.removesuffix(".__init__")))
    assert tried.failed == 0


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES])
@pytest.mark.parametrize("command", ["student", "table"])
def test_a_folder_that_is_not_the_users_is_told_with_what_to_do(
    command, number, monkeypatch, capsys
):
    def fail():
        raise OSError(number, "why", "/course/reports")

    monkeypatch.setattr(student_edition, "write", fail)
    monkeypatch.setattr(results_table, "renew", fail)
    assert main([command]) == 1
    said = capsys.readouterr().err
    assert said.startswith("FAILED: /course/reports: why; name another folder with --folder")
    assert "or copy the course to a folder of your own" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("error", [ValueError, KeyError, RuntimeError, AttributeError])
def test_a_mistake_in_the_workbook_keeps_its_traceback(error, monkeypatch):
    def fail():
        raise error("a mistake")

    monkeypatch.setattr(student_edition, "write", fail)
    with pytest.raises(error):
        main(["student"])


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="Linux lists open files")
def test_silence_leaves_no_file_open():
    before = list(Path("/proc/self/fd").iterdir())
    with settings.quiet_import():
        pass
    assert len(list(Path("/proc/self/fd").iterdir())) == len(before)


def test_ctrl_c_has_its_own_exit_code(monkeypatch, capsys):
    def stop():
        raise KeyboardInterrupt

    monkeypatch.setattr(student_edition, "write", stop)
    assert main(["student"]) == 130 and capsys.readouterr().err == "Interrupted.\n"
