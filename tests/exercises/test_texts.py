"""Texts and judges belong together, and a text can be edited without a word of Python."""

from pathlib import Path

from workbook import exercises
from workbook.exercises import judges, slips, texts

import pytest


def test_every_exercise_and_every_slip_has_its_words_and_no_words_have_none() -> None:
    assert {p.stem for p in texts.FOLDER.glob("*.toml")} == {*judges.MODULES, "common"}
    assert texts.common().keys() == slips.COMMON.keys() and all(texts.common().values())
    for notebook in judges.MODULES:
        known = judges.of(notebook)
        assert texts.read(notebook).exercises.keys() == known.keys()
        for name, exercise in known.items():
            assert exercise.title and exercise.form and exercise.why, name
            assert len(set(exercise.hints)) == 3 and all(exercise.hints), name
            assert exercise.messages.keys() == exercise.slips.keys(), name
            words = texts.read(notebook).exercises[name]["messages"]
            assert all(words.get(slip, said) == said for slip, said in exercise.messages.items())
            assert all(exercise.messages.values()), name


def test_titles_tell_exercises_apart_and_are_short() -> None:
    titles = [exercise.title for exercise in exercises.EXERCISES.values()]
    assert len(set(titles)) == len(titles) and max(map(len, titles)) <= 40


def test_every_statement_says_why() -> None:
    for statements in exercises.RECALL.values():
        assert len(statements) >= 3 and {one.true for one in statements} == {True, False}
        assert all(one.why for one in statements)


def test_lines_are_broken_for_the_eye_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "FOLDER", tmp_path)
    (tmp_path / "05_more.toml").write_text(
        "['a.recall']\nstatements = [{true = true, why = '''\nIt\nis.'''}]\n"
        "['a.b']\ntitle = 'B'\nform = 'a number'\nprediction = {between = [0, 1]}\n"
        "hints = ['1', '2', '''\nbroken\nin two''']\n"
        "why = '''\nOne `**a`\nparagraph.\n\nAnother.'''\n['a.b'.slips]\n'the rest' = 'No.'\n"
    )
    read = texts.read("05_more")
    assert read.exercises["a.b"] == {
        "title": "B",
        "hints": ("1", "2", "broken in two"),
        "why": "One `**a` paragraph.\n\nAnother.",
        "show": "",
        "form": "a number",
        "messages": {"the rest": "No."},
    }
    assert read.predictions == {"a.b": exercises.Prediction(between=(0, 1))}
    assert read.recall["a.recall"] == (exercises.Statement(True, "It is."),)
