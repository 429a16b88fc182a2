"""Drawn hands: the form that a photograph has when it was read, and as different as asked."""

from workbook.hands.drawn import drawn
from workbook.hands.signs import SIGNS
from workbook.practice.hands import POSES

import numpy as np
import pytest

LETTERS = tuple("ABCDEFGHIKLMNOPQRSTUVWXY")


@pytest.fixture(scope="module")
def made():
    return drawn(LETTERS, 12, seed=1)


def test_as_many_as_asked_and_more_of_the_fists_that_are_hard_to_tell(made):
    X, y = made
    assert X.shape == (24 * 12 + 42, 28, 28) and X.dtype == np.uint8
    counts = dict(zip(LETTERS, np.bincount(y), strict=True))
    assert [counts.pop(letter) for letter in "MNT"] == [18, 24, 36]
    assert set(counts.values()) == {12}


def test_a_hand_is_on_black_and_cropped_as_a_photograph_is(made):
    X, _ = made
    assert X[:, [0, -1]].max() == X[:, :, [0, -1]].max() == 0
    rows, columns = (X > 0).any(axis=2).sum(axis=1), (X > 0).any(axis=1).sum(axis=1)
    longer = np.maximum(rows, columns)
    assert longer.min() >= 22 and longer.max() <= 26  # 28 / 1.15, and soft edges
    assert (X > 20).mean(axis=(1, 2)).min() > 0.05


def test_the_same_seed_gives_the_same_hands(made):
    again, _ = drawn(LETTERS, 12, seed=1)
    other, _ = drawn(LETTERS, 12, seed=2)
    assert np.array_equal(made[0], again)
    assert not np.array_equal(made[0], other)
    assert len(np.unique(made[0].reshape(len(again), -1), axis=0)) == len(again)


def test_labels_are_places_among_the_classes_and_what_cannot_be_drawn_is_left_out():
    _, y = drawn(("B", "J", "A", "space"), 3)
    assert y.tolist() == [0, 0, 0, 2, 2, 2]
    with pytest.raises(ValueError, match="no drawing of J, del"):
        drawn(("J", "del"), 3)


def test_every_letter_can_be_made_and_first_as_in_the_training_images():
    assert tuple(SIGNS) == LETTERS
    for letter, ways in SIGNS.items():
        pose = POSES[ord(letter) - 65]
        assert (ways[0].index, ways[0].thumb, ways[0].roll) == (pose.index, pose.thumb, pose.roll)
        assert all(len(way.thumb) == 3 for way in ways)


def test_letters_can_be_told_apart_by_their_pictures():
    X, y = drawn(LETTERS, 60, seed=3)
    X_new, y_new = drawn(LETTERS, 12, seed=4)
    flat, flat_new = (x.reshape(len(x), -1).astype(float) for x in (X, X_new))
    for pictures in (flat, flat_new):
        pictures -= pictures.mean(axis=1, keepdims=True)
        pictures /= pictures.std(axis=1, keepdims=True)
    nearest = y[(flat_new @ flat.T).argmax(axis=1)]
    assert np.mean(nearest == y_new) > 0.5  # by chance: 1 in 24
