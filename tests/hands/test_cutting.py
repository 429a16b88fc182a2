from workbook import hands

import numpy as np
import pytest
from PIL import Image


def scene(shift=0, hand=120, wall=190):
    y, x = np.mgrid[0:28, 0:28]
    picture = np.clip(wall + 0.7 * (x - 14) - 0.5 * y, 0, 255)
    inside = (np.abs(x - 14 - shift) < 6) & (y > 8)
    return np.where(inside, hand + 20 * (y % 4 == 0), picture).astype("uint8"), inside


@pytest.mark.parametrize("hand", [60, 120, 230])
def test_cut_out_keeps_the_hand_and_blackens_the_wall(hand):
    picture, inside = scene(hand=hand, wall=170)
    cut = hands.cut_out(picture[None])
    assert cut.shape == (1, 28, 28) and cut.dtype == np.uint8
    assert (cut[0][~inside] == 0).mean() > 0.98
    assert (cut[0][inside] > 0).mean() > 0.99
    core = inside & np.roll(inside, 2, 0) & np.roll(inside, 2, 1) & np.roll(inside, -2, 1)
    np.testing.assert_array_equal(cut[0][core], picture[core])


def test_cut_out_of_many_is_each_cut_out():
    pictures = np.stack([scene(shift)[0] for shift in (-4, 0, 3)])
    whole = hands.cut_out(pictures)
    for picture, cut in zip(pictures, whole, strict=True):
        np.testing.assert_array_equal(hands.cut_out(picture[None])[0], cut)


def test_cropped_as_a_photo_of_the_cut_out_is(tmp_path):
    cut = np.zeros((3, 28, 28), "uint8")
    cut[0, 5:15, 10:16] = 150
    cut[1, 5:15, 10:16] = 150
    large = Image.fromarray(np.kron(cut[0], np.ones((14, 14), "uint8")))
    large.save(tmp_path / "large.png")
    photo = hands.read_photo(tmp_path / "large.png")
    small = hands.cropped(cut)
    assert np.abs(small[0].astype(int) - photo).mean() < 8
    np.testing.assert_array_equal(small[0], small[1])
    assert small[2].max() == 0
    trimmed = hands.cropped(np.repeat(cut[:1], 50, axis=0), trim=0.5)
    widths = (trimmed > 75).any(axis=1).sum(axis=1)
    assert widths.min() <= 15 < 22 <= widths.max()  # less height, so larger in the crop
    np.testing.assert_array_equal(
        trimmed, hands.cropped(np.repeat(cut[:1], 50, axis=0), trim=0.5, seed=0)
    )


def test_well_cut_takes_whole_hands_of_each_class_and_no_speck_or_wall():
    down, across = np.mgrid[:28, :28] - 13.5
    disc = np.where(down**2 + across**2 < 81, 150, 0).astype("uint8")
    frayed = disc * (np.random.default_rng(0).random((28, 28)) > 0.3)
    speck, wall, nothing = disc * (down > 7), np.full_like(disc, 150), np.zeros_like(disc)
    fingers = np.where(across.astype(int) % 4 < 2, 150, 0) * (np.abs(down) < 10)
    one_class = np.stack([disc, frayed, speck, wall, nothing])
    told = hands.well_cut(
        np.stack([*one_class, fingers]).astype("uint8"), np.array([0, 0, 0, 0, 0, 1])
    )
    np.testing.assert_array_equal(told, [True, False, False, False, False, True])
