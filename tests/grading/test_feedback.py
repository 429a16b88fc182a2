"""What grading writes for people: tables, the class at a glance, and a page for each student."""

import csv
import re
from pathlib import Path
from typing import Any

from tests.looks import assert_both_are_fine
from workbook import exercises
from workbook.errors import GradingError
from workbook_staff.grading import class_pages, course, tables
from workbook_staff.grading.result import HandIn, Result

import pytest

NOTEBOOK = "04_asl_cnn"
NAMES = [f"sign-language-mnist.{n}" for n in ("count", "patience", "convolve")]
HOSTILE = "<img src=x onerror=alert(1)>\u202e../../etc"


def _results(student: str, *outcomes: str) -> tuple[Result, ...]:
    said = {"right": "22", "wrong": "=HYPERLINK(7)", "error": "", "unattempted": ""}
    return tuple(
        Result(student, NOTEBOOK, name, outcome, "right", said[outcome], why="<b>why</b>", hints=2)  # type: ignore[arg-type]
        for name, outcome in zip(NAMES, outcomes, strict=True)
    )


CLASS = [
    HandIn("Anna", NOTEBOOK, "a", _results("Anna", "right", "right", "right")),
    HandIn("Bert", NOTEBOOK, "b", _results("Bert", "wrong", "error", "unattempted")),
    HandIn(HOSTILE, NOTEBOOK, "c", _results(HOSTILE, "wrong", "right", "right"), ("<i>late",)),
    HandIn("Dora", "", "d/x.ipynb", remarks=("not a notebook",)),
]


def _rows(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines()))


def test_the_tables(tmp_path: Path) -> None:
    (tmp_path / "weights.toml").write_text('"sign-language-mnist.count" = 2.5\n', encoding="utf-8")
    tables.write(CLASS, tmp_path)
    answers = _rows(tmp_path / "answers.csv")
    assert len(answers) == 9
    assert answers[3]["answer"] == "'=HYPERLINK(7)"  # no spreadsheet computes it
    grades = {row["student"]: row for row in _rows(tmp_path / "grades.csv")}
    assert [grades[name]["sum"] for name in ("Anna", "Bert", HOSTILE, "Dora")] == [
        "4.5",
        "0",
        "2",
        "",
    ]
    assert {row["of"] for row in grades.values()} == {"4.5"}
    assert grades["Dora"]["remarks"] == "d/x.ipynb: not a notebook"
    assert grades["Bert"]["sign-language-mnist.patience"] == "error"


@pytest.mark.parametrize("text", ["=1+1", "+1+1", "-1+cmd", "@SUM(1)", "\t=1", " =1", "\uff1d1"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert tables.cell(text).startswith("'") and "".join(tables.cell(text).split("'")) == text


def test_no_cell_becomes_a_formula_where_semicolons_separate() -> None:
    assert tables.cell("a;=cmd()\n@x") == "a;'=cmd()\n'@x"


def test_a_claim_is_no_grade_and_a_name_need_not_be_text(tmp_path: Path) -> None:
    claimed = Result("J\udcf6rg", NOTEBOOK, NAMES[0], "", "right")
    hand_ins = [HandIn("J\udcf6rg", NOTEBOOK, "x", (claimed,)), CLASS[0]]
    tables.write(hand_ins, tmp_path)
    class_pages.write(hand_ins, tmp_path)
    rows = _rows(tmp_path / "grades.csv")
    assert [row["sum"] for row in rows] == ["", "3"]
    assert rows[0]["student"] == "J?rg" and rows[0][NAMES[0]] == "claimed right"
    page = (tmp_path / "students" / "J_rg.html").read_text(encoding="utf-8")
    assert "claimed right" in page and "points" not in page


@pytest.mark.parametrize("text", ["-1", "-0.25", "+3", "a=b", ""])
def test_numbers_stay_numbers(text: str) -> None:
    assert tables.cell(text) == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("count = 2", "no exercise is called 'count'"),
        ("a.b = 2", "no exercise is called 'a'"),
        ('"sign-language-mnist.count" = "many"', "expected a number"),
        ('"sign-language-mnist.count" = -1', "expected a number"),
        ("2 = = 3", "expected lines such as"),
    ],
)
def test_weights_that_are_none_are_told(text: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "weights.toml").write_text(text, encoding="utf-8")
    with pytest.raises(GradingError, match=re.escape(why)):
        tables.write(CLASS, tmp_path)


def test_a_student_is_told_what_helps_and_not_what_is_right(tmp_path: Path) -> None:
    class_pages.write(CLASS, tmp_path)
    bert = (tmp_path / "students" / "Bert.html").read_text(encoding="utf-8")
    assert "0 of 3 points" in bert and "&lt;b&gt;why" in bert
    assert "Your notebook shows this as right." in bert
    assert exercises.EXERCISES[NAMES[0]].why[:40] not in bert
    anna = (tmp_path / "students" / "Anna.html").read_text(encoding="utf-8")
    assert "3 of 3 points" in anna and "twenty million weights" not in anna


def test_a_student_sees_what_was_asked_and_if_allowed_the_explanation(tmp_path: Path) -> None:
    asked = {name: slot.question for one in course.courses() for name, slot in one.slots.items()}
    class_pages.write(CLASS, tmp_path, asked, explain=True)
    for name in ("Anna", "Bert"):
        page = (tmp_path / "students" / f"{name}.html").read_text(encoding="utf-8")
        assert "twenty million weights" in page and "What was asked" in page
        assert "How many weights wo" in page
        assert "*" not in page.partition("<main")[2]
        titles = [exercises.EXERCISES[one].title for one in NAMES]
        assert sorted(titles, key=page.index) == titles


