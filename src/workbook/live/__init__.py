"""The network in the reader's hands: draw a digit for it, or look inside it, wherever it is shown.

``live.pad(model)`` and ``live.inside(model, …)`` run a trained network in the reader's own browser,
by the small engine of engine.js: in JupyterLab, VS Code and Colab, in the exported page, and as a
page of its own (``python -m workbook live``). Where no script runs, a still picture stands in.

>>> live.pad({"plain": model, "with distortions": further})  # doctest: +SKIP
"""

from typing import TYPE_CHECKING, Any

from workbook import datasets
from workbook.errors import NetworkError
from workbook.live.digits import measured, moved, read_digits
from workbook.live.output import MIME_TYPE, Live

if TYPE_CHECKING:
    import keras
    import numpy as np

__all__ = ["MIME_TYPE", "Live", "NetworkError", "inside", "measured", "moved", "pad", "read_digits"]

DIGITS = tuple("0123456789")


def pad(networks: "keras.Model | dict[str, keras.Model]") -> Live:
    """Return a pad to draw digits on, which the networks read while they are drawn.

    ``networks`` is one, or several by their names, to be read beside each other: each takes images
    of 28 × 28 grey pixels, with or without a channel axis, and answers with ten probabilities.

    Raises:
        NetworkError: A network is not for such images, or has a layer that no page can run.
    """
    from workbook.live import still
    from workbook.live.network import described

    models = networks if isinstance(networks, dict) else {networks.name: networks}
    packed = [{"title": title, **described(model)} for title, model in models.items()]
    for network in packed:
        if network["input"] not in ([28, 28], [28, 28, 1]) or network["classes"] != len(DIGITS):
            raise NetworkError(
                f"{network['title']} takes images of {network['input']} and gives "
                f"{network['classes']} answers; the pad is for networks that read digits: "
                "[28, 28] or [28, 28, 1], and 10."
            )
    payload = {"kind": "pad", "networks": packed, "classes": DIGITS}
    return Live(payload | {"notice": datasets.practice_notice()}, still.pad(models))


def inside(
    model: "keras.Model", images: "np.ndarray", labels: "np.ndarray", class_names: Any
) -> Live:
    """Return a look inside a convolutional network: its maps, its products, a patch over a picture.

    ``images`` are uint8, ``(n, height, width)``; ``labels`` are ``(n,)`` whole numbers that index
    ``class_names``. Twenty of them travel along, of as many classes as there are.

    Raises:
        NetworkError: The network is not for such images, has no convolution, or has a layer that no
            page can run; or the images are not uint8.
    """
    from workbook.live import still
    from workbook.live.network import described
    from workbook.live.output import base64_of

    packed = {"title": model.name, **described(model)}
    shape, kinds = list(images.shape[1:]), {layer["type"] for layer in packed["layers"]}
    if images.dtype != "uint8":
        raise NetworkError(
            f"The images are {images.dtype}; a look inside takes grey levels from 0 to 255, uint8: "
            "give them as they were loaded."
        )
    if "conv2d" not in kinds or packed["input"] != [*shape, 1]:
        raise NetworkError(
            f"{model.name} takes images of {packed['input']}"
            + (", and has no convolution" if "conv2d" not in kinds else "")
            + f"; a look inside is for convolutional networks and these images, of {[*shape, 1]}."
        )
    chosen = _various(labels, 20)
    classes = list(map(str, class_names))
    payload = {
        "kind": "inside",
        "networks": [packed],
        "classes": classes,
        "images": base64_of(images[chosen]),
        "numbers": chosen.tolist(),
        "labels": [int(label) for label in labels[chosen]],
        "notice": datasets.practice_notice(),
    }
    return Live(payload, still.inside(model, images[chosen[0]], classes))


def _various(labels: "np.ndarray", count: int) -> "np.ndarray":
    """Return where the first ``count`` images of different classes are, then others in order."""
    import numpy as np

    firsts = np.unique(labels, return_index=True)[1]
    return np.sort(np.concatenate([firsts, np.setdiff1d(np.arange(len(labels)), firsts)])[:count])
