"""Measures what runs in the page against Keras: ``python -m bench.live [MODEL …]``.

For each saved model of a notebook: what quantising its weights costs on all labelled test images
(on the training images, where the test images have no labels), how far the engine in a browser is
from Keras with the same quantised weights on a hundred of them, and how many it reads in a second.
"""

import sys
from pathlib import Path
from typing import Any

from workbook import datasets, live, paths
from workbook.live.network import described, quantised
from workbook_staff import live_page, pdf

import numpy as np
from playwright.sync_api import sync_playwright

DATASETS = {"01": "mnist", "03": "digit-recognizer", "04": "sign-language-mnist"}
"""What the models of each notebook read, by the number that their names begin with."""


_RUN = """([description, images]) => {
  const network = document.querySelector(".workbook-live").make(description);
  const said = images.map((image) => [...network.predict(image)]);
  const started = performance.now();
  for (let turn = 0; turn < 5; turn++) images.forEach(network.predict);
  return [said, (5000 * images.length) / (performance.now() - started)];
}"""


def measure(models: list[Path]) -> list[dict[str, Any]]:
    """Return a row for each saved model.

    Raises:
        NetworkError: One cannot be read, or cannot run in a page.
    """
    rows = []
    for path in models:
        dataset = datasets.load(DATASETS[path.name[:2]])
        train, test = dataset.load_data()
        X, y = train
        if test[1] is not None:
            X, y = test[0], test[1]
        model = live_page.loaded(path)
        said = {
            name: network.predict(_shaped(X, network), verbose=0)
            for name, network in {"float32": model, "int8": _dequantised(model)}.items()
        }
        truth = dataset.positions(y)
        accuracy = {name: float((p.argmax(axis=1) == truth).mean()) for name, p in said.items()}
        found, speed = _in_browser(model, X[:100])
        rows.append(
            {
                "what": path.stem,
                **accuracy,
                "points_lost": round(100 * (accuracy["float32"] - accuracy["int8"]), 3),
                "images": len(X),
                "engine_off_by": float(np.abs(found - said["int8"][:100]).max()),
                "predictions_per_second": round(speed),
            }
        )
    return rows


def saved() -> list[Path]:
    """Return the saved models of the notebooks whose networks run in a page."""
    found = paths.listed(paths.DATA / "models", "*.keras")
    return [path for path in found if path.name[:2] in DATASETS]


def _shaped(images: np.ndarray, model: Any) -> np.ndarray:
    return images.reshape(-1, *model.input_shape[1:]).astype("float32") / 255


def _dequantised(model: Any) -> Any:
    """Return a copy of the network with the weights that a page has."""
    from workbook.backend import keras

    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    for layer in copy.layers:
        if type(layer) in (keras.layers.Dense, keras.layers.Conv2D):
            whole, step = quantised(np.asarray(layer.kernel))
            layer.kernel.assign(whole * step)
    return copy


def _in_browser(model: Any, images: np.ndarray) -> tuple[np.ndarray, float]:
    """Return what the engine says of the images in Chromium, and how many it reads in a second."""
    from workbook.backend import keras

    # The page that holds the engine; the network to be measured is handed over.
    any_network = keras.Sequential(
        [keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(10)]
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=pdf.chromium(), args=pdf.ARGUMENTS)
        tab = browser.new_page()
        tab.set_content(live_page.render(live.pad(any_network), "Measured"))
        said, speed = tab.evaluate(
            _RUN, [described(model), images.reshape(len(images), -1).tolist()]
        )
        browser.close()
    return np.array(said), speed


if __name__ == "__main__":
    for row in measure([Path(name) for name in sys.argv[1:]] or saved()):
        print(", ".join(f"{name} {value}" for name, value in row.items()), flush=True)
