"""Get reveal.js, which shows the slides: from the package index, once, checked by its digests."""

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from workbook import paths
from workbook.errors import RevealError

VERSION = "5.2.1"

# A package that pip gets anywhere holds npm's files as they are; nothing of it is installed or run.
_CARRIER = "sphinx-revealjs==3.2.1"
_WITHIN = "sphinx_revealjs/_static/revealjs/dist"

# SHA-256 of the files of dist/ in npm's package reveal.js@5.2.1.
_DIGESTS = {
    "reveal.js": "46538b52db48724192f59bf46f5e851a18e302777c46f4a34c32709d010d6a29",
    "reveal.css": "68f915a11ebf7203c0446576b7e952ff61c5dd02134a8a226ffaf62ed42136d2",
}


def text(name: str) -> str:
    """Return "reveal.js" or "reveal.css" as text, from ``data/cache/``, or downloaded to it.

    Raises:
        RevealError: It is not there, and cannot be downloaded.
    """
    path = _folder() / name
    if not _is_right(path):
        _download()
    return path.read_text(encoding="utf-8")


def _folder() -> Path:
    return paths.CACHE / f"reveal.js-{VERSION}"


def _is_right(path: Path) -> bool:
    return path.is_file() and _digest(path.read_bytes()) == _DIGESTS[path.name]


def _download() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        command = ["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        command += ["--only-binary", ":all:", "--dest", temporary, _CARRIER]
        done = subprocess.run(
            [sys.executable, *command], capture_output=True, text=True, errors="replace"
        )
        wheels = list(Path(temporary).glob("*.whl"))
        if done.returncode or not wheels:
            said = done.stderr.strip().splitlines() or ["pip said nothing"]
            raise RevealError(f"pip could not download {_CARRIER} ({said[-1]}); {_by_hand()}")
        with zipfile.ZipFile(wheels[0]) as wheel:
            found = {name: wheel.read(f"{_WITHIN}/{name}") for name in _DIGESTS}
    for name, content in found.items():
        if _digest(content) != _DIGESTS[name]:
            raise RevealError(
                f"{name} in {_CARRIER} has the SHA-256 {_digest(content)}, and "
                f"{_DIGESTS[name]} was expected: it is not used; {_by_hand()}"
            )
        with paths.writing(_folder() / name) as partial:
            partial.write_bytes(content)


def _by_hand() -> str:
    return (
        f"try again with a network, or put reveal.js and reveal.css from dist/ of npm's package "
        f"reveal.js@{VERSION} into {_folder()}"
    )


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
