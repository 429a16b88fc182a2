"""Gradebooks as platforms export them: filled in, and otherwise as they were."""

import csv
from pathlib import Path

from workbook import exercises
from workbook_staff.grading import gradebook
from workbook_staff.grading.result import HandIn, Outcome, Result
from workbook_staff.reports import NotebookError

import pytest

NOTEBOOK = "04_asl_cnn"
NAMES = list(exercises.EXERCISES)[:4]


def hand_in(student: str, right: int, student_id: str = "", notebook: str = NOTEBOOK) -> HandIn:
    outcomes: list[Outcome] = ["right"] * right + ["wrong"] * (len(NAMES) - right)
    results = [Result(student, notebook, n, o) for n, o in zip(NAMES, outcomes, strict=True)]
    return HandIn(student, notebook, "x", student_id, tuple(results))


def filled(
    tmp_path: Path, text: str, *hand_ins: HandIn, encoding: str = "utf-8"
) -> list[list[str]]:
    file = tmp_path / "export.csv"
    file.write_bytes(text.encode(encoding))
    gradebook.fill(file, hand_ins, tmp_path / "grades")
    made = (tmp_path / "grades" / "export-filled.csv").read_bytes()
    assert (b"\r\n" in made) == ("\r\n" in text)
    assert file.read_bytes() == text.encode(encoding)
    return list(
        csv.reader(made.decode(encoding).splitlines(), delimiter=";" if ";" in text else ",")
    )


CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,04_asl_cnn (4711),Essay (4712),Final Score\n"
    ",,,,,Manual Posting,,(read only)\n"
    "    Points Possible,,,,,10,20,(read only)\n"
    '"Meier, Jörg",101,S1,jmeier,A,,15,\n'
    '"Li, Anna",102,S2,ali,A,,,\n'
    '"Li, Anna",103,S3,ali2,B,3,,\n'
    '"Student, Test",999,,,A,,,\n'
)


def test_canvas(tmp_path: Path) -> None:
    rows = filled(
        tmp_path, CANVAS, hand_in("meierjoerg", 2, "101"), hand_in("Anna Li (103)", 4, "103")
    )
    assert rows[3] == ["Meier, Jörg", "101", "S1", "jmeier", "A", "5", "15", ""]
    assert rows[5] == ["Li, Anna", "103", "S3", "ali2", "B", "10", "", ""]
    assert [*rows[:3], rows[4], rows[6]] == [
        row for n, row in enumerate(csv.reader(CANVAS.splitlines())) if n not in (3, 5)
    ]


