"""Gradebooks as platforms export them: filled in, and otherwise as they were."""

import csv
import io
import re
from pathlib import Path

from workbook import exercises
from workbook.errors import GradingError
from workbook_staff.grading import gradebook
from workbook_staff.grading.result import HandIn, Outcome, Result
from workbook_staff.grading.students import Identity

import pytest

NOTEBOOK = "04_asl_cnn"
NAMES = list(exercises.EXERCISES)[:4]


def hand_in(
    student: str, right: int, number: str = "", platform: str = "", notebook: str = NOTEBOOK
) -> HandIn:
    outcomes: list[Outcome] = ["right"] * right + ["wrong"] * (len(NAMES) - right)
    results = [Result(student, notebook, n, o) for n, o in zip(NAMES, outcomes, strict=True)]
    who = Identity(re.sub(r" \(\d+\)$", "", student), "", number, platform)
    return HandIn(student, notebook, "x", tuple(results), (), who)


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


def said(tmp_path: Path, text: str, *hand_ins: HandIn, overwrite: bool = False) -> list[str]:
    """Return the lines of filling in, without the last one, which names the file."""
    file = tmp_path / "export.csv"
    file.write_text(text, encoding="utf-8", newline="")
    return gradebook.fill(file, hand_ins, tmp_path / "grades", overwrite)[:-1]


