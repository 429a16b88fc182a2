"""A page that stands alone: the pad for a saved model, for the projector."""

from pathlib import Path
from typing import Any

from workbook import live, paths
from workbook.live import NetworkError
from workbook.live.output import element, packed, script
from workbook_staff import html


def write(models: list[Path], folder: Path | None = None) -> list[Path]:
    """Write the pad for saved models, beside each other, into ``folder``; return the page.

    ``folder`` is ``reports/live/`` by default; the page is named after the first model.

    Raises:
        NetworkError: There is no such model, or one that no page can run.
    """
    shown = live.pad({path.stem: loaded(path) for path in models})
    page = render(shown, ", ".join(path.stem for path in models))
    target = (folder or paths.REPORTS / "live") / f"{models[0].stem}.html"
    paths.write(target, page)
    return [target]


def render(shown: live.Live, title: str) -> str:
    """Return a page that holds one output, and asks no host for anything."""
    data, metadata = shown.still._repr_mimebundle_()
    return html.page(
        "live.html.j2",
        title=title,
        styles=["style.css", "live.css"],
        script=script(),
        output=element(packed(shown.payload), data["image/png"], metadata["image/png"]),
    )


def loaded(path: Path) -> Any:
    """Return a saved Keras model.

    Raises:
        NetworkError: There is no such file, or it is none.
    """
    from workbook import layers, training  # noqa: F401 - a saved model may hold their classes
    from workbook.backend import keras

    expected = "a model that Keras saved, such as data/models/01_mnist_dense.keras"
    if not path.is_file():
        raise NetworkError(f"{path}: there is no such file; expected {expected}.")
    try:
        return keras.models.load_model(path, compile=False)
    except Exception as error:  # a file from anywhere: Keras' errors have no common class
        found = f"{type(error).__name__}: {error}".splitlines()[0]
        raise NetworkError(f"{path}: cannot be read ({found}); expected {expected}.") from error
