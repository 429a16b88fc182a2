"""Whatever students are called: no grade in another's row, and everybody is filled or listed."""

import csv
import io
import random
import tempfile
import unicodedata
import zipfile
from dataclasses import dataclass
from pathlib import Path

from workbook import exercises
from workbook_staff.grading import collect, gradebook
from workbook_staff.grading.result import HandIn, Result

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

NOTEBOOK = "04_asl_cnn"
ASKED = list(exercises.EXERCISES)[:6]

# First names and last names of ten languages and more, some nearly alike.
FIRST = (
    *("Jörg", "Jorg", "Anna", "An", "Anna-Lena", "Lena", "Zoë", "Łukasz", "José María", "María"),
    *(
        "Thị Hương",
        "Çağla",
        "Иван",
        "Елена",
        "Νίκος",
        "रवि",
        "रवी",
        "王",
        "小明",
        "太郎",
        "민준",
        "مريم",
    ),
    *("דנה", "Kim", "Lee", "D'Arcy", "สมชาย"),
)
LAST = (
    *("Müller", "Muller", "Mueller", "Li", "Nali", "Berg", "Berg-Clay", "Nowak", "García Márquez"),
    *(
        "Nguyễn",
        "Y\N{LATIN SMALL LETTER DOTLESS I}lmaz",
        "Королёв",
        "Королев",
        "Παππάς",
        "शर्मा",
        "शर्म",
        "伟",
        "山田",
        "김",
        "علي",
        "לוי",
    ),
    *("Lee", "Kim", "O\u2019Neil", "ใจดี"),
)


@dataclass(frozen=True)
class Person:
    """A student; ``grade`` is theirs alone."""

    first: str
    last: str
    participant: int
    matriculation: int
    canvas: int
    login: str
    grade: int

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"


def _plain(person: Person) -> frozenset[str]:
    """Return a name without marks, in any order: who has the same may be taken for another."""
    text = unicodedata.normalize("NFD", person.name.replace("-", " ")).casefold()
    kept = (letter for letter in text if letter.isalpha() or letter == " ")
    return frozenset("".join(kept).split())


def _class(chance: random.Random) -> list[Person]:
    size = chance.randint(1, 12)
    numbers = [chance.sample(range(1000, 1000 + 2 * size), size) for _ in range(3)]
    return [
        Person(
            chance.choice(FIRST),
            chance.choice(LAST),
            *both,
            f"u{chance.randint(0, 999)}-{n}",
            n + 1,
        )
        for n, both in enumerate(zip(*numbers, strict=True))
    ]


def _gradebook(
    form: str, people: list[Person], chance: random.Random
) -> tuple[str, list[list[str]]]:
    """Return a separator, and the rows of a platform's export, the grade's column blank."""
    item = f"Assignment: {NOTEBOOK} (Real)"
    rows: list[list[str]]
    if form == "Canvas":
        rows = [["Student", "ID", "SIS User ID", "Section", f"{NOTEBOOK} (12)", "Essay (13)"]]
        rows += [["    Points Possible", "", "", "", "63", "10"]]
        rows += [[f"{p.last}, {p.first}", p.canvas, p.matriculation, "A", "", "7"] for p in people]  # type: ignore[list-item]
    elif form == "worksheet":
        rows = [["Identifier", "Full name", "ID number", "Status", "Grade", "Maximum Grade"]]
        rows += [
            [f"Participant {p.participant}", p.name, str(p.matriculation), "Submitted", "", "63.00"]
            for p in people
        ]
    elif form == "Blackboard":
        item = f"{NOTEBOOK} [Total Pts: 63 Score] |12"
        rows = [["Last Name", "First Name", "Username", "Student ID", item, "Total"]]
        rows += [[p.last, p.first, p.login, str(p.matriculation), "", "1"] for p in people]
    elif form == "Sakai":
        rows = [["Student ID", "Name", f"{NOTEBOOK} [63]", "Total"]]
        rows += [[p.login, f"{p.last}, {p.first}", "", "1"] for p in people]
    elif form == "Brightspace":
        item = "04 asl cnn Points Grade <Numeric MaxPoints:63 Weight:5>"
        rows = [
            ["OrgDefinedId", "Username", "Last Name", "First Name", item, "End-of-Line Indicator"]
        ]
        rows += [[f"#{p.matriculation}", f"#{p.login}", p.last, p.first, "", "#"] for p in people]
    elif form == "German":
        rows = [["Nachname", "Vorname", "ID-Nummer", f"Aufgabe: {NOTEBOOK} (Punkte)", "Summe"]]
        rows += [[p.last, p.first, str(p.matriculation), "-", "1"] for p in people]
    else:
        rows = [["First name", "Last name", "ID number", "Email address", item, "Course total"]]
        rows += [
            [p.first, p.last, str(p.matriculation), f"{p.login}@x.example", "-", "1"]
            for p in people
        ]
    return ";" if form == "German" else ",", [[str(cell) for cell in row] for row in rows]


