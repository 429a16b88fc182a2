"""What was handed in: whose each notebook is, in whatever form a learning platform gives them."""

import contextlib
import itertools
import re
import stat
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from workbook.errors import NotebookError
from workbook_staff.notebooks.reading import MOST_BYTES

PATTERNS = {
    "nbgrader": r"(?:^|/)submitted/(?P<student>[^/]+)/[^/]+/[^/]+$",
    "Moodle": r"(?:^|/)(?P<student>[^/]+?)_(?P<id>\d+)_assignsubmission_\w+?(?:_|/|$)",
    "Blackboard": r"(?:^|/)[^/]*_(?P<student>[^_/]+)_attempt_(?P<when>\d{4}(?:-\d\d){5})_[^/]*$",
    "Canvas": (
        r"(?:^|/)(?P<student>[^_/\d][^_/]*)_(?P<late>LATE_)?(?P<id>\d+)_(?P<when>\d+)_[^/]+$"
    ),
    "a folder for each": r"(?:^|/)(?P<student>[^/]+)/(?:[^/]+/)*[^/]+$",
    "a file for each": r"^(?P<student>[^/]+)\.ipynb$",
}
"""Where a path says whose a notebook is, by platform; the first that fits holds.

Paths are those within what was given, with slashes. ``id`` is the platform's number of the
student, ``when`` says which of several is the later one, ``late`` that it was handed in late.
"""

MOST_FILES = 20_000
MOST_UNPACKED = 10 * 1024**3
"""How many files of a zip are read, and how many bytes; of a zip in a zip, which is one student's,
a tenth, so that nobody takes the room that is for all."""


@dataclass(frozen=True)
class HandedIn:
    """A file that was handed in: whose it is, where it lies, and ``place``, its name for people.

    ``order`` sorts several of one student's. ``refused`` says why it is not read, "" where it is.
    """

    student: str
    place: str
    path: Path
    student_id: str = ""
    order: tuple[str, float, str] = ("", 0.0, "")
    late: bool = False
    refused: str = ""


def find(given: list[str], scratch: Path, student_from: str | None = None) -> list[HandedIn]:
    """Return what was handed in, in the order of students and names.

    ``given`` are folders, notebooks, zips or patterns; ``scratch`` is an empty folder for what is
    unpacked. ``student_from`` is a regular expression on the path, whose group ``student``, or
    else its first, is the student.

    Raises:
        NotebookError: Nothing is there by one of the names, or the expression has a fault.
    """
    patterns = [
        re.compile(p, re.IGNORECASE if name != "Canvas" else 0) for name, p in PATTERNS.items()
    ]
    if student_from is not None:
        try:
            patterns = [re.compile(student_from)]
        except re.error as error:
            raise NotebookError(
                f"--student-from {student_from!r}: {error}; expected a regular expression such "
                r"as '^(?P<student>[^/]+)/'"
            ) from None
        if not patterns[0].groups:
            raise NotebookError(
                f"--student-from {student_from!r} has no group; put what names the student into "
                r"parentheses, such as '^(?P<student>[^/]+)/'"
            )
    found = [
        _whose(place, path, changed, refused, patterns)
        for one in given
        for place, path, changed, refused in _files(one, scratch)
    ]
    return sorted(_told_apart(found), key=lambda one: (one.student, one.place))


def _files(given: str, scratch: Path) -> Iterator[tuple[str, Path, float, str]]:
    """Give each notebook's place, file, time, and why it is not read; zips are unpacked."""
    path = Path(given)
    if path.is_dir():
        yield from _in_folder(path, scratch)
    elif path.is_file():
        yield from _of_file(path.name, path, scratch)
    else:
        fixed = Path(*itertools.takewhile(lambda part: not set(part) & set("*?["), path.parts))
        pattern = Path(*path.parts[len(fixed.parts) :])
        try:
            matches = sorted(fixed.glob(str(pattern))) if pattern.parts else []
        except (ValueError, OSError):
            matches = []
        if not matches:
            raise NotebookError(
                f"{given}: there is no such folder, notebook, zip or pattern with a match"
            )
        for match in matches:
            place = match.relative_to(fixed).as_posix()
            if match.is_dir():
                yield from _in_folder(match, scratch, f"{place}/")
            elif _is_wanted(place):
                yield from _of_file(place, match, scratch)


def _in_folder(
    folder: Path, scratch: Path, before: str = ""
) -> Iterator[tuple[str, Path, float, str]]:
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder).as_posix()
        if not _is_wanted(place):
            continue
        if path.is_symlink():
            yield before + place, path, 0.0, "a link, not a file: what it points to is not read"
        elif path.is_file():
            yield from _of_file(before + place, path, scratch)


