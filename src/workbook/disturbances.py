"""Ways in which tomorrow's photograph differs from today's, to measure a trained network by.

A network that survives them has learned more than its training images. Only "on black" is among
what the fourth notebook trains with. Each takes ``(n, 28, 28)`` uint8 images and returns as many,
in the same form, the same at each call.
"""

from collections.abc import Callable

from workbook import images as hands

import numpy as np
from PIL import Image

Disturbance = Callable[[np.ndarray], np.ndarray]


def _moved(zoom: float = 1.0, degrees: float = 0.0, right: float = 0.0) -> Disturbance:
    """Return what zooms, turns and shifts images; the edge is repeated where they end."""
    cos, sin = np.cos(np.radians(degrees)) / zoom, np.sin(np.radians(degrees)) / zoom
    centre = 13.5
    margin = 14

    def move(images: np.ndarray) -> np.ndarray:
        middle = centre + right
        across = margin + centre - cos * middle + sin * centre
        down = margin + centre - sin * middle - cos * centre
        return np.array(
            [
                Image.fromarray(np.pad(image, margin, mode="edge")).transform(
                    (28, 28),
                    Image.Transform.AFFINE,
                    (cos, -sin, across, sin, cos, down),
                    Image.Resampling.BILINEAR,
                )
                for image in images
            ]
        )

    return move


def _blurred(images: np.ndarray) -> np.ndarray:
    distance = np.arange(28)[:, None] - np.arange(28)
    kernel = np.exp(-(distance**2) / (2 * 1.2**2))
    kernel /= kernel.sum(axis=1, keepdims=True)
    return (kernel @ images @ kernel.T).astype("uint8")


def _noisy(images: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(0).normal(0, 30, images.shape)
    return np.clip(images + noise, 0, 255).astype("uint8")


def _covered(images: np.ndarray) -> np.ndarray:
    rng = np.random.default_rng(0)
    changed = images.copy()
    for image in changed:
        top, left = rng.integers(4, 17, 2)
        image[top : top + 8, left : left + 8] = rng.integers(256)
    return changed


def _on_clutter(images: np.ndarray) -> np.ndarray:
    cut = hands.cut_out(images)
    coarse = np.random.default_rng(0).integers(0, 256, (len(images), 7, 7), dtype="uint8")
    return np.where(cut == 0, coarse.repeat(4, axis=1).repeat(4, axis=2), cut)


DISTURBANCES: dict[str, Disturbance] = {
    "as stored": lambda images: images,
    "darker": lambda images: (images * 0.4).astype("uint8"),
    "less contrast": lambda images: (127 + (images - 127.0) * 0.3).astype("uint8"),
    "blurred": _blurred,
    "noisy": _noisy,
    "smaller": _moved(zoom=0.7),
    "larger": _moved(zoom=1.3),
    "turned by 25°": _moved(degrees=25),
    "moved by 5 pixels": _moved(right=5),
    "partly covered": _covered,
    "on black": hands.cut_out,
    "on clutter": _on_clutter,
    "mirrored (other hand)": lambda images: images[:, :, ::-1],
}
"""Names for a figure, and the functions."""
