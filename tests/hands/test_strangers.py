from workbook import hands
from workbook.datasets.photographs import People
from workbook.hands import strangers

import numpy as np
from PIL import Image


def people(photos=(), signs=(), numbers=()):
    return People("A set", list(photos), np.array(signs), np.array(numbers))


def test_photographs_are_read_as_a_photo_of_ones_own_is(tmp_path):
    X, _ = hands.drawn(("B", "K"), 1, seed=1)
    for k, picture in enumerate(X):
        Image.fromarray(picture).resize((400, 400)).save(tmp_path / f"{k}.png")
    photos = [(tmp_path / f"{k}.png").read_bytes() for k in (1, 0)]
    who = strangers.photographs(people(photos, ["K", "B"], [3, 1]), ("A", "B", "K"))
    assert who.y.tolist() == [2, 1] and who.title == "people 1, 3 of A set"
    assert np.array_equal(who.X, [hands.read_photo(photo) for photo in photos])


def test_where_there_are_no_strangers_drawn_hands_stand_in_and_are_called_so():
    who = strangers.photographs(people(), ("A", "B", "space"))
    assert set(who.y) == {0, 1} and set(who.people) == {1, 2} and "DRAWN" in who.title
    assert len(who.X) == len(who.y) == len(who.people)


def test_right_is_what_is_the_most_probable():
    probabilities = np.array([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7], [0.4, 0.35, 0.25]])
    labels = np.array([0, 1, 2])
    assert strangers.among_first(probabilities, labels).tolist() == [True, False, False]


def test_a_tie_is_decided_once_so_that_an_undecided_network_is_not_right():
    even = np.full((24, 24), 1 / 24)
    assert strangers.among_first(even, np.arange(24)).sum() == 1


def test_accuracy_by_kind():
    right = np.array([True, False, True, True])
    assert strangers.accuracy_by(right, np.array([3, 3, 1, 1])) == {"1": 1.0, "3": 0.5}


def test_the_commonest_mistakes_come_first():
    labels = np.array([0, 0, 0, 1, 1, 2, 2])
    predicted = np.array([1, 1, 0, 0, 1, 0, 0])
    found = strangers.confused(labels, predicted, "ABC", most=2)
    assert found == [("A", "B", 2), ("C", "A", 2)]
    assert strangers.confused(labels, labels, "ABC") == []
