"""The figures of the notebooks, in the order of a lesson: images, training, evaluation, networks.

Every function returns a :class:`Figure` that shows itself in a notebook, is sharp on dense
screens, and carries a description in words, computed from the numbers it shows. Colours are from
Okabe and Ito's palette (https://jfly.uni-koeln.de/color/), which colour-blind readers can tell
apart. A figure made from practice data says so below it.

Shapes: ``images`` are ``(n, 28, 28)`` or ``(n, 28, 28, 1)``, uint8 from 0 to 255 or float from
0 to 1; ``labels`` are ``(n,)`` whole numbers that index ``class_names``; ``probabilities`` are
``(n, classes)`` with rows that add up to 1.
"""

from workbook.plots.base import BLUE, GREY, ORANGE, Figure, blank, described
from workbook.plots.convolution import convolving, dropping, normalising, pooling
from workbook.plots.evaluation import (
    confident_mistakes,
    confusion_matrix,
    curves,
    interval,
    paired,
    predictions,
    reliability,
)
from workbook.plots.images import captioned, samples, variations
from workbook.plots.networks import (
    attention,
    evidence,
    layers,
    step_on_paper,
    unit,
    weight_images,
)
from workbook.plots.training import by_seed, knobs, learning_curves

__all__ = [
    "BLUE",
    "GREY",
    "ORANGE",
    "Figure",
    "attention",
    "blank",
    "by_seed",
    "captioned",
    "confident_mistakes",
    "confusion_matrix",
    "convolving",
    "curves",
    "described",
    "dropping",
    "evidence",
    "interval",
    "knobs",
    "layers",
    "learning_curves",
    "normalising",
    "paired",
    "pooling",
    "predictions",
    "reliability",
    "samples",
    "step_on_paper",
    "unit",
    "variations",
    "weight_images",
]
