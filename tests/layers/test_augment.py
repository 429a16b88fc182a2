from workbook.layers.augment import RandomLight, RandomWarp

import keras
import numpy as np
import pytest
import tensorflow as tf

WARP = {
    "rotation": 15,
    "zoom": 0.2,
    "shear": 0.2,
    "shift": 0.1,
    "elastic": (34, 4),
    "flip": 0.5,
    "stretch": 0.2,
}
LIGHT = {
    "background": 0.5,
    "cover": 0.3,
    "gamma": 0.5,
    "contrast": 0.5,
    "brightness": 0.2,
    "gradient": 0.3,
    "blur": 1.0,
    "noise": 0.05,
}
LAYERS = [(RandomWarp, WARP), (RandomLight, LIGHT)]


@pytest.fixture
def images():
    grain = np.random.default_rng(0).random((64, 7, 7), dtype="float32")
    return np.kron(grain, np.ones((4, 4), "float32"))


def dot(y=13, x=20):
    image = np.zeros((1, 28, 28), "float32")
    image[0, y, x] = 1
    return image


def centre(image):
    """The centre of mass, in pixels from the middle: across, down."""
    across = np.arange(28) - 13.5
    return (image * across).sum() / image.sum(), (image * across[:, None]).sum() / image.sum()


def changed(layer, images):
    return keras.ops.convert_to_numpy(layer(images, training=True))


@pytest.mark.parametrize("kind", [RandomWarp, RandomLight])
def test_zero_strength_is_the_identity(kind, images):
    np.testing.assert_allclose(changed(kind(), images), images, atol=1e-5)


@pytest.mark.parametrize(("kind", "strengths"), LAYERS)
def test_no_effect_at_inference(kind, strengths, images):
    model = keras.Sequential([keras.Input((28, 28)), kind(**strengths)])
    np.testing.assert_array_equal(model.predict(images, verbose=0), images)
    np.testing.assert_array_equal(kind(**strengths)(images), images)


@pytest.mark.parametrize(("kind", "strengths"), LAYERS)
def test_same_seed_same_pixels_and_new_ones_on_every_call(kind, strengths, images):
    first, second, other = (kind(**strengths, seed=seed) for seed in (7, 7, 8))
    once = changed(first, images)
    np.testing.assert_array_equal(once, changed(second, images))
    assert np.abs(once - changed(other, images)).max() > 0.1
    assert np.abs(once - changed(first, images)).max() > 0.1


@pytest.mark.parametrize(("kind", "strengths"), LAYERS)
@pytest.mark.parametrize("shape", [(28, 28), (28, 28, 1), (20, 24)])
def test_shapes(kind, strengths, shape):
    layer = kind(**strengths)
    images = np.random.default_rng(0).random((5, *shape), dtype="float32")
    assert changed(layer, images).shape == images.shape
    assert layer.compute_output_shape((None, *shape)) == (None, *shape)


@pytest.mark.parametrize("kind", [RandomWarp, RandomLight])
def test_colour_is_refused_with_the_shape_it_needs(kind):
    with pytest.raises(ValueError, match=r"\(None, 28, 28, 3\).*\(batch, height, width\)"):
        keras.Sequential([keras.Input((28, 28, 3)), kind()])


@pytest.mark.parametrize(("kind", "strengths"), LAYERS)
def test_compiled_by_xla_the_same_seed_gives_the_same_pixels(kind, strengths, images):
    # Not the pixels of the layer without XLA, which turns the same seed into other numbers.
    results = []
    for layer in (kind(**strengths, seed=3), kind(**strengths, seed=3)):
        layer.build(images.shape)
        step = tf.function(lambda x, layer=layer: layer(x, training=True), jit_compile=True)
        results.append(step(images).numpy())
    np.testing.assert_array_equal(*results)
    assert results[0].shape == images.shape
    assert np.abs(results[0] - images).mean() > 0.05
    assert results[0].min() >= 0 and results[0].max() <= 1


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize(("kind", "strengths"), LAYERS)
def test_mixed_precision_gives_the_same_pixels_with_fewer_digits(kind, strengths, policy, images):
    exact = np.asarray(kind(**strengths, seed=3)(images, training=True))
    layer = kind(**strengths, seed=3, dtype=policy)
    half = layer(images, training=True)
    assert half.dtype.name == layer.compute_dtype
    np.testing.assert_allclose(keras.ops.cast(half, "float32").numpy(), exact, atol=0.02)


