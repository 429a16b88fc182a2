"""The environment is made for this folder, by settings that are the workbook's own."""

import os
import sys
from pathlib import Path

from workbook import install, variables

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="uv is played by a shell script")

OTHER_LIVES = {
    "PIP_TARGET": "/elsewhere",
    "PIP_USER": "1",
    "PIP_CONSTRAINT": "pins.txt",
    "PIP_PREFIX": "/elsewhere",
    "PIP_NO_BINARY": ":all:",
    "UV_CONSTRAINT": "pins.txt",
    "UV_SYSTEM_PYTHON": "1",
    "PYTHONHOME": "/elsewhere",
    "PYTHONOPTIMIZE": "1",
    "PYTHONSTARTUP": "hello.py",
}
INDEX = {
    "PIP_INDEX_URL": "https://index.example/simple",
    "PIP_CERT": "/etc/ssl/school.pem",
    "PIP_PROXY": "http://proxy.example",
    "UV_DEFAULT_INDEX": "https://index.example/simple",
    "UV_CACHE_DIR": "/cache",
    "HTTPS_PROXY": "http://proxy.example",
}


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder in which an uv installs that writes down what it was asked, and how.

    A Python beside it makes an environment that is empty: a real one takes seconds.
    """
    root = tmp_path / "Übung"
    monkeypatch.setattr(install, "ROOT", root)
    monkeypatch.setattr(install, "FOLDER", root / ".venv")
    monkeypatch.setattr(install, "PYTHON", root / ".venv/bin/python")
    packages = f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
    (root / "src/workbook").mkdir(parents=True)
    (root / "src/workbook/__init__.py").touch()
    played = tmp_path / "bin/uv"
    played.parent.mkdir()
    played.write_text(
        f"#!/bin/sh\nenv >> '{tmp_path}/environment'\necho \"$@\" >> '{tmp_path}/asked'\n"
        f"echo /the/first/src > .venv/{packages}/__editable__.workbook-1.0.0.pth\n"
    )
    python = played.with_name("python")
    python.write_text(f'#!/bin/sh\nmkdir -p "$4/{packages}"\n')
    for program in (played, python):
        program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setenv("PATH", str(played.parent), prepend=os.pathsep)
    return root


def test_settings_of_other_projects_are_set_aside_and_the_index_stays():
    assert variables.kept(OTHER_LIVES | INDEX | {"HOME": "/home/a"}) == INDEX | {"HOME": "/home/a"}


def test_an_installation_names_the_folder_that_it_was_made_for(checkout, tmp_path, monkeypatch):
    for name, value in (OTHER_LIVES | INDEX).items():
        if name != "PYTHONHOME":  # with which no Python starts
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setattr(install, "find_spec", lambda name: name == "keras")
    assert install.main(["--check"]) == 1
    assert install.main([]) == 0 and install.main(["--check"]) == 0
    seen = (tmp_path / "environment").read_text(encoding="utf-8").splitlines()
    assert {f"{name}={value}" for name, value in INDEX.items()} <= set(seen)
    assert not [line for line in seen if line.partition("=")[0] in {*OTHER_LIVES, "PYTHONPATH"}]
    assert "--require-hashes" in (tmp_path / "asked").read_text(encoding="utf-8")

    copied = checkout.with_name("Kopie")
    checkout.rename(copied)
    [link] = copied.glob(".venv/lib/python*/site-packages/*.pth")
    assert (link.parent / link.read_text(encoding="ascii").strip()).resolve() == copied / "src"
    monkeypatch.setattr(install, "ROOT", copied)
    monkeypatch.setattr(install, "FOLDER", copied / ".venv")
    assert install.main(["--check"]) == 1


def test_where_nothing_can_be_written_it_says_so_in_a_line(checkout, monkeypatch, capsys):
    monkeypatch.setattr(install, "FOLDER", checkout / "src/workbook/__init__.py/.venv")
    assert install.main([]) == 1
    said = capsys.readouterr().err
    assert said.startswith("FAILED: ") and "the right to write there" in said
    assert said.count("\n") == 1


def test_an_installer_that_fails_has_the_last_word_explained(checkout, tmp_path, capsys):
    (tmp_path / "bin/uv").write_text("#!/bin/sh\nexit 3\n")
    assert install.main([]) == 1
    assert "ended with exit code 3, for the reason above" in capsys.readouterr().err
    assert not (checkout / ".venv/installed-cpu").exists()


def test_of_pip_s_configuration_the_index_is_taken_and_nothing_else(tmp_path, monkeypatch):
    file = tmp_path / ".pip/pip.conf"
    file.parent.mkdir()
    file.write_text(
        "[global]\nuser = true\nindex-url = https://index.example/simple\n"
        "[install]\ntarget = /elsewhere\nconstraint = pins.txt\n"
    )
    monkeypatch.setattr(install, "PYTHON", Path(sys.executable))
    found = install._index_of_pip({"PATH": os.environ["PATH"], "HOME": str(tmp_path)})
    assert found["PIP_INDEX_URL"] == "https://index.example/simple"
    assert found["PIP_CONFIG_FILE"] == os.devnull
    assert not {"PIP_USER", "PIP_TARGET", "PIP_CONSTRAINT"} & found.keys()


def test_packages_come_before_those_of_pythonpath_and_helpers_are_still_found(
    tmp_path, monkeypatch
):
    for package in ("packaging", "my_helper"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text("wrong = True\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    code = (
        "from workbook import variables; variables.set_aside(); import packaging, my_helper\n"
        "import subprocess, sys; assert not hasattr(packaging, 'wrong')\n"
        "child = 'import packaging, my_helper; print(hasattr(packaging, \"wrong\"))'\n"
        "print(subprocess.check_output([sys.executable, '-c', child], text=True).strip())"
    )
    done = install.subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr
