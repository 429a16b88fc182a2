"""A layer that shows a network what differs from its surroundings, whatever the light."""

from typing import Any

from workbook.backend import keras
from workbook.layers.augment import squared_steps

import numpy as np
from keras import ops

FLOOR = 0.05
"""The least spread that is divided by: a plain wall is not blown up into its noise."""


@keras.saving.register_keras_serializable(package="workbook")
class LocalContrast(keras.layers.Layer):
    """Give each pixel twice: against the whole image, and against its neighbourhood.

    Each channel is the pixel minus a mean, over a standard deviation. In the first one both are
    those of the image, so that neither brightness nor contrast matters. In the second one they
    are weighted by a Gaussian around the pixel, so that neither do soft shadows nor an uneven
    light: what is left is edges. This is the local contrast normalisation of Jarrett, Kavukcuoglu,
    Ranzato and LeCun, "What is the Best Multi-Stage Architecture for Object Recognition?" (ICCV
    2009).

    Images are float, ``(batch, height, width, 1)``, from 0 to 1; the result is
    ``(batch, height, width, 2)``.

    Args:
        sigma: the standard deviation of the Gaussian, in pixels, above 0.

    Raises:
        ValueError: ``sigma`` is not above 0, or images have another shape.
    """

    def __init__(self, sigma: float = 2.0, **kwargs: Any) -> None:
        """Check ``sigma``."""
        super().__init__(**kwargs)
        if sigma <= 0:
            raise ValueError(f"sigma={sigma} must be above 0.")
        self.sigma = sigma

    def call(self, images: Any) -> Any:
        """Return the two channels."""
        # In float32 whatever the model computes in: variances are small differences.
        plain = ops.cast(images[..., 0], "float32")
        rows, columns = (gaussian_weights(size, self.sigma) for size in plain.shape[1:])

        def around(values: Any) -> Any:
            return ops.matmul(ops.matmul(rows, values), columns.T)

        def whole(values: Any) -> Any:
            return ops.mean(values, axis=(1, 2), keepdims=True)

        both = ops.stack([_against(plain, mean) for mean in (whole, around)], axis=-1)
        return ops.cast(both, images.dtype)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the shape of the images with two channels."""
        if len(input_shape) != 4 or input_shape[3] != 1:
            raise ValueError(
                f"{self.name} was given images of shape {input_shape}; it needs (batch, height, "
                "width, 1), such as (None, 28, 28, 1)."
            )
        return (*input_shape[:3], 2)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Refuse images of another shape when the layer is built, before it is called."""
        self.compute_output_shape(input_shape)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make this layer again."""
        return {**super().get_config(), "sigma": self.sigma}


def _against(images: Any, mean: Any) -> Any:
    """Return ``images`` minus their ``mean``, over their spread around it."""
    level = mean(images)
    variance = mean(ops.square(images)) - ops.square(level)
    return (images - level) / ops.sqrt(ops.maximum(variance, 0.0) + FLOOR**2)


def gaussian_weights(size: int, sigma: float) -> np.ndarray:
    """Return (size, size) weights, Gaussian around each place of a line, rows summing to 1."""
    weights = np.exp(-squared_steps(size) / (2 * sigma**2))
    return weights / weights.sum(axis=1, keepdims=True)