def cells(tmp_path: Path, delimiter: str = ",") -> list[list[str]]:
    with (tmp_path / "grades" / "export-filled.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter=delimiter))


def canvas(student: str, right: int, number: str) -> HandIn:
    return hand_in(student, right, number, "Canvas")


def moodle(student: str, right: int, number: str) -> HandIn:
    return hand_in(student, right, number, "Moodle")


def test_canvas(tmp_path: Path) -> None:
    text = CANVAS.replace("B,3,", "B,,")
    given = [canvas("meierjoerg", 2, "101"), canvas("lianna (103)", 4, "103")]
    rows = filled(tmp_path, text, *given)
    assert rows[3] == ["Meier, Jörg", "101", "S1", "jmeier", "A", "5", "15", ""]
    assert rows[5] == ["Li, Anna", "103", "S3", "ali2", "B", "10", "", ""]
    assert [*rows[:3], rows[4], rows[6]] == [
        row for n, row in enumerate(csv.reader(text.splitlines())) if n not in (3, 5)
    ]


def test_who_is_not_found_or_could_be_several_is_told(tmp_path: Path) -> None:
    given = [hand_in("Anna Li", 1), hand_in("Nobody", 1), hand_in("jmeier", 4)]
    assert said(tmp_path, CANVAS, *given) == [
        "filled in 1 of 3 students",
        "several rows of the gradebook fit them: Anna Li",
        "not in the gradebook: Nobody",
        "in the gradebook without a grade from here: Anna Li; Anna Li; Test Student",
    ]


def test_two_students_for_one_row_are_not_guessed(tmp_path: Path) -> None:
    lines = said(tmp_path, CANVAS, hand_in("jmeier", 1), hand_in("Jörg Meier", 4))
    assert lines[:2] == [
        "filled in 0 of 2 students",
        "several fit one row, and none was filled in: jmeier; Jörg Meier",
    ]
    assert cells(tmp_path) == list(csv.reader(CANVAS.splitlines()))


def test_namesakes_of_different_notebooks_are_not_guessed_either(tmp_path: Path) -> None:
    text = (
        "First name,Last name,ID number,Assignment: a1 (Real),Assignment: a2 (Real)\n"
        "Anna,Li,7,-,-\n"
    )
    given = [
        hand_in("Anna Li (1)", 1, "1", "Moodle", "a1"),
        hand_in("Anna Li (2)", 2, "2", "Moodle", "a2"),
    ]
    lines = said(tmp_path, text, *given)
    assert lines[1] == "several fit one row, and none was filled in: Anna Li (1); Anna Li (2)"
    assert cells(tmp_path)[1] == ["Anna", "Li", "7", "-", "-"]


MOODLE = (
    "First name,Last name,ID number,Email address,Assignment: 04_asl_cnn (Real)\n"
    "Ben,Clay,1001,bclay@x.example,-\n"
    "Anna,Berg,2002,aberg@x.example,-\n"
)
WORKSHEET = (
    "Identifier,Full name,ID number,Email address,Status,Grade,Maximum Grade\n"
    "Participant 2002,Ben Clay,1001,b@x.example,,,10.00\n"
    "Participant 1001,Anna Berg,2002,a@x.example,,,10.00\n"
)


@pytest.mark.parametrize(
    ("text", "given", "wanted", "reason"),
    [
        (MOODLE, moodle("Anna Berg", 4, "1001"), {"Anna": "4"}, ""),
        (MOODLE.replace("Anna,", "Eve,"), moodle("Anna Berg", 4, "1001"), {}, "not in the"),
        (MOODLE, canvas("berganna", 4, "1001"), {}, "not in the gradebook"),
        (WORKSHEET, moodle("Anna Berg", 4, "1001"), {"Participant 1001": "10"}, ""),
        (WORKSHEET, moodle("Anna Berg", 4, "2002"), {}, "the row of their number has another"),
        (WORKSHEET, moodle("Anna Berg", 4, "3003"), {}, "the row of their name has another"),
        (CANVAS, canvas("lianna", 4, "101"), {}, "the row of their number has another name"),
        (CANVAS, canvas("lianna", 4, "7"), {}, "not in the gradebook"),
        (CANVAS, moodle("Jörg Meier", 4, "102"), {"Meier, Jörg": "10"}, ""),
        (CANVAS, hand_in("1", 4), {}, "not in the gradebook"),
        (CANVAS.replace("S1", "102"), hand_in("102", 4), {}, "several rows of the gradebook"),
    ],
)
def test_a_number_counts_only_in_its_own_column_and_with_the_name(
    text: str, given: HandIn, wanted: dict[str, str], reason: str, tmp_path: Path
) -> None:
    lines = said(tmp_path, text, given)
    before = list(csv.reader(text.splitlines()))
    column = next(n for n, name in enumerate(before[0]) if NOTEBOOK in name or name == "Grade")
    changed = {
        row[0]: row[column] for row, old in zip(cells(tmp_path), before, strict=True) if row != old
    }
    assert changed == wanted
    assert lines[0] == f"filled in {len(wanted)} of 1 students"
    assert not reason or lines[1].startswith(reason)


@pytest.mark.parametrize("order", ["Vorname;Nachname", "Nachname;Vorname"])
@pytest.mark.parametrize(("name", "filled"), [("Kim Lee", 0), ("Lee Kim", 0), ("Ito Ren", 1)])
def test_names_that_are_another_s_turned_round_are_not_guessed(
    order: str, name: str, filled: int, tmp_path: Path
) -> None:
    text = (
        f"{order};ID-Nummer;Aufgabe: 04_asl_cnn (Punkte)\nKim;Lee;7;-\nLee;Kim;8;-\nRen;Ito;9;-\n"
    )
    lines = said(tmp_path, text, moodle(name, 4, "55"))
    assert lines[0] == f"filled in {filled} of 1 students"
    assert filled or lines[1] == f"several rows of the gradebook fit them: {name}"
    # Where another hand-in tells the order, there is nothing to guess.
    both = [moodle(name, 4, "55"), moodle("Ren Ito", 2, "56")]
    lines = said(tmp_path, text, *both)
    assert filled or lines[0] == "filled in 2 of 2 students"


@pytest.mark.parametrize("login", ["stud101", "STUD101", "m.mueller7"])
def test_a_login_is_no_identifier_of_moodle_s(login: str, tmp_path: Path) -> None:
    other = login[:-1] + "2"
    text = f"Student ID,Name,04_asl_cnn,Essay\n{login},Anna Li,,7\n{other},Ben Bo,,7\n"
    given = hand_in("Anna Li", 3), moodle("Ben Bo", 4, "55")
    assert said(tmp_path, text, *given) == ["filled in 2 of 2 students"]
    assert [row[2] for row in cells(tmp_path)[1:]] == ["3", "4"]


def test_nor_is_what_all_have_in_common(tmp_path: Path) -> None:
    text = MOODLE.replace("Email address", "Department")
    text = text.replace("bclay@x.example", "Class 7").replace("aberg@x.example", "Class 7")
    assert said(tmp_path, text, moodle("Anna Berg", 4, "55"))[0] == "filled in 1 of 1 students"


@pytest.mark.parametrize(
    ("there", "handed_in", "fits"),
    [
        ("रवि शर्मा", "रवी शर्मा", False),
        ("สมชาย ใจดี", "สมชาย ใจด", False),
        ("דָּנָה לוי", "דנה לוי", False),
        ("Jörg Müller", "Jorg Muller", True),
        ("Јован Ћирић", "Јован Ћирић", True),
        ("Νίκος Παππάς", "Νικος Παππας", True),
        ("Алексей Королёв", "Алексеи Королев", True),
        ("王 小明", "王小明", True),
        ("Jo\u0308rg Bär", "Jörg Ba\u0308r", True),
        ("D'Arcy O\u2019Neil", "DArcy ONeil", True),
        ("Anna Li", "An Nali", False),
        ("Anna-Lena Berg", "Lena Berg", False),
    ],
)
def test_only_accents_may_be_dropped(
    there: str, handed_in: str, fits: bool, tmp_path: Path
) -> None:
    first, last = there.split(" ", 1)
    text = f"First name,Last name,ID number,Assignment: 04_asl_cnn (Real)\n{first},{last},7,-\n"
    assert said(tmp_path, text, moodle(handed_in, 1, "9"))[0] == f"filled in {fits:d} of 1 students"


@pytest.mark.parametrize("none", [".", "-", "–"])
def test_who_has_one_name_only_takes_no_surname_from_the_others(none: str, tmp_path: Path) -> None:
    text = MOODLE.replace("Ben,Clay", f"Sukarno,{none}")
    given = moodle("Anna Berg", 2, "55"), moodle(f"Sukarno {none}", 3, "56")
    assert said(tmp_path, text, *given) == ["filled in 2 of 2 students"]
    assert [row[4] for row in cells(tmp_path)[1:]] == ["3", "2"]


def test_what_was_not_verified_is_no_grade(tmp_path: Path) -> None:
    claimed = Result("jmeier", NOTEBOOK, NAMES[0], "", "right")
    given = [
        HandIn("jmeier", NOTEBOOK, "x", (claimed,), (), Identity("jmeier")),
        HandIn("ali", "", "y", (), ("not a notebook",), Identity("ali")),
    ]
    assert "nothing was verified, nor filled in, of: jmeier; ali" in said(tmp_path, CANVAS, *given)
    assert cells(tmp_path) == list(csv.reader(CANVAS.splitlines()))


@pytest.mark.parametrize("there", ["EX", "9.5", "0", "late, see mail"])
def test_what_somebody_has_put_there_stays(there: str, tmp_path: Path) -> None:
    text = CANVAS.replace("jmeier,A,,", f'jmeier,A,"{there}",')
    lines = said(tmp_path, text, hand_in("jmeier", 1))
    assert lines[:2] == [
        "filled in 0 of 1 students",
        "kept, since something is there in '04_asl_cnn (4711)' (--overwrite replaces it): jmeier",
    ]
    assert cells(tmp_path)[3][5] == there
    assert said(tmp_path, text, hand_in("jmeier", 1), overwrite=True)[0].startswith("filled in 1")
    assert cells(tmp_path)[3][5] == "2.5"


def test_a_grade_that_is_there_already_is_filled_in(tmp_path: Path) -> None:
    text = CANVAS.replace("jmeier,A,,", "jmeier,A,2.50,")
    assert said(tmp_path, text, hand_in("jmeier", 1))[0] == "filled in 1 of 1 students"


FORMS = {
    "quotes as PHP writes them, a blank before one, an empty first name": (
        b'"First name",Surname,"ID number",Institution,"Email address",'
        b'"Assignment: 04_asl_cnn (Real)","Assignment: 04_asl_cnn (Percentage)",'
        b' "Feedback: 04_asl_cnn (Real)","Last downloaded from this course"\r\n'
        b',Able,,"Moodle ""HQ""",able@mail.example,"-","- ","Good,\nbut late",1416990000\r\n'
        b'Anna,Li,,,ali@mail.example,"-",-,,1416990000',
        {(2, 5): "3"},
    ),
    "decimal commas, between semicolons": (
        "\ufeffIdentifier;Full name;Status;Grade;Maximum Grade;Grade can be changed\n"
        "Participant 102;Anna Li;;;10,00;Yes\n".encode(),
        {(1, 3): "7,5"},
    ),
    "decimal commas, between commas": (
        b'Identifier,Full name,Grade,Maximum Grade\nParticipant 102,Anna Li,,"10,00"\n',
        {(1, 2): "7,5"},
    ),
    "Unicode text from Excel": (
        "\ufeffStudent\tID\tSection\t04_asl_cnn (1)\tEssay ✓\nLi, Anna\t102\tA\t\tž\n".encode(
            "utf-16-le"
        ),
        {(1, 3): "3"},
    ),
    "bytes that no alphabet has": (
        b"Student,ID,Root Account,Section,04_asl_cnn (1),Notes\n"
        b'"Li, Anna",102,x,"A, B",,\x81\xff\n',
        {(1, 4): "3"},
    ),
    "Excel's own first line": (
        b"sep=;\r\nStudent;ID;Section;04_asl_cnn (1);Notes\r\nLi, Anna;102;A;;=1+1\r\n",
        {(1, 3): "3"},
    ),
    "Excel's own first line, another separator": (
        b'"sep=\t"\nStudent\tID\tSection\t04_asl_cnn (1)\nLi, Anna\t102\tA, B\t-\n',
        {(1, 3): "3"},
    ),
    "more commas than semicolons": (
        b"Vorname;Nachname;Email;Aufgabe: a, b, c, d (Punkte);Aufgabe: 04_asl_cnn (Punkte);"
        b"Aufgabe: e, f, g, h, i (Punkte)\nAnna;Li;ali@x.example;-;-;1,5\n",
        {(1, 4): "3"},
    ),
    "more semicolons than commas": (
        b"First name,Last name,Email,Assignment: a; b; c; d; e; f (Real),"
        b"Assignment: 04_asl_cnn (Real)\nAnna,Li,ali@x.example,-,-\n",
        {(1, 4): "3"},
    ),
    "tabs, and commas in all headings": (
        b"Student\tID\tx, y, z (7)\t04_asl_cnn (1)\tu, v, w (8)\nLi, Anna\t102\t\t\t\n",
        {(1, 3): "3"},
    ),
    "German": (
        b'Vorname,Nachname,ID-Nummer,"Aufgabe: 04_asl_cnn (Punkte)",'
        b'"Aufgabe: 04_asl_cnn (Prozentsatz)"\nAnna,Li,7,-,-\n',
        {(1, 3): "3"},
    ),
    "German, a worksheet": (
        "ID,Vollständiger Name,ID-Nummer,Status,Bewertung,Bestwertung,Zuletzt geändert\n"
        'Teilnehmer/in101,Ben Bö,1,Abgegeben,"13,50","24,00",-\n'
        'Teilnehmer/in102,Anna Li,2,Abgegeben,,"24,00",-\n'.encode(),
        {(2, 4): "18"},
    ),
    "Polish, a worksheet without a known word": (
        "Identyfikator;Imię i nazwisko;Stan;Ocena;Szczyt;Zmiana\n"
        "Uczestnik 101;Ben Bo;Oddane;;20,00;Tak\n"
        "Uczestnik 102;Anna Li;Oddane;;20,00;Tak\n".encode(),
        {(2, 3): "15"},
    ),
    "Japanese": (
        "姓,名,ID番号,課題: 04_asl_cnn (評点),コース合計\nLi,Anna,7,-,-\n".encode(),
        {(1, 3): "3"},
    ),
    "Blackboard's": (
        "\ufeffLast Name\tFirst Name\tUsername\tStudent ID\tAvailability\t"
        "04_asl_cnn [Total Pts: 100 Score] |4711\nLi\tAnna\tali\t7\tYes\t\n".encode("utf-16-le"),
        {(1, 5): "75"},
    ),
    "Brightspace's": (
        b"OrgDefinedId,Username,Last Name,First Name,"
        b"04_asl_cnn Points Grade <Numeric MaxPoints:10 Weight:5>,End-of-Line Indicator\n"
        b"#7,#ali,Li,Anna,,#\n",
        {(1, 4): "7.5"},
    ),
    "Sakai's": (b'Student ID,Name,04_asl_cnn [20.0],Total\nali,"Li, Anna",,\n', {(1, 2): "15"}),
    "Sakai's, with comments, and what it writes for none": (
        b'"Student ID";"Student Name";"* 04_asl_cnn";"04_asl_cnn [20,0]";"# Total"\n'
        b'"ali";"Li, Anna";"*";"null";""\n',
        {(1, 3): "15"},
    ),
    "Sakai's of one assignment": (
        b'"04_asl_cnn ","SCORE_GRADE_TYPE"\n""\n"Display ID","ID","Last Name","First Name",'
        b'"grade","Submission date","Late submission"\n'
        b'"ali","ali","Li","Anna","","2026-04-02T04:00:05Z","On time"\n',
        {(3, 4): "3"},
    ),
    "ILIAS', which reads the rows that are marked": (
        b"update;usr_id;login;lastname;firstname;status;mark;notice;comment;plagiarism\n"
        b"0;55;ben;Bo;Ben;notgraded;;;;none\n0;56;ali;Li;Anna;notgraded;;;;none\n",
        {(2, 0): "1", (2, 6): "3"},
    ),
    "Brightspace's, a name of several words": (
        b"OrgDefinedId,Last Name,First Name,04 asl cnn Points Grade <Numeric MaxPoints:10>,"
        b"04 asl cnn 2 Points Grade <Numeric MaxPoints:10>,End-of-Line Indicator\n#7,Li,Anna,,,#\n",
        {(1, 3): "7.5"},
    ),
    "Brightspace's, in French, a name of several words": (
        b"OrgDefinedId,Last Name,First Name,04 asl cnn Note en points <Num MaxPoints:10>,"
        b"04 asl cnn 2 Note en points <Num MaxPoints:10>,End-of-Line Indicator\n#7,Li,Anna,,,#\n",
        {(1, 3): "7.5"},
    ),
    "Blackboard's, handed in, with an identifier": (
        b'"Last Name","First Name","Username","04_asl_cnn [Total Pts: 50 Score] | id: _12_1"\n'
        b'"Li","Anna","ali","Needs Grading"\n',
        {(1, 3): "37.5"},
    ),
    "a worksheet of one student, in Valencian": (
        "Identificador,Nom complet,Estat,Qualificació,Qualificació màxima,Canvi\r\n"
        'Participant 102,ANNA LI,Tramés,,"100,00",-\r\n'.encode(),
        {(1, 3): "75"},
    ),
    "a name with a colon": (
        b"First name,Last name,Email,Assignment: 04: asl (cnn) (Real)\nAnna,Li,a@x.example,-\n",
        {(1, 3): "3"},
    ),
}


@pytest.mark.parametrize(("raw", "changes"), FORMS.values(), ids=FORMS.keys())
def test_every_cell_but_the_grade_stays(
    raw: bytes, changes: dict[tuple[int, int], str], tmp_path: Path
) -> None:
    file = tmp_path / "export.csv"
    file.write_bytes(raw)
    lines = gradebook.fill(file, [moodle("Anna Li", 3, "102")], tmp_path / "grades")
    assert lines[0] == "filled in 1 of 1 students"
    made = (tmp_path / "grades" / "export-filled.csv").read_bytes()
    old, new = (_cells(one) for one in (raw, made))
    for (row, column), grade in changes.items():
        old[row][column] = grade
    assert new == old
    assert (b"\r\n" in made) == (b"\r\n" in raw)
    for mark in (b"\xef\xbb\xbf", b"\xff\xfe", b"sep="):
        assert made.startswith(mark) == raw.startswith(mark)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            '\ufeff"Identificador","Nombre completo","Calificación","Calificación máxima"\r\n'
            '"Participante 101","Ben Bo","","10,00"\r\n"Participante 102","Anna Li","","10,00"',
            '\ufeff"Identificador","Nombre completo","Calificación","Calificación máxima"\r\n'
            '"Participante 101","Ben Bo","","10,00"\r\n"Participante 102","Anna Li","7,5","10,00"',
        ),
        (
            '"First name",Surname, "Feedback, more",  "Assignment: 04_asl_cnn (Real)"\n'
            'Ben,Bo,"a ""b"",\nc" d, -\r\nAnna,Li,"a ""b"",\nc" d,  "-" \n\n',
            '"First name",Surname, "Feedback, more",  "Assignment: 04_asl_cnn (Real)"\n'
            'Ben,Bo,"a ""b"",\nc" d, -\r\nAnna,Li,"a ""b"",\nc" d,  3\n\n',
        ),
        (
            'sep=|\rStudent|ID|note|04_asl_cnn (1)\rLi, Anna|102| "x|\r',
            'sep=|\rStudent|ID|note|04_asl_cnn (1)\rLi, Anna|102| "x|3\r',
        ),
    ],
)
def test_every_byte_but_the_grade_stays(before: str, after: str, tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_bytes(before.encode())
    gradebook.fill(tmp_path / "export.csv", [moodle("Anna Li", 3, "102")], tmp_path)
    assert (tmp_path / "export-filled.csv").read_bytes().decode() == after


def _cells(raw: bytes) -> list[list[str]]:
    text = raw.decode("utf-16" if raw.startswith(b"\xff\xfe") else "utf-8-sig", "surrogateescape")
    if text.lstrip('"').startswith("sep="):
        text = text.partition("\n")[2]
    delimiter = max(",;\t", key=text.partition("04_asl_cnn")[0].count)
    if "a; b" in text:
        delimiter = ","
    elif "a, b" in text or "x, y" in text:
        delimiter = ";" if ";" in text else "\t"
    return list(
        csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    )


def test_moodle_s_grading_worksheet(tmp_path: Path) -> None:
    text = (
        "\ufeffIdentifier,Full name,Email address,Status,Grade,Maximum Grade,Feedback comments\r\n"
        "Participant 12345,Anna Müller,anna@school.example,Submitted,,100.00,\r\n"
        "Participant 12346,Bert Bär,bert@school.example,Submitted,,100.00,\r\n"
    )
    rows = filled(tmp_path, text, moodle("Anna Müller", 3, "12345"), hand_in("bert", 1))
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
    rows = filled(tmp_path, text, canvas("meierjoerg", 4, "101"), encoding="cp1252")
    assert rows[3][0] == "Meier, Jörg" and rows[3][5] == "10"


@pytest.mark.parametrize(
    ("first", "last", "alphabet", "filled"),
    [
        ("Анна", "Берг", "cp1251", 0),
        ("Łucja", "Żak", "cp1250", 0),
        ("小明", "王", "gbk", 0),
        ("Jörg", "Bär", "cp1252", 1),
        ("Анна", "Берг", "utf-16", 1),
    ],
)
def test_names_in_an_unknown_alphabet_are_told(
    first: str, last: str, alphabet: str, filled: int, tmp_path: Path
) -> None:
    text = f"A;B;ID;X: 04_asl_cnn (Y)\nBen;Clay;7;-\n{first};{last};8;-\nEve;Clay;9;-\n"
    (tmp_path / "export.csv").write_bytes(text.encode(alphabet))
    given = moodle(f"{first} {last}", 3, "55")
    lines = gradebook.fill(tmp_path / "export.csv", [given], tmp_path)
    assert lines[0] == f"filled in {filled} of 1 students"
    assert any("may be garbled" in line for line in lines) == (not filled)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is empty"),
        ("a,b\n1,2\n", "expected one column for each of 04_asl_cnn.*; found the columns a, b"),
        ("update,a\n1,2\n", "expected one column for each of 04_asl_cnn.*; found the columns upd"),
        (CANVAS.replace("04_asl_cnn", "Homework"), "expected one column for each of 04_asl_cnn"),
    ],
)
def test_what_is_no_gradebook_is_told(text: str, why: str, tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(GradingError, match=why):
        gradebook.fill(file, [hand_in("Anna", 1)], tmp_path)
