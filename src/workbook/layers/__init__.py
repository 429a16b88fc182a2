"""Keras layers that a saved model takes along: images changed at random, and seen in any light."""

from workbook.layers.augment import RandomLight, RandomWarp
from workbook.layers.contrast import LocalContrast

__all__ = ["LocalContrast", "RandomLight", "RandomWarp"]
