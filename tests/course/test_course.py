"""What counts for a notebook's length, and which sentences want a claim."""

from tests.course import lengths, sentences

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output


def tagged(source, *names):
    return new_code_cell(source, metadata={"tags": list(names)})


def test_the_time_is_that_of_words_lines_figures_and_exercises():
    figure = new_output("display_data", data={"image/png": "x"})
    made = new_notebook(
        cells=[
            new_markdown_cell("**How long it takes**: about 25 minutes " + "word " * 354),
            new_markdown_cell("## Train"),
            new_code_cell("\n\n".join(["model.fit(x)"] + ["x = 1"] * 17), outputs=[figure] * 3),
            tagged("answer = 1", "solution"),
            tagged('exercises.check("a.b", answer)', "check"),
            tagged('exercises.predict("a.b", answer)', "check"),
            tagged("results.claim('it rises', True, data)\n" * 50, "claim"),
        ]
    )
    found = lengths.length(made)
    assert (found.words, found.lines, found.figures, found.exercises) == (363, 21, 3, 1)
    assert (found.cells, found.announced, found.trains) == (6, 25, 3)
    assert pytest.approx(19.1, abs=0.1) == 362 / 120 + (21 * 6 + 3 * 40) / 60 + 12
    assert found.minutes == 20


def unclaimed(sentence, *cells, names=()):
    text = new_markdown_cell(sentence, metadata={"tags": list(names)})
    return sentences.unclaimed(new_notebook(cells=[new_markdown_cell("# 1"), text, *cells]))


@pytest.mark.parametrize(
    "sentence",
    [
        "The network reads 98% of them.",
        "The *warped* network is more accurate than the plain one.",
        "With dropout the validation loss falls.",
        "The second network is better.",
        "It makes half as many mistakes.",
        "- It took 40 epochs.",
    ],
)
def test_a_measured_number_or_a_comparison_wants_a_claim_of_its_words(sentence):
    assert len(unclaimed(f"Look at this. {sentence} And so on.")) == 1
    said = sentence.strip("-. ").replace("*", "")
    claim = tagged(f"results.claim({said!r}, True, data)", "claim")
    assert unclaimed(f"Look at this. {sentence} And so on.", claim) == []
    assert unclaimed(sentence, tagged("results.claim('it shrinks', True, d)", "claim"))
    assert unclaimed(sentence, names=["fact"]) == []


@pytest.mark.parametrize(
    "sentence",
    [
        "What do you expect: is it better?",
        "Each image has 784 pixels.",
        "We shuffle them first.",
        "`x = 98%`".replace("%", " "),
        "### 98% and better",
    ],
)
def test_what_no_output_can_contradict_wants_none(sentence):
    assert unclaimed(sentence) == []


def test_a_claim_has_the_words_of_the_text():
    text = new_markdown_cell("The *warped* network is\nmore accurate.")
    made = new_notebook(
        cells=[
            text,
            tagged("results.claim('the plain network rises', True, d)", "claim"),
            tagged("results.claim('network is more accurate', True, d)", "claim"),
        ]
    )
    assert sentences.not_in_the_text(made) == ["the plain network rises"]
