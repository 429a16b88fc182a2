"""Ways in which tomorrow's photograph differs from today's, to measure a trained network by.

A network that survives them has learned more than its training images. Some are of a kind that the
fourth notebook trains with, mostly beyond the strength used there; ``NEW_KINDS`` are not. Each
takes ``(n, 28, 28)`` uint8 images and returns as many, in the same form, the same at each call.
"""

import io
from collections.abc import Callable

from workbook.hands.cutting import cut_out
from workbook.layers.contrast import gaussian_weights

import numpy as np
from PIL import Image

Disturbance = Callable[[np.ndarray], np.ndarray]


def _resampled(
    images: np.ndarray, margin: int, how: Image.Transform, data: tuple[float, ...]
) -> np.ndarray:
    """Return images as Pillow transforms them; the edge is repeated where they end."""
    padded = [Image.fromarray(np.pad(image, margin, mode="edge")) for image in images]
    bilinear = Image.Resampling.BILINEAR
    return np.array(
        [np.asarray(image.transform((28, 28), how, data, bilinear)) for image in padded]
    )


def _moved(zoom: float = 1.0, degrees: float = 0.0, right: float = 0.0) -> Disturbance:
    """Return what zooms, turns and shifts images."""
    cos, sin = np.cos(np.radians(degrees)) / zoom, np.sin(np.radians(degrees)) / zoom
    centre, margin = 13.5, 14
    middle = centre + right
    across = margin + centre - cos * middle + sin * centre
    down = margin + centre - sin * middle - cos * centre
    data = (cos, -sin, across, sin, cos, down)
    return lambda images: _resampled(images, margin, Image.Transform.AFFINE, data)


def _blurred(images: np.ndarray) -> np.ndarray:
    kernel = gaussian_weights(28, 1.2)
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
    cut = cut_out(images)
    coarse = np.random.default_rng(0).integers(0, 256, (len(images), 7, 7), dtype="uint8")
    return np.where(cut == 0, coarse.repeat(4, axis=1).repeat(4, axis=2), cut)


def _in_hard_shadow(images: np.ndarray) -> np.ndarray:
    """Darken what lies beyond a straight line through the middle, at a random angle."""
    angle = np.random.default_rng(0).uniform(0, 2 * np.pi, (len(images), 1, 1))
    down, across = np.mgrid[:28, :28] - 13.5
    behind = np.cos(angle) * across + np.sin(angle) * down > 0
    return np.where(behind, images * 0.35, images).astype("uint8")


def _compressed(images: np.ndarray) -> np.ndarray:
    """Store as JPEG of a low quality, and read again."""
    read = []
    for image in images:
        file = io.BytesIO()
        Image.fromarray(image).save(file, "JPEG", quality=8)
        read.append(np.asarray(Image.open(file)))
    return np.array(read)


def _tilted(images: np.ndarray) -> np.ndarray:
    """Show as by a camera held high: the lower edge is a third narrower than the upper one."""
    corners = (4.0, 0.0, -4.0, 28.0, 32.0, 28.0, 24.0, 0.0)  # upper left, and on to the left
    return _resampled(images, 8, Image.Transform.QUAD, tuple(8 + corner for corner in corners))


def _with_dead_pixels(images: np.ndarray) -> np.ndarray:
    drawn = np.random.default_rng(0).random(images.shape)
    return np.where(drawn < 0.04, 0, np.where(drawn > 0.96, 255, images)).astype("uint8")


NEW_KINDS: dict[str, Disturbance] = {
    "mirrored (other hand)": lambda images: images[:, :, ::-1],
    "on clutter": _on_clutter,
    "hard shadow": _in_hard_shadow,
    "tilted camera": _tilted,
    "dead pixels": _with_dead_pixels,
    "strongly compressed": _compressed,
}
"""What the fourth notebook does not train with; its companion mirrors, in the second training."""

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
    "on black": cut_out,
    **NEW_KINDS,
}
"""Names for a figure, and the functions: those of ``NEW_KINDS`` last."""
