"""What was handed in, in whatever form a learning platform gives it: each file, and whose it is."""

import itertools
import re
import shutil
import stat
import tempfile
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from workbook.errors import GradingError, listing
from workbook.paths import is_junk
from workbook_staff.grading import students
from workbook_staff.grading.students import NOBODY, Identity, Named
from workbook_staff.notebooks.find import NOTEBOOK
from workbook_staff.notebooks.reading import MOST_BYTES

MOST_FILES = 20_000
MOST_UNPACKED = 10 * 1024**3
"""How many files of a zip are read, and how many bytes; of a zip in a zip, which is one student's,
a tenth, so that nobody takes the room that is for all."""


LINK = "a link, not a file: what it points to is not read"
EMPTY = "an empty folder"

_ARCHIVE = re.compile(r"\.(7z|rar|tar|t?gz|t?bz2|t?xz)$", re.IGNORECASE)


@dataclass(frozen=True)
class HandedIn:
    """A file that was handed in: whose it is, where it lies, and ``place``, its name for people.

    ``student`` is what they are called here, each by another name; ``who`` is all that the path
    tells of them. ``changed`` is the file's time, ``when`` the platform's. ``refused`` says why it
    is not read, "" where it is; ``remarks`` are lines such as "handed in late".
    """

    place: str
    path: Path
    changed: float = 0.0
    refused: str = ""
    remarks: tuple[str, ...] = ()
    student: str = ""
    who: Identity = NOBODY
    when: str = ""

    @property
    def order(self) -> tuple[str, float, str]:
        """What sorts several of one student's."""
        return self.when, self.changed, self.place


def find(
    given: list[str],
    scratch: Path,
    student_from: str | None = None,
    notebooks: Collection[str] = (),
) -> list[HandedIn]:
    """Return what was handed in, in the order of students and names.

    ``given`` are folders, notebooks, zips or patterns; ``scratch`` is an empty folder for what is
    unpacked. ``student_from`` is a regular expression on the path, whose group ``student``, or
    else its first, is the student. ``notebooks`` are the names of the course's: a file that has
    one of them is not called by its student. Of a student who has handed in no notebook there is
    one entry, which says what they have handed in.

    Raises:
        GradingError: Nothing is there by one of the names, the expression has a fault, or whose
            each file is cannot be seen.
    """
    known = students.patterns(student_from)
    found: list[HandedIn] = []
    called: set[tuple[str, str]] = set()
    for one in given:
        files = list(_files(one, scratch))
        names = {file.place: students.named(file.place, known) for file in files}
        _leave_out_chance(one, names, notebooks)
        by_folder = _by_folder([place for place, name in names.items() if not name], notebooks)
        called |= {(one, student) for student in by_folder.values()}
        if student_from is None:
            _ask_where_many_become_one(one, by_folder, notebooks)
        for file in files:
            name = names[file.place] or Named(Identity(by_folder[file.place]))
            late = ("handed in late",) if name.late else ()
            found.append(
                replace(file, who=name.student, when=name.when, remarks=late + file.remarks)
            )
    if _is_mixed(called):
        raise GradingError(
            f"{', '.join(given)[:200]}: their files have the same names, such as "
            f"{min(called)[1]!r}, so whose each one is cannot be seen; give the folder above them"
        )
    return sorted(_told_apart(_without_others(found)), key=lambda one: (one.student, one.place))


def _is_mixed(pairs: Collection[tuple[str, object]]) -> bool:
    """Return whether of (folder, student), some student is twice, and folders are as many."""
    folders, people = ({*one} for one in zip(*pairs, strict=True)) if pairs else ((), ())
    return len(pairs) > len(people) <= len(folders)


def _leave_out_chance(
    given: str, names: dict[str, Named | None], notebooks: Collection[str]
) -> None:
    """Leave out what a vague pattern finds with short numbers, in fewer than half of the notebooks.

    Raises:
        GradingError: It finds the same few students in many folders; or most of ILIAS' folders,
            four words and a number, hold notebooks that are called by different words.
    """
    of_all = [place for place in names if NOTEBOOK.search(place)] or [*names]
    for platform in students.VAGUE:
        found = {p: n for p, n in names.items() if n and n.student.platform == platform}
        files: dict[Identity, list[str]] = {}
        for place in (place for place in of_all if place in found):
            files.setdefault(found[place].student, []).append(place)
        is_rare = 2 * sum(map(len, files.values())) < len(of_all)
        digits = max((len(name.student.number) for name in found.values()), default=0)
        if is_rare and 0 < digits < 4:
            names.update(dict.fromkeys(found))
            continue
        many = [who for who, places in files.items() if _is_a_groups(places, notebooks)]
        if _is_mixed({(name.before, name.student) for name in found.values()}):
            many = [*files]
        elif platform != "ILIAS" or 2 * len(many) <= len(files):
            continue
        raise _unclear(given, str(many[0]), len(files[many[0]]), files[many[0]][0])