@pytest.mark.parametrize(("kind", "strengths"), LAYERS)
def test_saved_and_loaded_inside_a_model(kind, strengths, images, tmp_path):
    model = keras.Sequential([keras.Input((28, 28)), kind(**strengths, seed=5)])
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.layers[0].get_config() == model.layers[0].get_config()
    np.testing.assert_array_equal(loaded(images, training=True), model(images, training=True))


@pytest.mark.parametrize(("kind", "strengths"), LAYERS)
def test_each_image_is_changed_in_its_own_way(kind, strengths):
    same = np.repeat(np.linspace(0, 1, 784, dtype="float32").reshape(1, 28, 28), 8, axis=0)
    result = changed(kind(**strengths, seed=1), same)
    assert all(np.abs(result[i] - result[i - 1]).max() > 0.01 for i in range(8))


def test_rotation_stays_within_its_range_and_uses_it():
    layer = RandomWarp(rotation=30, seed=0)
    x, y = np.array([centre(i) for i in changed(layer, np.repeat(dot(), 200, axis=0))]).T
    degrees = np.degrees(np.arctan2(y, x)) - np.degrees(np.arctan2(-0.5, 6.5))
    assert np.abs(degrees).max() < 30 + 6  # a dot one pixel wide is 6 degrees wide out there
    assert degrees.min() < -20 and degrees.max() > 20
    assert np.hypot(x, y) == pytest.approx(np.hypot(0.5, 6.5), abs=0.8)


def test_zoom_stays_within_its_range_and_uses_it():
    wide = np.zeros((200, 28, 28), "float32")
    wide[:, 9:19, 9:19] = 1
    side = np.sqrt(changed(RandomWarp(zoom=0.3, seed=0), wide).sum(axis=(1, 2)))
    assert side.min() == pytest.approx(7, abs=0.4)
    assert side.max() == pytest.approx(13, abs=0.4)


def test_stretch_changes_the_width_alone():
    wide = np.zeros((200, 28, 28), "float32")
    wide[:, 9:19, 9:19] = 1
    result = changed(RandomWarp(stretch=0.3, seed=0), wide)
    width, height = result.sum(axis=2).max(axis=1), result.sum(axis=1).max(axis=1)
    assert width.min() == pytest.approx(7, abs=0.4)
    assert width.max() == pytest.approx(13, abs=0.4)
    np.testing.assert_allclose(height, 10, atol=1e-3)


def test_flip_mirrors_its_share_of_the_images():
    result = changed(RandomWarp(flip=0.3, seed=0), np.repeat(dot(), 400, axis=0))
    mirrored = np.abs(result - dot()[:, :, ::-1]).max(axis=(1, 2)) < 1e-4
    plain = np.abs(result - dot()).max(axis=(1, 2)) < 1e-4
    assert (mirrored | plain).all()
    assert 0.2 < mirrored.mean() < 0.4


def test_shift_stays_within_its_range_and_uses_it():
    x, y = np.array(
        [
            centre(i)
            for i in changed(RandomWarp(shift=0.25, seed=0), np.repeat(dot(13, 13), 200, axis=0))
        ]
    ).T
    for moved in (x + 0.5, y + 0.5):
        assert moved.min() == pytest.approx(-7, abs=0.4)
        assert moved.max() == pytest.approx(7, abs=0.4)