def test_who_is_not_found_or_could_be_several_is_told(tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_text(CANVAS, encoding="utf-8")
    given = [hand_in("Anna Li", 1), hand_in("Nobody", 1), hand_in("jmeier", 4)]
    lines = gradebook.fill(file, given, tmp_path)
    assert lines[:-1] == [
        "filled in 1 of 3 students",
        "not in the gradebook: Nobody",
        "several fit each other, and none was filled in: Anna Li",
        "in the gradebook without a grade from here: Student, Test",
    ]


def test_two_students_for_one_row_are_not_guessed(tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_text(CANVAS, encoding="utf-8")
    lines = gradebook.fill(file, [hand_in("jmeier", 1), hand_in("Jörg Meier", 4)], tmp_path)
    assert lines[:2] == [
        "filled in 0 of 2 students",
        "several fit each other, and none was filled in: jmeier; Jörg Meier",
    ]
    assert (tmp_path / "export-filled.csv").read_bytes() == file.read_bytes()


def test_what_was_not_verified_is_no_grade(tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_text(CANVAS, encoding="utf-8")
    claimed = Result("jmeier", NOTEBOOK, NAMES[0], "", "right")
    given = [
        HandIn("jmeier", NOTEBOOK, "x", "", (claimed,)),
        HandIn("ali", "", "y", remarks=("not a notebook",)),
    ]
    lines = gradebook.fill(file, given, tmp_path)
    assert "nothing was verified, nor filled in, of: jmeier; ali" in lines
    assert (tmp_path / "export-filled.csv").read_bytes() == file.read_bytes()


FORMS = {
    "quotes as PHP writes them, a blank before one, an empty first name": (
        b'"First name",Surname,"ID number",Institution,"Email address",'
        b'"Assignment: 04_asl_cnn (Real)","Assignment: 04_asl_cnn (Percentage)",'
        b' "Feedback: 04_asl_cnn (Real)","Last downloaded from this course"\r\n'
        b',Able,,"Moodle ""HQ""",able@mail.example,"-","- ","Good,\nbut late",1416990000\r\n'
        b'Anna,Li,,,ali@mail.example,"-",-,,1416990000',
        [(b'.example,"-",-,', b'.example,"3",-,')],
    ),
    "decimal commas, between semicolons": (
        "\ufeffIdentifier;Full name;Status;Grade;Maximum Grade;Grade can be changed\n"
        "Participant 9;Anna Li;;;10,00;Yes\n".encode(),
        [(b";;;10,00", b";;7,5;10,00")],
    ),
    "decimal commas, between commas": (
        b'Identifier,Status,Grade,Maximum Grade\nParticipant 102,,,"10,00"\n',
        [(b',,,"10,00"', b',,"7,5","10,00"')],
    ),
    "Unicode text from Excel": (
        "\ufeffStudent\tID\tSection\t04_asl_cnn (1)\tEssay ✓\nLi, Anna\t102\tA\t\tž\n".encode(
            "utf-16-le"
        ),
        [("\tA\t\t".encode("utf-16-le"), "\tA\t3\t".encode("utf-16-le"))],
    ),
    "bytes that no alphabet has": (
        b"Student,ID,Root Account,Section,04_asl_cnn (1),Notes\n"
        b'"Li, Anna",102,x,"A, B",,\x81\xff\n',
        [(b'"A, B",,', b'"A, B",3,')],
    ),
}


@pytest.mark.parametrize(("raw", "changes"), FORMS.values(), ids=FORMS.keys())
def test_every_byte_but_the_grade_stays(
    raw: bytes, changes: list[tuple[bytes, bytes]], tmp_path: Path
) -> None:
    file = tmp_path / "export.csv"
    file.write_bytes(raw)
    lines = gradebook.fill(file, [hand_in("Anna Li", 3, "102")], tmp_path / "grades")
    assert lines[0] == "filled in 1 of 1 students"
    for old, new in changes:
        assert raw.count(old) == 1
        raw = raw.replace(old, new)
    assert (tmp_path / "grades" / "export-filled.csv").read_bytes() == raw


def test_moodle_s_grading_worksheet(tmp_path: Path) -> None:
    text = (
        "\ufeffIdentifier,Full name,Email address,Status,Grade,Maximum Grade,Feedback comments\r\n"
        "Participant 12345,Anna Müller,anna@school.example,Submitted,,100.00,\r\n"
        "Participant 12346,Bert Bär,bert@school.example,Submitted,,100.00,\r\n"
    )
    rows = filled(tmp_path, text, hand_in("Anna Müller", 3, "12345"), hand_in("bert", 1))
    assert [row[4] for row in rows] == ["Grade", "75", "25"]


@pytest.mark.parametrize("last", ["Last name", "Surname"])
def test_moodle_s_gradebook(tmp_path: Path, last: str) -> None:
    text = (
        f"First name;{last};ID number;Email address;Assignment: 04_asl_cnn (Real);Course total\n"
        "Anna;Müller;7;a@x.example;-;-\n"
        "Bert;Bär;8;b@x.example;-;-\n"
    )
    rows = filled(tmp_path, text, hand_in("Anna Muller", 3))
    assert rows[1:] == [
        ["Anna", "Müller", "7", "a@x.example", "3", "-"],
        ["Bert", "Bär", "8", "b@x.example", "-", "-"],
    ]


def test_an_older_alphabet_is_kept(tmp_path: Path) -> None:
    text = CANVAS.replace("\n", "\r\n")
    rows = filled(tmp_path, text, hand_in("meierjoerg", 4, "101"), encoding="cp1252")
    assert rows[3][0] == "Meier, Jörg" and rows[3][5] == "10"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is empty"),
        ("a,b\n1,2\n", "not a gradebook that is known; it has the columns a, b"),
        (CANVAS.replace("04_asl_cnn", "Homework"), "expected one column for each of 04_asl_cnn"),
    ],
)
def test_what_is_no_gradebook_is_told(text: str, why: str, tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(NotebookError, match=why):
        gradebook.fill(file, [hand_in("Anna", 1)], tmp_path)
