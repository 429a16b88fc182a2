from workbook.layers.contrast import LocalContrast

import keras
import numpy as np
import pytest


@pytest.fixture
def images():
    return np.random.default_rng(0).uniform(0.2, 0.8, (4, 28, 28, 1)).astype("float32")


def test_each_image_and_each_neighbourhood_gets_mean_0_and_spread_1(images):
    whole, local = np.moveaxis(np.asarray(LocalContrast(sigma=3)(images)), -1, 0)
    assert np.allclose(whole.mean(axis=(1, 2)), 0, atol=1e-4)
    assert np.allclose(whole.std(axis=(1, 2)), 1, atol=0.1)
    assert abs(local.mean()) < 0.05 and 0.9 < local.std() < 1.1


def test_the_local_channel_is_the_formula_at_a_pixel(images):
    sigma, row, column = 2.0, 5, 27
    y, x = np.mgrid[:28, :28]
    weights = np.exp(-((y - row) ** 2 + (x - column) ** 2) / (2 * sigma**2))
    pixels = images[1, :, :, 0].astype("float64")
    mean = np.average(pixels, weights=weights)
    variance = np.average((pixels - mean) ** 2, weights=weights)
    expected = (pixels[row, column] - mean) / np.sqrt(variance + 0.05**2)
    found = np.asarray(LocalContrast(sigma)(images))[1, row, column, 1]
    assert found == pytest.approx(expected, abs=1e-3)


def test_light_changes_little_and_a_shadow_least_in_the_local_channel(images):
    layer = LocalContrast()
    brighter = np.asarray(layer(0.5 * images + 0.3))
    assert np.abs(brighter - np.asarray(layer(images))).mean() < 0.1
    shadow = np.linspace(0, 0.6, 28, dtype="float32")[:, None]
    by_channel = np.abs(np.asarray(layer(images + shadow)) - np.asarray(layer(images)))
    whole, local = by_channel.mean(axis=(0, 1, 2))
    assert local < 0.25 * whole


def test_a_plain_wall_stays_plain():
    assert np.abs(LocalContrast()(np.full((1, 28, 28, 1), 0.7, "float32"))).max() < 0.05


def test_a_saved_layer_is_the_same(images, tmp_path):
    model = keras.Sequential([keras.Input((28, 28, 1)), LocalContrast(1.5)])
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert model.output_shape == (None, 28, 28, 2)
    assert np.array_equal(loaded.predict(images, verbose=0), model.predict(images, verbose=0))


def test_what_it_cannot_take_is_told():
    with pytest.raises(ValueError, match=r"sigma=0 must be above 0"):
        LocalContrast(0)
    with pytest.raises(ValueError, match=r"shape \(None, 28, 28, 3\); it needs"):
        keras.Sequential([keras.Input((28, 28, 3)), LocalContrast()])


def test_mixed_precision_gives_the_same_channels_with_fewer_digits(images):
    half = np.asarray(LocalContrast(dtype="mixed_float16")(images))
    assert half.dtype == "float16"
    np.testing.assert_allclose(half, np.asarray(LocalContrast()(images)), atol=0.02)
