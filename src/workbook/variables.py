"""Environment variables that were set for other projects, taken out before Python or pip starts.

Python's standard library alone: this runs before anything is installed.
"""

import os
import re
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

_OF_INSTALLERS = re.compile("(PIP|UV)_")
# What they need to reach a package index, or to be quick at it, stays.
_REACHES_AN_INDEX = re.compile(
    "INDEX|LINKS|HOST|CERT|TLS|PROXY|TIMEOUT|RETRIES|CACHE|KEYRING|NETRC|HTTP|OFFLINE|CONCURRENT"
    "|LINK_MODE|USERNAME|PASSWORD"
)
# Another library, asserts left out, something executed first, a prompt at the end.
_OF_PYTHON = {"PYTHONHOME", "PYTHONOPTIMIZE", "PYTHONSTARTUP", "PYTHONINSPECT", "PYTHONSAFEPATH"}


def reaches_an_index(setting: str) -> bool:
    """Return whether a setting of pip or uv, such as "index-url", says how to reach packages."""
    return bool(_REACHES_AN_INDEX.search(setting.upper().replace("-", "_")))


def kept(environ: "Mapping[str, str]") -> "dict[str, str]":
    """Return the variables without those that change what Python runs, or where pip installs.

    PYTHONPATH stays: a notebook's own helpers may be found by it.
    """
    return {
        name: value
        for name, value in environ.items()
        if name not in _OF_PYTHON
        and (not _OF_INSTALLERS.match(name) or reaches_an_index(name.partition("_")[2]))
    }


def set_aside() -> None:
    """Take them out of this process, so that kernels, browsers and pip start without them.

    The packages of this environment come before those that PYTHONPATH names, here and in kernels,
    unless it is where the workbook itself was found.
    """
    for name in set(os.environ) - kept(os.environ).keys():
        del os.environ[name]
    folders = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    packages = sysconfig.get_path("purelib")
    source = str(Path(__file__).resolve().parents[1])
    if any(folders) and not {packages, source} & set(folders):
        os.environ["PYTHONPATH"] = os.pathsep.join([packages, *folders])
        sys.path.insert(1, packages)