def test_every_exercise_has_its_question() -> None:
    asked = {name: slot.question for one in course.courses() for name, slot in one.slots.items()}
    assert set(exercises.EXERCISES) <= set(asked)
    assert all(len(text) > 20 and not text.startswith("#") for text in asked.values())


def test_a_student_reads_their_own_reason_beside_the_workbook_s(tmp_path: Path) -> None:
    result = Result("Anna", NOTEBOOK, NAMES[0], "right", "right", because="<b>it</b> adds up")
    class_pages.write([HandIn("Anna", NOTEBOOK, "x", (result,))], tmp_path, explain=True)
    page = (tmp_path / "students" / "Anna.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;it&lt;/b&gt; adds up" in page
    assert page.index("adds up") < page.index(exercises.EXERCISES[NAMES[0]].why[:30])


def test_pages_of_an_earlier_run_go(tmp_path: Path) -> None:
    class_pages.write(CLASS, tmp_path)
    class_pages.write(CLASS[:1], tmp_path)
    assert [path.name for path in (tmp_path / "students").iterdir()] == ["Anna.html"]


def test_the_class_knows_who_needs_a_word_and_what_is_hardest(tmp_path: Path) -> None:
    class_pages.write(CLASS, tmp_path)
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    talk = text[text.index('id="talk"') : text.index('id="hardest"')]
    assert "Bert</bdi></a>: <bdi>0 of 3 right (1 wrong, 1 error, 1 open); 6 hints" in talk
    assert "Dora</bdi></a>: <bdi>nothing that could be graded" in talk
    hardest = re.findall(r'<span class="quiet">(\S+\.\S+)</span></h3>', text)
    assert hardest[0] == NAMES[0] and "2 × <code><bdi>=HYPERLINK(7)</bdi></code>" in text
    assert "<img src=x" not in text and "<i>late" not in text
    assert all(path.parent == tmp_path / "students" for path in tmp_path.rglob("*etc*"))


def test_what_is_claimed_right_and_graded_otherwise_comes_first(tmp_path: Path) -> None:
    why = "runs in your notebook only because a cell was deleted later"
    given = [
        HandIn(
            f"s{n}",
            NOTEBOOK,
            "x",
            (Result(f"s{n}", NOTEBOOK, NAMES[0], outcome, "right", reason=reason),),  # type: ignore[arg-type]
        )
        for n, (outcome, reason) in enumerate([("error", why), ("error", why), ("right", "")])
    ]
    class_pages.write(given, tmp_path)
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    first = text[text.index('id="disputed"') : text.index('id="talk"')]
    title = exercises.EXERCISES[NAMES[0]].title
    assert f"<strong>{title}</strong>: error here: <bdi>{why}</bdi>" in first
    assert "2 students:" in first and "s0" in first and "s1" in first and "s2" not in first
    own = (tmp_path / "students" / "s0.html").read_text(encoding="utf-8")
    assert f"Your notebook shows this as right. <bdi>R{why[1:]}.</bdi>" in own


def test_an_error_in_every_answer_is_said_so(tmp_path: Path) -> None:
    whys = ["NameError: x", "NameError: y", "TypeError: z"]
    results = [
        Result("s", NOTEBOOK, name, "error", why=why) for name, why in zip(NAMES, whys, strict=True)
    ]
    class_pages.write([HandIn("s", NOTEBOOK, "x", tuple(results))], tmp_path)
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "an error in each of 3 answers, most often NameError" in text
    assert "1 × <em>TypeError</em>, such as <bdi>TypeError: z</bdi>" in text
    assert '<span class="error" style="flex-grow: 1"></span>' in text and "1 error</span>" in text


def test_wrong_answers_count_together_by_the_slip_that_explains_them(tmp_path: Path) -> None:
    said = [("21", "no bias"), ("21.0", "no bias"), ("21", "no bias"), ("7", ""), ("8", "")]
    given = [
        HandIn(
            f"s{n}",
            NOTEBOOK,
            "x",
            results=(Result(f"s{n}", NOTEBOOK, NAMES[0], "wrong", "", *rest),),
        )
        for n, rest in enumerate((answer, "Look at b.", slip) for answer, slip in said)
    ]
    class_pages.write(given, tmp_path)
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "3 × <em>no bias</em>, such as <code><bdi>21</bdi></code>: <bdi>Look at b.</bdi>" in text
    assert "1 × <code><bdi>7</bdi></code>" in text


@pytest.mark.parametrize("name", ["index.html", "students/Bert.html"])
def test_in_a_browser(name: str, tabs: Any, tmp_path: Path) -> None:
    class_pages.write(CLASS, tmp_path)
    tab = tabs()
    tab.page.goto((tmp_path / name).as_uri())
    assert_both_are_fine(tab.page)
    assert tab.logged == []
    assert all(url.startswith(("file:", "data:")) for url in tab.requests)


def test_a_heading_sorts(tabs: Any, tmp_path: Path) -> None:
    class_pages.write(CLASS, tmp_path)
    page = tabs().page
    page.goto((tmp_path / "index.html").as_uri())

    def right() -> list[str]:
        return page.eval_on_selector_all("tbody tr", "rows => rows.map(r => r.cells[1].innerText)")

    page.get_by_role("button", name="right").click()
    assert right() == ["0", "0", "2", "3"]
    page.get_by_role("button", name="right").press("Enter")
    assert right() == ["3", "2", "0", "0"]
    heading = page.get_by_role("columnheader", name="right")
    assert heading.get_attribute("aria-sort") == "descending"
    page.close()