def _is_a_groups(places: list[str], notebooks: Collection[str]) -> bool:
    """Return whether files called as one of the course's differ, or those that are not do."""
    others = [place for place in places if not any(name in place for name in notebooks)]
    return any(_differ(places, name) for name in notebooks) or _differ(others)


def _by_folder(places: list[str], notebooks: Collection[str]) -> dict[str, str]:
    """Return whose each file is that no platform has named: the folder's, else the file's name.

    Folders that all share are nobody's; but one that holds all files is a student's, where they
    are called as the course's notebooks are.
    """
    inside = [place for place in places if "/" in place] or places
    folders = [PurePosixPath(place).parts[:-1] for place in inside]
    alike = itertools.takewhile(lambda level: len(set(level)) == 1, zip(*folders, strict=False))
    common = tuple(level[0] for level in alike)
    if set(folders) == {common} and (
        (len(inside) < 3 and sum(map(_is_read, inside)) < 2)
        or any(name in place for place in inside for name in notebooks)
    ):
        common = ()
    whose = {}
    for place in places:
        parts = PurePosixPath(place).parts
        own = parts[len(common) :] if parts[: len(common)] == common else parts
        whose[place] = _of_folder(own[0]) if len(own) > 1 else _of_file_name(own[0], notebooks)
    return whose


def _of_folder(name: str) -> str:
    """Return the student whom a folder, or a zip, is called by."""
    return students.in_a_line(re.sub(r"\.zip$", "", name, flags=re.IGNORECASE)) or "?"


def _of_file_name(name: str, notebooks: Collection[str]) -> str:
    """Return the student whom a file is called by, without the notebook's name beside theirs."""
    name = re.sub(r"(\.tar|\.ipynb)?\.[^.]+$", "", name)
    for notebook in notebooks:
        rest = re.sub(rf"[\W_]*{re.escape(notebook)}[\W_]*", " ", name)
        if re.search(r"[^\W\d_]|\d{4}", re.sub("copy", "", rest, flags=re.IGNORECASE)):
            name = rest
    return students.in_a_line(name) or "?"


def _ask_where_many_become_one(
    given: str, by_folder: dict[str, str], notebooks: Collection[str]
) -> None:
    """Stop where a folder is no student's: most have one file several times, in folders below.

    Or some have, and no notebook lies in such a folder itself. Or the only one has a notebook of
    the course several times, beside different words.

    Raises:
        GradingError: It is so.
    """
    files: dict[str, Counter[str]] = {}
    is_deep = True
    for place, student in by_folder.items():
        if NOTEBOOK.search(place) and "/" in place:
            files.setdefault(student, Counter())[PurePosixPath(place).name] += 1
            is_deep &= _of_folder(PurePosixPath(place).parent.name) != student
    many = [student for student, names in files.items() if max(names.values()) > 1]
    if len(files) == 1 and any(_differ(files[next(iter(files))], of) for of in notebooks):
        many = list(files)
    if 2 * len(many) > len(files) or (many and is_deep):
        example = next(place for place, student in by_folder.items() if student == many[0])
        raise _unclear(given, many[0], sum(files[many[0]].values()), example)


def ask_where_folders_are_weeks(attempts: Mapping[str, Sequence[HandedIn]]) -> None:
    """Stop where several students, by folder, have one notebook under the same different words.

    ``attempts`` are a student's files of one notebook. Seen from outside, ``week1/{anna,bert}`` is
    what ``anna/{part1,part2}`` is; only that both files are the same notebook tells them apart.

    Raises:
        GradingError: It is so.
    """
    files = {s: [one.place for one in tried] for s, tried in attempts.items() if len(tried) > 1}
    count = Counter(PurePosixPath(place).name for places in files.values() for place in places)
    again = {
        student: [place for place in places if count[PurePosixPath(place).name] > 1]
        for student, places in files.items()
    }
    many = [student for student, places in again.items() if _differ(places)]
    if len(many) > 1:
        raise _unclear("what was handed in", many[0], len(again[many[0]]), again[many[0]][0])


