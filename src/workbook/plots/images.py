"""Figures of the images themselves: samples, how many there are, what was changed."""

from collections.abc import Sequence

from workbook.plots import base

import numpy as np


def samples(
    images: np.ndarray, labels: np.ndarray, class_names: Sequence[str], per_class: int = 12
) -> base.Figure:
    """Show the first ``per_class`` images of each class, a row for each."""
    fig = base.blank(0.5 * len(class_names) + 1.0)
    axis = fig.subplots()
    rows = [images[labels == label][:per_class] for label in range(len(class_names))]
    base.mosaic(axis, rows)
    axis.set_yticks(base.centres(len(rows)), class_names)
    axis.set(title=f"The first {per_class} images of each class", ylabel="class", xticks=[])
    return base.described(
        fig,
        f"{per_class} sample images in each of {len(class_names)} rows, one row a class: "
        f"{', '.join(class_names)}.",
    )


def variations(
    images: np.ndarray,
    changed: Sequence[np.ndarray],
    title: str,
    names: Sequence[str] | None = None,
) -> base.Figure:
    """Show ``images`` and, side by side with each, its changed versions.

    ``changed`` holds arrays of the same shape as ``images``. With ``names``, a name for each
    change, a change is a row; else it is a numbered column.
    """
    versions = np.stack([images, *changed])
    marks = ["as stored", *(names or map(str, range(1, len(versions))))]
    places = base.centres(len(versions))
    if names:
        fig = base.blank(min((base.WIDTH - 1.7) / len(images), 0.6) * len(versions) + 0.7)
        fig.set_layout_engine("compressed")  # the other one cuts the label off
        axis = fig.subplots()
        base.mosaic(axis, list(versions))
        axis.set_yticks(places, marks)
        axis.set(title=title, ylabel="version", xticks=[])
    else:
        fig = base.blank(min(base.WIDTH / len(versions), 0.9) * len(images) + 1.1)
        axis = fig.subplots()
        base.mosaic(axis, list(versions.swapaxes(0, 1)))
        axis.set_xticks(places, marks)
        axis.set(title=title, xlabel="version", yticks=[])
    listed = f" ({', '.join(names)})" if names else ""
    return base.described(
        fig,
        f"{title}: {base.count(len(images), 'image')}, each as stored and in "
        f"{base.count(len(changed), 'changed version')}{listed}.",
    )


def captioned(images: np.ndarray, captions: Sequence[str], title: str) -> base.Figure:
    """Show a row of ``images``, each with its caption below."""
    fig = base.blank(base.WIDTH / max(len(images), 5) + 0.7)
    axis = fig.subplots()
    base.mosaic(axis, [images])
    axis.set_xticks(base.centres(len(images)), captions)
    axis.set(title=title, yticks=[])
    return base.described(fig, f"{title}: {'; '.join(captions)}.")
