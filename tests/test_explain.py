"""Each explanation is held against Keras itself, or against a model whose answer is known."""

from workbook import explain
from workbook.backend import keras, tf

import numpy as np
import pytest


@pytest.fixture
def model():
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((12, 12, 1)),
            keras.layers.Conv2D(4, 3, padding="same", activation="relu", name="first"),
            keras.layers.MaxPooling2D(name="pooled"),
            keras.layers.Conv2D(5, 3, padding="same", activation="relu", name="second"),
            keras.layers.Flatten(),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )


@pytest.fixture
def images():
    return np.random.default_rng(0).random((2, 12, 12, 1)).astype("float32")


def test_feature_maps_are_what_the_layers_give(model, images):
    maps = explain.feature_maps(model, images, ["first", "pooled"])
    first = np.asarray(model.get_layer("first")(images))
    np.testing.assert_allclose(maps["first"], first, atol=1e-6)
    assert maps["pooled"].shape == (2, 6, 6, 4)


def test_an_unknown_layer_is_named(model, images):
    with pytest.raises(ValueError, match="third"):
        explain.feature_maps(model, images, ["third"])


def bright_spot(row, column):
    """A classifier that looks at one pixel only: class 1 where it is bright."""
    inputs = keras.Input((12, 12, 1))
    kernel = np.zeros((144, 2), "float32")
    kernel[12 * row + column] = [-5, 5]
    flat = keras.layers.Flatten()(inputs)
    dense = keras.layers.Dense(2, activation="softmax")
    model = keras.Model(inputs, dense(flat))
    dense.set_weights([kernel, np.array([2.5, -2.5], "float32")])
    return model


@pytest.mark.parametrize("place", [(3, 8), (0, 0), (11, 5)])
def test_occlusion_finds_the_only_pixel_that_matters(place):
    images = np.ones((2, 12, 12, 1), "float32")
    model = bright_spot(*place)
    cost = explain.occlusion(model, images, np.array([1, 1]), side=3, grey=0.0)
    assert cost.shape == (2, 12, 12)
    assert np.unravel_index(cost[0].argmax(), cost[0].shape) == place
    kept, hidden = (model.predict(x[:1], verbose=0)[0, 1] for x in (images, 0 * images))
    # Every square that covers the pixel costs this much.
    assert cost[0][place] == pytest.approx(kept - hidden, abs=1e-6)
    far = (place[0] + 6) % 12, (place[1] + 6) % 12
    assert cost[0][far] == 0


def test_grad_cam_weighs_maps_by_measured_gradients(model, images):
    """The mean gradient of a map is what adding a little to all of the map changes, by its size."""
    labels = np.array([2, 0])
    found = explain.grad_cam(model, images, labels, "second")
    maps = explain.feature_maps(model, images, ["second"])["second"].astype("float64")
    kernel, bias = (w.astype("float64") for w in model.layers[-1].get_weights())

    def logits(maps):
        return (maps.reshape(2, -1) @ kernel + bias)[[0, 1], labels]

    weights = np.zeros((2, 5))
    for k in range(5):
        more = maps.copy()
        more[..., k] += 1e-3
        weights[:, k] = (logits(more) - logits(maps)) / 1e-3 / (6 * 6)
    evidence = np.maximum((maps * weights[:, None, None]).sum(axis=-1), 0)
    large = np.asarray(keras.ops.image.resize(evidence[..., None], (12, 12)))[..., 0]
    expected = large / large.max(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_layers_that_another_model_has_had_show_their_maps_in_this_one(model, images):
    later = keras.Sequential([keras.Input((12, 12, 1)), *model.layers])
    maps = explain.feature_maps(later, images, ["second"])["second"]
    np.testing.assert_allclose(maps, explain.feature_maps(model, images, ["second"])["second"])


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_grad_cam_of_a_model_that_was_loaded_is_the_same(model, images, tmp_path):
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    labels = np.array([2, 0])
    found = explain.grad_cam(loaded, images, labels, "second")
    np.testing.assert_allclose(found, explain.grad_cam(model, images, labels, "second"), atol=1e-6)


def test_a_step_on_paper_is_what_tensorflow_computes():
    x, y = np.array([1.0, 2.0]), np.array([0.0, 1.0])
    W1, W2 = tf.Variable([[1.0, 1.0], [1.0, -1.0]]), tf.Variable([[1.0, 0.0], [2.0, 1.0]])
    with tf.GradientTape() as tape:
        hidden = keras.ops.relu(x[None].astype("float32") @ W1)
        P = keras.ops.softmax(hidden @ W2)
        loss = keras.losses.categorical_crossentropy(y[None].astype("float32"), P)
    dW1, dW2 = tape.gradient(loss, [W1, W2])
    step = explain.backpropagation(x, y, W1.numpy(), W2.numpy())
    for name, value in {"H": hidden[0], "P": P[0], "dW1": dW1, "dW2": dW2}.items():
        np.testing.assert_allclose(step[name], value, atol=1e-6)
    assert step["dZ1"][1] == 0 and step["dH"][1] != 0


@pytest.mark.parametrize("shift", range(4))
def test_one_gradient_of_four_has_a_mistake(shift):
    rng = np.random.default_rng(shift)
    X, Y = rng.random((8, 6)), np.eye(4)[[3, 1, 2, 0, 3, 1, 2, shift]]
    shapes = {"W1": (6, 5), "b1": (5,), "W2": (5, 4), "b2": (4,)}
    parameters = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    loss, claimed = explain.with_a_mistake(X, Y, parameters)
    variables = {name: tf.Variable(value) for name, value in parameters.items()}
    with tf.GradientTape() as tape:
        logits = (
            tf.nn.relu(X @ variables["W1"] + variables["b1"]) @ variables["W2"] + variables["b2"]
        )
        mean = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(Y, logits))
    assert loss(**parameters) == pytest.approx(float(mean))
    true = tape.gradient(mean, variables)
    wrong = [name for name in true if not np.allclose(claimed[name], true[name], rtol=1e-6)]
    assert len(wrong) == 1


def test_digits_are_moved_to_the_right_with_a_channel_and_without():
    images = np.zeros((2, 28, 28), "float32")
    images[:, 14, [5, 20]] = 1
    weights = np.zeros((28, 28, 2))
    weights[14, 23] = 0, 1  # where a stroke is three pixels further to the right
    for shape in ((28, 28), (28, 28, 1)):
        network = keras.Sequential([keras.Input(shape), keras.layers.Flatten()])
        network.add(keras.layers.Dense(2, use_bias=False))
        network.set_weights([weights.reshape(784, 2)])
        network.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        several = images.reshape(2, *shape)
        labels = np.array([1, 1])
        assert explain.accuracy_when_moved(network, several, labels, [-3, 0, 3]) == [0, 0, 1]
