from workbook import hands

import numpy as np
import pytest


def test_closest_and_near_duplicates():
    rng = np.random.default_rng(0)
    first, second, third = rng.integers(60, 180, (3, 28, 28))
    copies = np.stack([first, first * 0.8 + 20, second, second + rng.normal(0, 3, (28, 28)), third])
    assert hands.closest(copies[1:2], copies[:1])[0] == pytest.approx(1, abs=1e-5)
    assert hands.closest(copies[4:], copies[:4])[0] < 0.3
    groups = hands.near_duplicates(copies, np.zeros(5))
    assert groups.tolist() == [0, 0, 1, 1, 2]
    assert hands.near_duplicates(copies, np.array([0, 1, 0, 0, 0])).tolist() == [0, 3, 1, 1, 2]


def test_near_duplicates_follow_chains():
    rng = np.random.default_rng(1)
    ends = rng.normal(0, 50, (2, 28, 28))
    chain = np.stack([ends[0] * (1 - t) + ends[1] * t for t in np.linspace(0, 1, 12)])
    assert hands.closest(chain[:1], chain[-1:])[0] < 0.3
    assert hands.near_duplicates(chain, np.zeros(12)).tolist() == [0] * 12


def test_blank_images_are_compared():
    plain = np.zeros((2, 28, 28))
    assert hands.near_duplicates(plain, np.zeros(2)).tolist() == [0, 1]
    assert hands.closest(plain, plain).tolist() == [0, 0]


def test_what_is_held_out_is_whole_groups_and_a_share_of_each_class():
    rng = np.random.default_rng(0)
    of_class = [*([0] * 40), *([1] * 9), *([2] * 3)]  # groups: 40, 9 and 3
    groups = np.repeat(np.arange(52), rng.integers(1, 30, 52))
    labels = np.asarray(of_class)[groups]
    order = rng.permutation(len(groups))
    groups, labels = groups[order], labels[order]

    held = hands.hold_out(groups, labels, 0.1, seed=1)
    assert not set(groups[held]) & set(groups[~held])
    assert [len(set(groups[held & (labels == k)])) for k in range(3)] == [4, 1, 1]
    assert (hands.hold_out(groups, labels, 0.1, seed=1) == held).all()
    assert (hands.hold_out(groups, labels, 0.1, seed=2) != held).any()