def test_shear_moves_rows_in_proportion_to_their_distance_from_the_middle():
    lines = np.zeros((200, 28, 28), "float32")
    lines[:, :, 13:15] = 1
    across = np.arange(28) - 13.5
    rows = changed(RandomWarp(shear=0.3, seed=0), lines)
    places = (rows * across).sum(axis=2) / rows.sum(axis=2)
    slopes = np.array([np.polyfit(across, place, 1)[0] for place in places])
    assert np.abs(slopes).max() == pytest.approx(0.3, abs=0.02)
    np.testing.assert_allclose(places, slopes[:, None] * across, atol=0.3)


def test_edges_are_repeated():
    np.testing.assert_allclose(
        changed(RandomWarp(**WARP), np.full((8, 28, 28), 0.7, "float32")), 0.7, atol=1e-5
    )


def test_elastic_steps_have_the_spread_that_the_method_gives():
    ramp = np.broadcast_to(np.arange(28, dtype="float32") / 27, (200, 28, 28))
    steps = 27 * (changed(RandomWarp(elastic=(34, 4), seed=0), ramp) - ramp)[:, 8:20, 8:20]
    # Uniform steps spread by 1/√3; a Gaussian over two dimensions shrinks that by 2·sigma·√π.
    assert steps.std() == pytest.approx(34 / np.sqrt(3) / (2 * 4 * np.sqrt(np.pi)), rel=0.1)
    assert np.abs(np.diff(steps, axis=2)).mean() < 0.4  # smooth: neighbours move together


def test_light_stays_between_0_and_1(images):
    result = changed(RandomLight(**LIGHT), images)
    assert result.min() >= 0 and result.max() <= 1


def test_brightness_and_contrast_ranges():
    half = np.full((300, 28, 28), 0.5, "float32")
    bright = changed(RandomLight(brightness=0.2, seed=0), half)[:, 0, 0]
    assert bright.min() == pytest.approx(0.3, abs=0.01)
    assert bright.max() == pytest.approx(0.7, abs=0.01)
    half[:, :14] = 0.25
    half[:, 14:] = 0.75
    result = changed(RandomLight(contrast=0.6, seed=0), half)
    spread = result[:, 20, 0] - result[:, 0, 0]
    assert spread.min() == pytest.approx(0.2, abs=0.02)
    assert spread.max() == pytest.approx(0.8, abs=0.02)


def test_gamma_range():
    result = changed(RandomLight(gamma=1.0, seed=0), np.full((300, 28, 28), 0.25, "float32"))
    powers = np.log(result[:, 0, 0]) / np.log(0.25)
    assert powers.min() == pytest.approx(0.5, abs=0.02)
    assert powers.max() == pytest.approx(2, abs=0.05)


def test_gradient_range():
    result = changed(RandomLight(gradient=0.4, seed=0), np.full((300, 28, 28), 0.5, "float32"))
    height = result.max(axis=(1, 2)) - result.min(axis=(1, 2))
    assert height.max() < 0.4 * np.sqrt(2)
    assert height.max() > 0.35
    np.testing.assert_allclose(np.diff(result, n=2, axis=1), 0, atol=1e-5)


def test_blur_spreads_a_dot_by_its_range_and_keeps_flat_areas():
    layer = RandomLight(blur=1.5, seed=0)
    across = np.arange(28) - 13
    spots = changed(layer, np.repeat(dot(13, 13), 300, axis=0))
    sigma = np.sqrt((spots * across**2).sum(axis=(1, 2)))
    assert sigma.max() == pytest.approx(1.5, abs=0.05)
    assert sigma.min() < 0.05
    np.testing.assert_allclose(changed(layer, np.full((8, 28, 28), 0.3, "float32")), 0.3, atol=1e-5)


def test_noise_range():
    result = changed(RandomLight(noise=0.1, seed=0), np.full((300, 28, 28), 0.5, "float32"))
    spread = result.std(axis=(1, 2))
    assert spread.max() == pytest.approx(0.1, abs=0.01)
    assert spread.min() < 0.01