def _of_file(place: str, path: Path, scratch: Path) -> Iterator[tuple[str, Path, float, str]]:
    if path.suffix.lower() == ".zip":
        yield from _in_zip(path, scratch, "" if "/" not in place else f"{place}/")
    else:
        yield place, path, path.stat().st_mtime, ""


def _is_wanted(place: str) -> bool:
    """Return whether a path is that of a notebook or a zip, and nothing hidden or of a Mac's."""
    parts = PurePosixPath(place).parts
    hidden = any(part.startswith(".") and part not in (".", "..") for part in parts)
    return not hidden and "__MACOSX" not in parts and parts[-1].lower().endswith((".ipynb", ".zip"))


def _in_zip(
    path: Path, scratch: Path, before: str, share: int = 1
) -> Iterator[tuple[str, Path, float, str]]:
    """Give what a zip holds, unpacked under names of our own: no name in it is a path here."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [m for m in archive.infolist() if not m.is_dir() and _is_wanted(m.filename)]
            left = MOST_UNPACKED // share
            most = MOST_FILES // share
            if len(members) > most:
                yield (
                    *(before.rstrip("/") or path.name, path, 0.0),
                    f"of its {len(members):,} files, only the first {most:,} are read",
                )
            for member in members[:most]:
                place = before + _place(member.filename)
                changed = float("".join(f"{part:02}" for part in member.date_time))
                size = left if _is_zip(place) else min(MOST_BYTES, left)
                refused = _refused(member, size)
                target = Path(tempfile.mkdtemp(dir=scratch), f"file{Path(place).suffix.lower()}")
                if not refused:
                    try:
                        left -= _unpacked(archive, member, target, size)
                    except (OSError, RuntimeError, ValueError, NotImplementedError) as error:
                        refused = f"it cannot be unpacked ({error})"
                    except zipfile.BadZipFile as error:
                        refused = f"it cannot be unpacked ({error})"
                if not refused and _is_zip(place):
                    if share == 1:
                        yield from _in_zip(target, scratch, f"{place}/", share=10)
                        continue
                    refused = "a zip in a zip in a zip"
                yield place, target, changed, refused
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        yield before.rstrip("/") or path.name, path, 0.0, f"not a zip that can be read ({error})"


def _is_zip(place: str) -> bool:
    return place.lower().endswith(".zip")


def _place(name: str) -> str:
    """Return a member's name without what would lead out of its folder."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return "/".join(part for part in parts if part not in ("/", "..", ".") and ":" not in part)


def _refused(member: zipfile.ZipInfo, most: int) -> str:
    if stat.S_ISLNK(member.external_attr >> 16):
        return "a link, not a file: what it points to is not read"
    if ".." in PurePosixPath(member.filename.replace("\\", "/")).parts:
        return "its name leads out of the zip"
    if member.flag_bits & 1:
        return "it is encrypted"
    if member.file_size > most:
        return f"{member.file_size / 1e6:,.0f} MB, and at most {most / 1e6:,.0f} MB are read"
    return ""


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, most: int) -> int:
    """Write a member's content; return its size. What it says of its size may be a lie."""
    size = 0
    try:
        with archive.open(member) as source, target.open("wb") as file:
            while part := source.read(1 << 20):
                size += len(part)
                if size > most:
                    raise ValueError(f"more than {most / 1e6:,.0f} MB")
                file.write(part)
    except BaseException:
        with contextlib.suppress(OSError):
            target.unlink()
        raise
    return size


def _whose(
    place: str, path: Path, changed: float, refused: str, patterns: list[re.Pattern[str]]
) -> HandedIn:
    for pattern in patterns:
        if match := pattern.search(place):
            found = match.groupdict()
            student = found.get("student") or (match[1] if match.re.groups else None)
            if student and student.strip():
                return HandedIn(
                    _name(student),
                    place,
                    path,
                    found.get("id") or "",
                    ((found.get("when") or "").zfill(20), changed, place),
                    bool(found.get("late")),
                    refused,
                )
    return HandedIn(
        _name(PurePosixPath(place).stem), place, path, "", ("", changed, place), False, refused
    )


def _name(student: str) -> str:
    """Return a student's name in one line, without what hides or turns its letters."""
    text = "".join(letter if letter.isprintable() else " " for letter in student)
    return " ".join(text.split())[:200] or "?"


def _told_apart(found: list[HandedIn]) -> list[HandedIn]:
    """Return them with the platform's number beside a name that several students have."""
    ids: dict[str, set[str]] = {}
    for one in found:
        ids.setdefault(one.student, set()).add(one.student_id)
    return [
        replace(one, student=f"{one.student} ({one.student_id})")
        if len(ids[one.student]) > 1 and one.student_id
        else one
        for one in found
    ]
