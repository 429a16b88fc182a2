"""Layers that change training images at random, and leave images alone at inference.

:class:`RandomWarp` moves pixels about (one affine map and an elastic distortion, sampled once);
:class:`RandomLight` changes what the pixels hold. Both are part of the model: they are saved with
it, run inside its compiled training step, and draw the same pixels again from the same seed.

Images are float, ``(batch, height, width)`` or ``(batch, height, width, 1)``, and keep their shape.
"""

import math
from functools import cache
from typing import Any

from workbook.backend import keras, tf

import numpy as np
from keras import ops


class _RandomImageLayer(keras.layers.Layer):
    """What the random layers share: when they act, their shapes, their seed, random numbers."""

    def __init__(self, seed: int | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed = seed
        self.generator = keras.random.SeedGenerator(seed)

    def call(self, images: Any, training: bool = False) -> Any:
        """Return changed images when training, else ``images``."""
        if not training:
            return images
        batch = ops.shape(images)[0]
        height, width = images.shape[1:3]
        # In float32 whatever the model computes in: half precision has too few digits for places.
        plain = ops.cast(ops.reshape(images, (batch, height, width)), "float32")
        return ops.cast(ops.reshape(self.change(plain), ops.shape(images)), images.dtype)

    def change(self, images: Any) -> Any:
        """Return changed ``(batch, height, width)`` images, float32 as they came."""
        raise NotImplementedError

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return ``input_shape``."""
        if len(input_shape) == 3 or (len(input_shape) == 4 and input_shape[3] == 1):
            return input_shape
        raise ValueError(
            f"{self.name} was given images of shape {input_shape}; it needs (batch, height, width) "
            "or (batch, height, width, 1), such as (None, 28, 28)."
        )

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Refuse images of another shape when the layer is built, before it is called."""
        self.compute_output_shape(input_shape)

    def _between(self, low: float, high: float, batch: Any) -> Any:
        """Return one number for each image, ``(batch, 1, 1)``, uniform from low to high."""
        return low + (high - low) * self._uniform(batch, (1, 1))

    def _uniform(self, batch: Any, shape: tuple[int, ...]) -> Any:
        """Return numbers of shape ``(batch, *shape)``, uniform from 0 to 1.

        Each is a hash of its place and of the layer's next seed: ``keras.random.uniform`` compiled
        by XLA for a CPU takes some hundred times as long. The rounds are those of MurmurHash3
        (Appleby, https://github.com/aappleby/smhasher).
        """
        first, second = ops.unstack(ops.cast(self.generator.next(), "uint32"))
        bits = ops.arange(batch * math.prod(shape), dtype="int32")
        bits = ops.cast(bits, "uint32") * np.uint32(0x9E3779B9) + first
        for multiplier in (0x85EBCA6B, 0xC2B2AE35, 0x85EBCA6B, 0xC2B2AE35):
            bits = ops.bitwise_xor(bits, ops.bitwise_right_shift(bits, np.uint32(16)))
            bits = bits * np.uint32(multiplier) + second
        bits = ops.bitwise_right_shift(bits, np.uint32(8))
        return ops.reshape(ops.cast(bits, "float32") / 2**24, (batch, *shape))


@keras.saving.register_keras_serializable(package="workbook")
class RandomWarp(_RandomImageLayer):
    """Rotate, zoom, shear, shift and bend images, in one pass of bilinear sampling.

    Each image gets its own numbers, uniform in the ranges below. What comes in from outside the
    image repeats its edge. The elastic distortion is that of Simard, Steinkraus and Platt, "Best
    Practices for Convolutional Neural Networks Applied to Visual Document Analysis" (ICDAR 2003):
    for each pixel a random step between -1 and 1 across and down, smoothed by a Gaussian and
    multiplied by ``alpha``.

    Args:
        flip: a probability of showing the image's mirror image, as a left hand for a right one.
        rotation: degrees; from ``-rotation`` to ``rotation``.
        zoom: a fraction; the size is multiplied by ``1 - zoom`` to ``1 + zoom``, below 1.
        stretch: a fraction; the width alone is multiplied by ``1 - stretch`` to ``1 + stretch``,
            below 1.
        shear: a fraction; a row moves sideways by up to ``shear`` times its distance from the
            middle row.
        shift: a fraction of the image's side, across and down.
        elastic: ``(alpha, sigma)``, both in pixels; (34, 4) in the paper, ``alpha`` 0 for none.
        seed: a whole number for the same warps again in a new layer.

    Raises:
        ValueError: a strength is negative, ``zoom`` or ``stretch`` is not below 1, ``flip`` is
            above 1, or ``sigma`` is not above 0.
    """

    def __init__(
        self,
        rotation: float = 0.0,
        zoom: float = 0.0,
        shear: float = 0.0,
        shift: float = 0.0,
        elastic: tuple[float, float] = (0.0, 4.0),
        flip: float = 0.0,
        stretch: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        """Check the strengths."""
        super().__init__(seed, **kwargs)
        self.strengths = {
            "rotation": rotation,
            "zoom": zoom,
            "shear": shear,
            "shift": shift,
            "flip": flip,
            "stretch": stretch,
        }
        self.elastic = tuple(elastic)
        _check(**self.strengths, alpha=elastic[0])
        if max(zoom, stretch) >= 1 or flip > 1 or elastic[1] <= 0:
            raise ValueError(
                f"zoom={zoom} and stretch={stretch} must be below 1, flip={flip} at most 1, and "
                f"sigma={elastic[1]} above 0."
            )

    def change(self, images: Any) -> Any:
        """Return the images, each warped in its own way."""
        batch = ops.shape(images)[0]
        height, width = images.shape[1:]
        down, across = self._source(batch, height, width)
        down = ops.clip(down + (height - 1) / 2, 0.0, height - 1.0)
        across = ops.clip(across + (width - 1) / 2, 0.0, width - 1.0)
        top = ops.minimum(ops.floor(down), height - 2.0)
        left = ops.minimum(ops.floor(across), width - 2.0)
        down, across = down - top, across - left

        # Four gathers: where XLA compiles them, one of all four neighbours takes twice as long, and
        # so do places counted through the whole batch, which it divides into image and pixel again.
        flat = (batch, height * width)
        corner = ops.reshape(ops.cast(top, "int32") * width + ops.cast(left, "int32"), flat)
        pixels = ops.reshape(images, flat)
        at, right, below, diagonal = (
            ops.reshape(tf.gather(pixels, corner + step, batch_dims=1), (batch, height, width))
            for step in (0, 1, width, width + 1)
        )
        upper = at + across * (right - at)
        lower = below + across * (diagonal - below)
        return upper + down * (lower - upper)

    def _source(self, batch: Any, height: int, width: int) -> tuple[Any, Any]:
        """Return where each new pixel is taken from, in pixels from the middle: down, across."""
        y = (np.arange(height, dtype="float32") - (height - 1) / 2)[None, :, None]
        x = (np.arange(width, dtype="float32") - (width - 1) / 2)[None, None, :]
        by = self.strengths
        turn = self._between(-math.radians(by["rotation"]), math.radians(by["rotation"]), batch)
        size = self._between(1 - by["zoom"], 1 + by["zoom"], batch)
        width_alone = self._between(1 - by["stretch"], 1 + by["stretch"], batch)
        shear = self._between(-by["shear"], by["shear"], batch)
        mirror = ops.where(self._between(0, 1, batch) < by["flip"], -1.0, 1.0)
        y = y - height * self._between(-by["shift"], by["shift"], batch)
        x = x - width * self._between(-by["shift"], by["shift"], batch)
        cos, sin = ops.cos(turn) / size, ops.sin(turn) / size
        down, across = cos * y - sin * x, sin * y + cos * x
        across = (across - shear * down) * mirror / width_alone
        alpha, sigma = self.elastic
        if alpha:
            fields = _smooth_fields(height, width, sigma)
            for_each = 2 * self._uniform(2 * batch, (len(fields),)) - 1
            bend = alpha * ops.reshape(ops.matmul(for_each, fields), (2, batch, height, width))
            down, across = down + bend[0], across + bend[1]
        return down, across

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make this layer again."""
        return {
            **super().get_config(),
            **self.strengths,
            "elastic": self.elastic,
            "seed": self.seed,
        }


@keras.saving.register_keras_serializable(package="workbook")
class RandomLight(_RandomImageLayer):
    """Change light, camera and what is in the way. Images hold numbers from 0 to 1, and stay so.

    Each image gets its own numbers, uniform in the ranges below, applied in the order: what
    stands behind and in front, the light, then the camera.

    Args:
        background: a probability; pixels that are black (0) are replaced by one grey with a ramp
            in this share of the images. For hands cut out on black (``hands.cut_out``).
        cover: a fraction of the image's side; a rectangle with sides of up to this length, at a
            random place, is replaced by one grey.
        gamma: each pixel is raised to a power from ``1 / (1 + gamma)`` to ``1 + gamma``.
        contrast: a fraction; distances from the image's mean are multiplied by ``1 - contrast``
            to ``1 + contrast``.
        brightness: from ``-brightness`` to ``brightness`` is added.
        gradient: a ramp in a random direction is added, of up to this height from one edge to
            the other.
        blur: the standard deviation of a Gaussian, in pixels, from 0 to ``blur``.
        noise: the standard deviation of the noise of single pixels, from 0 to ``noise``.
        seed: a whole number for the same changes again in a new layer.

    Raises:
        ValueError: a strength is negative, or ``background``, ``cover`` or ``contrast`` above 1.
    """

    @classmethod
    def another_room(cls, seed: int | None = None) -> "RandomLight":
        """Return the layer with which the course trains networks that read hands."""
        return cls(
            background=0.5,
            cover=0.25,
            gamma=0.4,
            contrast=0.4,
            brightness=0.2,
            gradient=0.3,
            blur=0.7,
            noise=0.06,
            seed=seed,
        )

    def __init__(
        self,
        background: float = 0.0,
        cover: float = 0.0,
        gamma: float = 0.0,
        contrast: float = 0.0,
        brightness: float = 0.0,
        gradient: float = 0.0,
        blur: float = 0.0,
        noise: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        """Check the strengths."""
        super().__init__(seed, **kwargs)
        self.strengths = {
            "background": background,
            "cover": cover,
            "gamma": gamma,
            "contrast": contrast,
            "brightness": brightness,
            "gradient": gradient,
            "blur": blur,
            "noise": noise,
        }
        _check(**self.strengths)
        for name in ("background", "cover", "contrast"):
            if self.strengths[name] > 1:
                raise ValueError(f"{name}={self.strengths[name]} must be from 0 to 1.")

    def change(self, images: Any) -> Any:
        """Return the images, each in another light."""
        for name, strength in self.strengths.items():
            if strength:
                images = getattr(self, f"_{name}")(images, strength)
        return ops.clip(images, 0.0, 1.0) if any(self.strengths.values()) else images

    def _background(self, images: Any, share: float) -> Any:
        batch = ops.shape(images)[0]
        behind = self._between(0, 1, batch) + self._ramp(images, 0.5)
        behind = ops.clip(behind, 0.0, 1.0)
        chosen = ops.cast(self._between(0, 1, batch) < share, images.dtype)
        # Full at 0 and gone at 1/16, so that a smooth edge stays one.
        return images + chosen * behind * ops.relu(1 - 16 * images)

    def _cover(self, images: Any, side: float) -> Any:
        batch = ops.shape(images)[0]
        inside = 1.0
        for axis, size in ((1, images.shape[1]), (2, images.shape[2])):
            centre = self._between(0, size, batch)
            half = self._between(0, side * size / 2, batch)
            place = np.arange(size, dtype="float32").reshape(
                (1, -1, 1) if axis == 1 else (1, 1, -1)
            )
            inside = inside * ops.cast(ops.abs(place + 0.5 - centre) < half, images.dtype)
        return images + inside * (self._between(0, 1, batch) - images)

    def _gamma(self, images: Any, most: float) -> Any:
        top = math.log1p(most)
        power = ops.exp(self._between(-top, top, ops.shape(images)[0]))
        return ops.power(ops.clip(images, 1e-6, 1.0), power)

    def _contrast(self, images: Any, most: float) -> Any:
        mean = ops.mean(images, axis=(1, 2), keepdims=True)
        return mean + (images - mean) * self._between(1 - most, 1 + most, ops.shape(images)[0])

    def _brightness(self, images: Any, most: float) -> Any:
        return images + self._between(-most, most, ops.shape(images)[0])

    def _gradient(self, images: Any, most: float) -> Any:
        return images + self._ramp(images, most)

    def _ramp(self, images: Any, most: float) -> Any:
        """Return planes of random direction around 0, ``most`` at most from edge to edge."""
        batch = ops.shape(images)[0]
        height, width = images.shape[1:]
        y = np.linspace(-0.5, 0.5, height, dtype="float32")[None, :, None]
        x = np.linspace(-0.5, 0.5, width, dtype="float32")[None, None, :]
        angle = self._between(0, 2 * math.pi, batch)
        return self._between(0, most, batch) * (ops.cos(angle) * x + ops.sin(angle) * y)

    def _blur(self, images: Any, most: float) -> Any:
        batch = ops.shape(images)[0]
        sigma = ops.maximum(self._between(0, most, batch), 0.05)
        rows, columns = (
            ops.exp(-squared_steps(size) / (2 * ops.square(sigma))) for size in images.shape[1:]
        )
        # Divided by the sum within the image, so that its edges do not darken.
        rows = rows / ops.sum(rows, axis=2, keepdims=True)
        columns = columns / ops.sum(columns, axis=1, keepdims=True)
        return ops.matmul(ops.matmul(rows, images), columns)

    def _noise(self, images: Any, most: float) -> Any:
        batch = ops.shape(images)[0]
        # Two uniform numbers added, of standard deviation 1 together: near enough to normal ones.
        shape = tuple(images.shape[1:])
        grain = self._uniform(batch, shape) + self._uniform(batch, shape)
        grain = (grain - 1) * 6**0.5
        return images + grain * self._between(0, most, batch)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make this layer again."""
        return {**super().get_config(), **self.strengths, "seed": self.seed}


def squared_steps(size: int) -> np.ndarray:
    """Return the (size, size) squared distances, in pixels, between the places of a line."""
    place = np.arange(size, dtype="float32")
    return np.square(place[:, None] - place)


@cache
def _smooth_fields(height: int, width: int, sigma: float) -> np.ndarray:
    """Return the (k, height × width) fields that smoothed noise is made of.

    Noise smoothed by a Gaussian is a sum of few fields: the products of the main singular vectors
    of the two smoothing matrices. Random numbers for these, as many and as strong as those of
    single pixels would leave, give 99.8 % of the variance for a fraction of the work.
    """
    sides = []
    for size in (height, width):
        far = math.ceil(6 * sigma)
        total = np.exp(-np.square(np.arange(-far, far + 1)) / (2 * sigma**2)).sum()
        smoothing = np.exp(-squared_steps(size) / (2 * sigma**2)) / total
        vectors, strengths, _ = np.linalg.svd(smoothing)
        main = np.cumsum(strengths**2) <= 0.999 * np.sum(strengths**2)
        sides.append((vectors * strengths)[:, : main.sum() + 1])
    return np.kron(*sides).T.astype("float32")


def _check(**strengths: float) -> None:
    for name, value in strengths.items():
        if value < 0:
            raise ValueError(f"{name}={value} must not be negative.")
