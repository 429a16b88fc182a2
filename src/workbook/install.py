"""Install the workbook into ``.venv``: ``python src/workbook/install.py``, by any Python.

Settings that were made for other projects are set aside: variables and pip's configuration files
say how packages are reached, and nothing else.
"""

import argparse
import ast
import os
import shutil
import subprocess
import sys
import sysconfig
from importlib.util import find_spec
from pathlib import Path

if __name__ == "__main__":  # the package is not installed yet
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from workbook import machine, variables

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".venv"
PYTHON = FOLDER / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def main(arguments: "list[str] | None" = None) -> int:
    """Install, or tell in a line why not; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gpu", action="store_true", help="TensorFlow's CUDA build (Linux)")
    parser.add_argument("--pip", action="store_true", help="install by pip, though uv is there")
    parser.add_argument(
        "--check", action="store_true", help="fail unless this Python is the one that was installed"
    )
    options = parser.parse_args(arguments)
    stamp = FOLDER / "installed-{}".format("gpu" if options.gpu else "cpu")
    if options.check:
        return 0 if _made_for(stamp) == os.fsencode(ROOT) and find_spec("keras") else 1
    obstacle = machine.obstacle(machine.this())
    if obstacle:
        return _failed(obstacle)
    lock = ROOT / (".ci/requirements-gpu.txt" if options.gpu else "requirements.txt")
    try:
        _install(lock, None if options.pip else shutil.which("uv"))
        stamp.write_bytes(os.fsencode(ROOT))
    except subprocess.CalledProcessError as error:
        return _failed(
            f"the installation ended with exit code {error.returncode}, for the reason above. Mend "
            "that, and run it again"
        )
    except OSError as error:
        return _failed(
            f"{error}: the workbook is installed into {FOLDER}. Give yourself the right to write "
            "there, or copy this folder to where you have it, and run it again"
        )
    return 0


def _made_for(stamp: Path) -> bytes:
    """Return the folder that an environment was made for; a copied folder's was for another."""
    return stamp.read_bytes() if stamp.is_file() else b""


def _install(lock: Path, uv: "str | None") -> None:
    """Make ``.venv``, install what ``lock`` holds, then the workbook, so that its source runs."""
    FOLDER.mkdir(exist_ok=True)
    environment = variables.kept(os.environ)
    environment = {n: v for n, v in environment.items() if not n.startswith("PYTHON")}
    # In an ASCII locale, setuptools cannot write the name of a folder called Übung.
    environment.update(PYTHONUTF8="1", LC_ALL="C.UTF-8")

    def run(*command: str) -> None:
        subprocess.run(command, env=environment, check=True, cwd=ROOT)

    run(sys.executable, "-m", "venv", "--clear", str(FOLDER))
    if uv:
        # Compiled, as pip does it by itself: TensorFlow starts in 3 s instead of 7 s.
        install = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(PYTHON)]
    else:
        install = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        environment.update(_index_of_pip(environment))
    run(*install, "--require-hashes", "-r", str(lock))
    run(*install, "--no-build-isolation", "--no-deps", "-e", str(ROOT))
    # Relative: in the alphabet of any locale, and a copied folder finds its own source.
    packages = Path(sysconfig.get_path("purelib", "venv", {"base": str(FOLDER)}))
    [link] = packages.glob("__editable__.workbook-*.pth")
    link.write_text(os.path.relpath(ROOT / "src", packages) + "\n", encoding="ascii")


def _index_of_pip(environment: "dict[str, str]") -> "dict[str, str]":
    """Return variables for what pip's configuration files say of indexes, and nothing else.

    ``user = true``, a ``target`` or a ``constraint`` in them was meant for other installations.
    """
    command = [str(PYTHON), "-m", "pip", "config", "list"]
    listed = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8")
    found = {"PIP_CONFIG_FILE": os.devnull}
    for line in listed.stdout.splitlines():
        name, _, value = line.partition("=")
        setting = name.rpartition(".")[2]
        if variables.reaches_an_index(setting):
            found["PIP_" + setting.upper().replace("-", "_")] = ast.literal_eval(value)
    return found


def _failed(why: str) -> int:
    print(f"FAILED: {why}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
