"""What is published of a tagged version: the student's zip, the pages, their checksums."""

import hashlib
import io
import shutil
import subprocess
import tempfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path

from workbook import paths
from workbook.errors import ReleaseError
from workbook_staff.notebooks import colab, find, student_edition
from workbook_staff.notebooks.execute import stored
from workbook_staff.pages import index
from workbook_staff.pages.export import Exporter

import nbformat

# What students do not get: the answers, and what only instructors and CI run. (By export-ignore in
# .gitattributes, GitHub's own archives of the repository would lack these too.)
_LEFT_OUT = (
    "notebooks/",
    "src/workbook_staff/",
    "tests/",
    "conftest.py",
    ".ci/run",
    ".ci/colab-requirements.txt",
    ".devcontainer/",
    ".git",
)
_LOCKS = {
    "requirements.txt": ".ci/requirements-student.txt",
    ".ci/requirements-gpu.txt": ".ci/requirements-student-gpu.txt",
}
"""What stands in the student's zip for each lock: what notebooks import, and JupyterLab."""


def write() -> list[Path]:
    """Write three zips and ``SHA256SUMS`` to ``reports/release/``, anew; return them.

    The pages show the outputs stored in the notebooks, which are not executed. The same tag gives
    the same bytes, since a file in a zip bears the time of the tag's commit.

    Raises:
        ReleaseError: The checkout is not at the tag of this version, or was changed since.
        NotebookError: A file in ``notebooks/`` is not a notebook.
    """
    version = colab.project().get("version", "")
    _require_tag(f"v{version}")
    made = {"student": _student()}
    for edition in ("student", "instructor"):
        made[f"pages-{edition}"] = _pages(edition)
    folder = paths.REPORTS / "release"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    when = datetime.fromtimestamp(int(_git("log", "-1", "--format=%ct")), UTC)
    written = []
    for kind, files in made.items():
        written.append(folder / f"workbook-{version}-{kind}.zip")
        written[-1].write_bytes(_packed(files, f"workbook-{version}", when))
    sums = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in written]
    written.append(folder / "SHA256SUMS")
    written[-1].write_text("".join(sums), encoding="utf-8", newline="\n")
    return written


def _require_tag(tag: str) -> None:
    if changed := _git("status", "--porcelain").splitlines():
        raise ReleaseError(
            f"{paths.ROOT}: {changed[0][3:]} was changed since the last commit, and "
            f"{len(changed) - 1} more; a release is made from a tag: commit or stash first"
        )
    found = _git("tag", "--points-at", "HEAD").split()
    if tag not in found:
        raise ReleaseError(
            f"{paths.ROOT}: this commit has {'the tags ' + ', '.join(found) if found else 'no tag'}"
            f"; expected {tag}, the version in pyproject.toml: git tag {tag}, or git switch "
            f"--detach {tag}"
        )


def _student() -> dict[str, bytes]:
    """Return the files that a student gets, by name: the notebooks unsolved, and what they need."""
    tracked = _git("ls-files", "-z").split("\0")
    files = {
        name: (paths.ROOT / name).read_bytes()
        for name in tracked
        if name and not name.startswith(_LEFT_OUT)
    }
    files |= {lock: files.pop(of_students) for lock, of_students in _LOCKS.items()}
    for path in find.own():
        notebook = student_edition.handed_out(path)
        files[f"notebooks/{find.place(path).as_posix()}"] = (
            nbformat.writes(notebook) + "\n"
        ).encode()
    return files


def _pages(edition: str) -> dict[str, bytes]:
    """Return the pages of an edition, and for the instructor the slides that are in reports/."""
    with tempfile.TemporaryDirectory() as temporary:
        folder, exporter = Path(temporary), Exporter(edition)
        pages = {path.stem: exporter.page(stored(path), path) for path in find.own()}
        for name, page in pages.items():
            (folder / f"{name}.html").write_text(page.text, encoding="utf-8")
        index.write(folder, {name: page.entry for name, page in pages.items()})
        found = paths.listed(folder, "*.html")
        if edition == "instructor":
            found += paths.listed(paths.REPORTS, "*.slides.html")
        return {path.name: path.read_bytes() for path in found}


def _packed(files: dict[str, bytes], top: str, when: datetime) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(f"{top}/{name}", when.timetuple()[:6])
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return packed.getvalue()


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(paths.ROOT), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", "") or str(error)
        raise ReleaseError(
            f"{paths.ROOT}: git {arguments[0]}: {said.strip().splitlines()[0]}; a release is made "
            "from a git checkout at a tag"
        ) from None
    return done.stdout