def _differ(places: Iterable[str], notebook: str = "") -> bool:
    """Return whether files whose name holds that of a notebook have different words beside it."""
    files = [NOTEBOOK.sub("", PurePosixPath(place).name) for place in places]
    rests = [file.replace(notebook, "").casefold() for file in files if notebook in file]
    return len({re.sub(r"copy|[\W\d_]", "", rest) for rest in rests} - {""}) > 1


def _unclear(given: str, student: str, count: int, example: str) -> GradingError:
    return GradingError(
        f"{given}: whose each notebook is cannot be seen: {student!r} would have {count}, such as "
        rf"{example}. Say which part of the path is the student: --student-from '([^/]+)/[^/]+$' "
        r"takes the last folder's name, --student-from '([^/_]+)_[^/]*$' the first word of the "
        "file's"
    )


def _without_others(found: list[HandedIn]) -> list[HandedIn]:
    """Return the notebooks, and an entry for each student who has handed in other files only."""
    kept = [one for one in found if _is_read(one.place)]
    with_notebook = {one.who for one in kept}
    others: dict[Identity, list[HandedIn]] = {}
    for one in found:
        if one.who not in with_notebook:
            others.setdefault(one.who, []).append(one)
    for files in others.values():
        names = listing([one.place.rpartition("/")[2] for one in files], 5)
        archives = any(_ARCHIVE.search(one.place) for one in files)
        refused = f"no notebook (.ipynb) was handed in, but {names}" + (
            "; of archives only zips are opened" if archives else ""
        )
        kept.append(replace(files[0], refused=refused))
    return kept


def _told_apart(found: list[HandedIn]) -> list[HandedIn]:
    """Return them with a name of its own for each student: a number stands beside a namesake's."""
    shown = {who: str(who) for who in dict.fromkeys(one.who for one in found)}
    counts = Counter(shown.values())
    taken = {name for name, count in counts.items() if count == 1}
    for who, name in shown.items():
        if counts[name] > 1:
            own = who.number or who.login
            wanted = unique = f"{name} ({own})" if own else name
            count = 1
            while unique in taken:
                count += 1
                unique = f"{wanted} [{count}]"
            shown[who] = unique
            taken.add(unique)
    return [replace(one, student=shown[one.who]) for one in found]


def _files(given: str, scratch: Path) -> Iterator[HandedIn]:
    """Give each file; what is in zips is unpacked."""
    path = Path(given)
    if path.is_dir():
        yield from _in_folder(path, scratch)
    elif path.is_file():
        # A zip that is given is the class's: its name is no student's.
        yield from _of_file("" if _is_zip(path.name) else path.name, path, scratch)
    else:
        fixed = Path(*itertools.takewhile(lambda part: not set(part) & set("*?["), path.parts))
        pattern = Path(*path.parts[len(fixed.parts) :])
        try:
            matches = sorted(fixed.glob(str(pattern))) if pattern.parts else []
        except (ValueError, OSError):
            matches = []
        if not matches:
            raise GradingError(
                f"{given}: there is no such folder, notebook, zip or pattern with a match"
            )
        for match in matches:
            place = match.relative_to(fixed).as_posix()
            if match.is_dir():
                yield from _in_folder(match, scratch, f"{place}/")
            elif _is_wanted(place):
                yield from _of_file(place, match, scratch)


def _in_folder(folder: Path, scratch: Path, before: str = "") -> Iterator[HandedIn]:
    paths = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*"))}
    wanted = {place: path for place, path in paths.items() if _is_wanted(place)}
    folders = [place for place, path in wanted.items() if path.is_dir()]
    for place in _empty(folders, wanted):
        is_link = wanted[place].is_symlink()
        yield HandedIn(f"{before}{place}/{'a link' if is_link else EMPTY}", folder / place)
    for place, path in wanted.items():
        if path.is_symlink() and not path.is_dir():
            yield HandedIn(before + place, path, refused=LINK)
        elif path.is_file():
            yield from _of_file(before + place, path, scratch)


def _empty(folders: list[str], places: Collection[str]) -> list[str]:
    """Return the folders below which none of the places lies: somebody handed in nothing."""
    above = {str(folder) for place in places for folder in PurePosixPath(place).parents}
    return [folder for folder in folders if folder not in above]