def _path(layout: str, person: Person, team: str) -> str:
    joined = "".join(c for c in (person.last + person.first).casefold() if c not in " -'\u2019")
    return {
        "Moodle": f"{team}{person.name}_{person.participant}_assignsubmission_file_/x.ipynb",
        "Canvas": f"{joined}_{person.canvas}_77_x.ipynb",
        "folders": f"submissions/{person.name}/x.ipynb",
        "Sakai": f"HW/{person.last}, {person.first}({person.login})/x.ipynb",
        "Brightspace": f"{person.participant}-7 - {person.name} - Nov 3, 2025 1130 PM/x.ipynb",
        "ILIAS": f"{person.last}_{person.first}_{person.login}_{person.participant}/x.ipynb",
        "nbgrader": f"submitted/{person.login}/{NOTEBOOK}/x.ipynb",
    }[layout]


COLUMN = {"Canvas": 4, "worksheet": 4, "Blackboard": 4, "Brightspace": 4}
COLUMN |= {"Sakai": 2, "German": 3, "Moodle": 4}
LAYOUTS = ("Moodle", "Canvas", "folders", "Sakai", "Brightspace", "ILIAS", "nbgrader")


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.randoms(use_true_random=False), st.sampled_from([*COLUMN]), st.sampled_from(LAYOUTS))
def test_no_grade_goes_into_anothers_row(chance: random.Random, form: str, layout: str) -> None:
    everybody = _class(chance)
    # Of namesakes nobody can say which one is not in the gradebook.
    alone = [p for p in everybody if sum(_plain(p) == _plain(q) for q in everybody) == 1]
    away = [p for p in alone if chance.random() < 0.2]
    listed = [p for p in everybody if p not in away] or everybody
    delimiter, rows = _gradebook(form, listed, chance)
    column, start = COLUMN[form], len(rows) - len(listed)
    cut, there = set(), set()
    for number, person in enumerate(listed, start=start):
        if chance.random() < 0.1:
            del rows[number][column:]
            cut.add(person)
        elif chance.random() < 0.1:
            rows[number][column] = chance.choice(["EX", "70", "see mail"])
            there.add(person)
    team = chance.choice(["", "Group 1-", "Team Rot-"])
    paths: dict[str, Person] = {}
    for person in everybody:
        if chance.random() < 0.8:
            paths.setdefault(unicodedata.normalize("NFC", _path(layout, person, team)), person)

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        weights = "".join(f'"{name}" = {2**n}\n' for n, name in enumerate(ASKED))
        (folder / "weights.toml").write_text(weights, encoding="utf-8")
        with zipfile.ZipFile(folder / "in.zip", "w") as archive:
            for path in paths:
                archive.writestr(unicodedata.normalize(chance.choice(["NFC", "NFD"]), path), "{}")
        (folder / "scratch").mkdir()
        found = collect.find([str(folder / "in.zip")], folder / "scratch")
        assert {one.place for one in found} == set(paths)
        hand_ins = [
            HandIn(
                one.student,
                NOTEBOOK,
                one.place,
                _results(one.student, paths[one.place].grade),
                (),
                one.who,
            )
            for one in found
        ]
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=delimiter).writerows(rows)
        alike = unicodedata.normalize(chance.choice(["NFC", "NFD"]), text.getvalue())
        (folder / "book.csv").write_text(alike, encoding="utf-8", newline="")
        lines = gradebook.fill(folder / "book.csv", hand_ins, folder)
        with (folder / "book-filled.csv").open(encoding="utf-8", newline="") as file:
            made = list(csv.reader(file, delimiter=delimiter))

    before = list(csv.reader(io.StringIO(alike, newline=""), delimiter=delimiter))
    filled = set()
    for number, (old, new) in enumerate(zip(before, made, strict=True)):
        if old != new:
            person = listed[number - start]
            assert new == [*old[:column], str(person.grade), *old[column + 1 :]], (old, new, lines)
            assert person not in cut | there
            filled.add(person)
    told = {
        student
        for line in lines[1:-1]
        if not line.startswith("in the gradebook")
        for student in line.rpartition(": ")[2].split("; ")
    }
    for one in found:
        assert (paths[one.place] in filled) != (one.student in told), (one, lines)
    assert not found or not cut or any("cut short" in line for line in lines), (lines, before)
    if (form, layout) in (("Canvas", "Canvas"), ("worksheet", "Moodle")):
        sure = set(paths.values()) & set(listed) - cut - there
        assert sure == filled, lines


def _results(student: str, grade: int) -> tuple[Result, ...]:
    return tuple(
        Result(student, NOTEBOOK, name, "right" if grade >> n & 1 else "wrong")
        for n, name in enumerate(ASKED)
    )
