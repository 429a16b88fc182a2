from workbook.hands.disturbances import DISTURBANCES

import numpy as np
import pytest


def _hands() -> np.ndarray:
    """Return bright discs on grey, as far as these functions see the form of a hand."""
    down, across = np.mgrid[:28, :28] - 13.5
    disc = np.where(down**2 + across**2 < 81, 200, 90)
    return np.stack([disc, disc.T + 10]).astype("uint8")


@pytest.mark.parametrize("name", DISTURBANCES)
def test_a_disturbance_keeps_the_form_and_is_the_same_twice(name):
    images = _hands()
    disturbed = DISTURBANCES[name](images)
    assert (disturbed.shape, disturbed.dtype) == (images.shape, images.dtype)
    np.testing.assert_array_equal(disturbed, DISTURBANCES[name](images))
    np.testing.assert_array_equal(images, _hands())  # the input is left alone


@pytest.mark.parametrize("name", sorted(set(DISTURBANCES) - {"as stored", "mirrored (other hand)"}))
def test_a_disturbance_changes_images(name):
    assert (DISTURBANCES[name](_hands()) != _hands()).mean() > 0.01


def test_moves_do_what_they_say():
    disc = _hands()[:1] > 150
    area, column = disc.sum(), np.nonzero(disc[0])[1].mean()

    def bright(name):
        return DISTURBANCES[name](_hands()[:1])[0] > 150

    assert bright("smaller").sum() < 0.6 * area
    assert bright("larger").sum() > 1.4 * area
    assert np.nonzero(bright("moved by 5 pixels"))[1].mean() == pytest.approx(column + 5, abs=0.2)
    assert DISTURBANCES["darker"](_hands()).max() < 0.5 * _hands().max()


def test_a_tilt_widens_one_end_and_a_shadow_lies_on_half():
    bright = DISTURBANCES["tilted camera"](_hands()[:1])[0] > 150
    assert bright[:14].sum() > 1.1 * bright[14:].sum()

    flat = np.full((3, 28, 28), 200, "uint8")
    assert (DISTURBANCES["hard shadow"](flat) == 70).mean() == pytest.approx(0.5, abs=0.05)


def test_a_turn_is_of_its_angle():
    line = np.full((1, 28, 28), 50, "uint8")
    line[0, 4:14, 13:15] = 250  # from the middle upwards
    turned = DISTURBANCES["turned by 25°"](line)[0] > 150
    down, across = (places.mean() - 13.5 for places in np.nonzero(turned))
    assert np.degrees(np.arctan2(across, -down)) == pytest.approx(-25, abs=5)
