"""The engine in a real browser, against Keras with the same quantised weights."""

from typing import Any

from workbook import live
from workbook.backend import keras
from workbook.layers import LocalContrast
from workbook.live.network import described

import numpy as np
import pytest
from keras import layers
from networks import LETTERS, dense, dequantised, hands, settled

RUN = """([description, images]) => {
  const host = document.querySelector(".workbook-live");
  const network = host.make(description);
  return images.map((image) => [...network.predict(image)]);
}"""


@pytest.fixture(scope="module")
def one() -> live.Live:
    return live.pad(dense((4,)))


@pytest.fixture
def engine(opened: Any, one: live.Live) -> Any:
    page = opened(one)

    def run(model: keras.Model, images: np.ndarray) -> np.ndarray:
        return np.array(
            page.evaluate(RUN, [described(model), images.reshape(len(images), -1).tolist()])
        )

    return run


def expected(model: keras.Model, images: np.ndarray) -> np.ndarray:
    shaped = images.reshape(-1, *model.input_shape[1:]) / np.float32(255)
    return np.asarray(dequantised(model)(shaped))


NETWORKS = {"01": dense, "03": lambda: dense((1500,), warp=True), "04": hands}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_hundred_images_are_read_as_keras_reads_them(name, engine, pictures):
    model = NETWORKS[name]()
    found, wanted = engine(model, pictures[0]), expected(model, pictures[0])
    assert np.ptp(wanted, axis=0).max() > 0.3
    assert np.abs(found - wanted).max() < 1e-4


LAYERS = {
    "strides and valid": [layers.Conv2D(5, 3, strides=2, padding="valid", activation="relu")],
    "same, even kernel, strides": [layers.Conv2D(5, (4, 2), strides=(3, 2), padding="same")],
    "pooling that overlaps": [layers.MaxPooling2D(3, strides=2, padding="valid")],
    "pooling, same, uneven": [layers.Conv2D(3, 3), layers.MaxPooling2D((3, 2), padding="same")],
    "without scale and centre": [
        layers.Conv2D(4, 3),
        layers.BatchNormalization(scale=False, center=False),
        layers.Activation("relu"),
    ],
    "dense along the channels": [layers.Conv2D(4, 3), layers.Dense(3)],
    "wide contrast": [LocalContrast(sigma=5.0)],
}


@pytest.mark.parametrize("name", LAYERS)
def test_each_option_of_a_layer_is_that_of_keras(name, engine, pictures):
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [keras.Input((28, 28, 1)), *map(_copied, LAYERS[name]), layers.Flatten()]
    )
    model = settled(model)
    found, wanted = engine(model, pictures[0][:5]), expected(model, pictures[0][:5])
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max() < 1e-4 * max(1, np.abs(wanted).max())


def _copied(layer: keras.layers.Layer) -> keras.layers.Layer:
    return type(layer).from_config(layer.get_config())


def test_the_products_of_a_place_add_up_to_what_keras_answers_there(opened, pictures):
    model = hands()
    images, labels = pictures
    page = opened(live.inside(model, images, labels, LETTERS))
    page.get_by_label("Block 2").check()
    page.get_by_role("button", name="Map 12", exact=True).click()
    lens = page.get_by_role("application", name="Block 2, map 12")
    lens.focus()
    for key in ["ArrowUp"] * 7 + ["ArrowLeft"] * 7 + ["ArrowDown"] * 2 + ["ArrowRight"] * 3:
        page.keyboard.press(key)
    said = page.locator(".products").inner_text()
    number = int(
        page.locator(".strip button[aria-pressed=true]")
        .get_attribute("aria-label")
        .split()[2]
        .strip(",")
    )

    values, tensors = images[number][None, ..., None].astype("float32") / 255, []
    for layer in dequantised(model).layers:
        values = layer(values)
        tensors.append((type(layer).__name__, np.asarray(values)[0]))
    convolved = [tensor for name, tensor in tensors if name == "Conv2D"][1]
    after = [tensor for name, tensor in tensors if name == "Dropout"][1]
    best = convolved[4:6, 6:8, 11].max()
    assert f"Row 2, column 3 of this map: {after[2, 3, 11]:.2f}".replace("-", "−") in said
    assert f"All 32 maps together: {best:+.2f}".replace("-", "−") in said
    cells = [
        float(text.replace("−", "-"))
        for text in page.locator(".matrix").nth(2).locator("td").all_inner_texts()
    ]
    total = float(page.locator(".sum b").inner_text().replace("−", "-"))
    assert len(cells) == 9 and abs(sum(cells) - total) < 0.05