def test_cover_is_one_rectangle_within_its_range():
    result = changed(RandomLight(cover=0.4, seed=0), np.full((300, 28, 28), 0.5, "float32"))
    covered = np.abs(result - 0.5) > 1e-4
    assert covered.any(axis=1).sum(axis=1).max() <= 0.4 * 28 + 1
    assert covered.any(axis=2).sum(axis=1).max() <= 0.4 * 28 + 1
    assert 3 < covered.sum(axis=(1, 2)).mean() < 0.04 * 784 + 10
    for one in covered:
        assert one.sum() == one.any(axis=0).sum() * one.any(axis=1).sum()


def test_background_replaces_black_alone_in_its_share_of_the_images():
    cut_out = np.zeros((400, 28, 28), "float32")
    cut_out[:, 8:20, 8:20] = 0.6
    result = changed(RandomLight(background=0.5, seed=0), cut_out)
    np.testing.assert_allclose(result[:, 8:20, 8:20], 0.6, atol=1e-6)
    replaced = result[:, 0, 14] + result[:, 27, 14] > 0
    assert 0.4 < replaced.mean() < 0.6


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        (RandomWarp, {"rotation": -1}),
        (RandomWarp, {"zoom": 1}),
        (RandomWarp, {"stretch": 1}),
        (RandomWarp, {"flip": 1.5}),
        (RandomWarp, {"elastic": (34, 0)}),
        (RandomLight, {"noise": -0.1}),
        (RandomLight, {"cover": 2}),
    ],
)
def test_impossible_strengths_are_refused_by_name(kind, wrong):
    name = "sigma" if "elastic" in wrong else next(iter(wrong))
    with pytest.raises(ValueError, match=f"{name}="):
        kind(**wrong)


def test_elastic_warps_go_in_both_directions_alike():
    ramp = np.broadcast_to(np.arange(28, dtype="float32") / 27, (200, 28, 28))
    across, down = (
        27 * (changed(RandomWarp(elastic=(34, 4), seed=0), each) - each)[:, 8:20, 8:20]
        for each in (ramp, ramp.swapaxes(1, 2))
    )
    assert down.std() == pytest.approx(across.std(), rel=0.1)
    assert abs(np.corrcoef(down.ravel(), across.ravel())[0, 1]) < 0.3


def test_contrast_is_around_each_images_own_mean():
    two = np.stack([np.full((28, 28), shade, "float32") for shade in (0.2, 0.8)])
    np.testing.assert_allclose(changed(RandomLight(contrast=0.9, seed=0), two), two, atol=1e-5)


def test_a_gradient_of_light_goes_anywhere():
    result = changed(RandomLight(gradient=0.4, seed=0), np.full((300, 28, 28), 0.5, "float32"))
    for axis in (1, 2):
        steps = np.diff(result, axis=axis)[:, 0, 0] * 27
        assert steps.min() < -0.3 and steps.max() > 0.3


def test_a_background_ends_softly():
    edge = np.full((50, 28, 28), 1 / 32, "float32")
    result = changed(RandomLight(background=1.0, seed=0), edge)
    whole = changed(RandomLight(background=1.0, seed=0), np.zeros_like(edge))
    np.testing.assert_allclose(result, edge + whole / 2, atol=1e-5)


def test_a_shift_is_of_parts_of_a_pixel():
    ramp = np.broadcast_to(np.arange(28, dtype="float32")[:, None] / 27, (50, 28, 28))
    moved = 27 * (changed(RandomWarp(shift=0.1, seed=0), ramp) - ramp)[:, 14, 14]
    assert np.abs(moved - np.round(moved)).max() > 0.2


def test_another_room_is_the_same_for_the_same_seed():
    images = np.full((4, 28, 28, 1), 0.5, "float32")
    first, again, other = (
        changed(RandomLight.another_room(seed=seed), images) for seed in (2, 2, 3)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other) and not np.allclose(first, images)