def _of_file(place: str, path: Path, scratch: Path) -> Iterator[HandedIn]:
    if _is_zip(path.name):
        yield from _in_zip(path, scratch, place and f"{place}/")
    else:
        yield HandedIn(place, path, path.stat().st_mtime)


def _is_wanted(place: str) -> bool:
    """Return whether a path is nothing hidden, and nothing that a system or a platform adds."""
    parts = PurePosixPath(place).parts
    # Moodle adds an index to its zip.
    return parts[-1].lower() != "index.html" and not any(map(is_junk, {*parts} - {".", ".."}))


def _is_read(place: str) -> bool:
    return bool(NOTEBOOK.search(place)) or _is_zip(place)


def _in_zip(path: Path, scratch: Path, before: str, share: int = 1) -> Iterator[HandedIn]:
    """Give what a zip holds, unpacked under names of our own: no name in it is a path here."""
    called = before.rstrip("/") or path.name
    try:
        with zipfile.ZipFile(path) as archive:
            listed = [(m, *_named(m)) for m in archive.infolist()]
            listed = [one for one in listed if _is_wanted(one[1])]
            members = [one for one in listed if not one[0].is_dir()]
            names = [_place(name) for _, name, _ in listed]
            folders = [_place(name) for member, name, _ in listed if member.is_dir()]
            for folder in _empty(folders[:MOST_FILES], names):
                yield HandedIn(f"{before}{folder}/{EMPTY}", path)
            if not listed and before:
                yield HandedIn(f"{before}nothing", path)
            # Notebooks come first: other files take no room from them.
            members.sort(key=lambda one: not _is_read(one[1]))
            left = MOST_UNPACKED // share
            most = MOST_FILES // share
            if len(members) > most:
                why = f"of its {len(members):,} files, only the first {most:,} are read"
                yield HandedIn(called, path, refused=why)
            for member, name, remarks in members[:most]:
                place = before + _place(name)
                changed = float("".join(f"{part:02}" for part in member.date_time))
                if not _is_read(place):
                    yield HandedIn(place, path, changed, remarks=remarks)
                    continue
                size = left if _is_zip(place) else min(MOST_BYTES, left)
                refused = _refused(member, size)
                target = Path(tempfile.mkdtemp(dir=scratch), f"file{Path(place).suffix.lower()}")
                if not refused:
                    left -= member.file_size  # zipfile reads no more of it, whatever is there
                    try:
                        with archive.open(member) as source, target.open("wb") as file:
                            shutil.copyfileobj(source, file)
                    except (OSError, RuntimeError, ValueError, zipfile.BadZipFile) as error:
                        refused = f"it cannot be unpacked ({error})"
                if not refused and _is_zip(place):
                    if share == 1:
                        yield from _in_zip(target, scratch, f"{place}/", share=10)
                        continue
                    refused = "a zip in a zip in a zip"
                yield HandedIn(place, target, changed, refused, remarks)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        yield HandedIn(called, path, refused=f"not a zip that can be read ({error})")


def _is_zip(place: str) -> bool:
    return place.lower().endswith(".zip")


def _named(member: zipfile.ZipInfo) -> tuple[str, tuple[str, ...]]:
    """Return a member's name, and what has to be said of it.

    Many programs write UTF-8 without saying so; a name in another alphabet is a guess.
    """
    name = member.filename
    if name.isascii() or member.flag_bits & 0x800:
        return name, ()
    try:
        return name.encode("cp437").decode("utf-8"), ()
    except UnicodeError:
        why = "the zip does not say in which alphabet its names are: this one may be garbled"
        return name, (why,)


def _place(name: str) -> str:
    """Return a member's name in NFC, without what would lead out of its folder."""
    name = unicodedata.normalize("NFC", name)
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return "/".join(part for part in parts if not re.fullmatch(r"/|\.\.?|[A-Za-z]:", part))


def _refused(member: zipfile.ZipInfo, most: int) -> str:
    if stat.S_ISLNK(member.external_attr >> 16):
        return LINK
    if ".." in PurePosixPath(member.filename.replace("\\", "/")).parts:
        return "its name leads out of the zip"
    if member.flag_bits & 1:
        return "it is encrypted"
    if member.file_size > most:
        return f"{member.file_size / 1e6:,.0f} MB, and at most {most / 1e6:,.0f} MB are read"
    return ""
