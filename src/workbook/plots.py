"""The figures of the notebooks.

Every function returns a :class:`Figure` that shows itself in a notebook, is sharp on dense
screens, and carries a description in words, computed from the numbers it shows. Colours are from
Okabe and Ito's palette (https://jfly.uni-koeln.de/color/), which colour-blind readers can tell
apart. A figure made from practice data says so below it.

Shapes: ``images`` are ``(n, 28, 28)`` or ``(n, 28, 28, 1)``, uint8 from 0 to 255 or float from
0 to 1; ``labels`` are ``(n,)`` whole numbers that index ``class_names``; ``probabilities`` are
``(n, classes)`` with rows that add up to 1.
"""

import base64
import io
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from workbook import datasets

import numpy as np

try:
    import matplotlib
except ValueError:  # MPLBACKEND names none that there is
    del os.environ["MPLBACKEND"]
    for _module in [name for name in sys.modules if name.startswith("matplotlib.")]:
        del sys.modules[_module]
    import matplotlib
from matplotlib import figure
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, MaxNLocator, PercentFormatter
from PIL import Image

matplotlib.rcdefaults()  # whatever a matplotlibrc says; what a notebook sets later holds

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#595959"

WIDTH = 7.5  # inches: what fits a page and a phone turned sideways
DPI = 192  # twice the 96 of a page, for dense screens


class Figure(figure.Figure):
    """A Matplotlib figure that knows what it shows: ``alt`` is its description in words."""

    alt: str = ""

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, str], dict[str, Any]]:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=DPI)
        width, height = (round(inches * 96) for inches in self.get_size_inches())
        png = base64.b64encode(_compact(buffer.getvalue())).decode()
        return (
            {"image/png": png, "text/plain": self.alt},
            {"image/png": {"alt": self.alt, "width": width, "height": height}},
        )


def samples(
    images: np.ndarray, labels: np.ndarray, class_names: Sequence[str], per_class: int = 12
) -> Figure:
    """Show the first ``per_class`` images of each class, a row for each."""
    fig = blank(0.5 * len(class_names) + 1.0)
    axis = fig.subplots()
    rows = [images[labels == label][:per_class] for label in range(len(class_names))]
    _mosaic(axis, rows)
    axis.set_yticks(_centres(len(rows)), class_names)
    axis.set(title=f"The first {per_class} images of each class", ylabel="class", xticks=[])
    return described(
        fig,
        f"{per_class} sample images in each of {len(class_names)} rows, one row a class: "
        f"{', '.join(class_names)}.",
    )


def class_counts(labels: Mapping[str, np.ndarray], class_names: Sequence[str]) -> Figure:
    """Show how many images of each class each part ("training", "validation", "test") holds."""
    fig = blank(0.3 * len(class_names) + 1.2)
    axes = fig.subplots(1, len(labels), sharey=True, squeeze=False)[0]
    said = []
    for axis, (part, values) in zip(axes, labels.items(), strict=True):
        counts = np.bincount(values, minlength=len(class_names))
        bars = axis.barh(class_names, counts, color=BLUE)
        axis.bar_label(bars, fmt="{:,.0f}", padding=2, fontsize=8)
        axis.margins(x=0.3)
        axis.set(title=f"{part}: {len(values):,}", xlabel="images")
        axis.xaxis.set_major_locator(MaxNLocator(3))
        _plain(axis)
        few, many = int(counts.argmin()), int(counts.argmax())
        spread = (
            f"from {counts[few]:,} of {class_names[few]} to {counts[many]:,} of {class_names[many]}"
        )
        if counts[few] == counts[many]:
            spread = f"{counts[few]:,} of each"
        said.append(f"{part}, {len(values):,} images, {spread}")
    axes[0].invert_yaxis()
    axes[0].set_ylabel("class")
    fig.suptitle("Images of each class")
    return described(fig, f"Bar charts of the images of each class: {'; '.join(said)}.")


def pixel_histogram(images: Mapping[str, np.ndarray]) -> Figure:
    """Show how often grey levels from 0 (black) to 255 (white) occur in uint8 images, by dataset.

    The levels are counted in 16 bins of 16; the first dataset is drawn filled, others as lines.
    """
    fig = blank(2.8)
    axis = fig.subplots()
    edges = np.arange(0, 257, 16)
    said = []
    for place, (name, pixels) in enumerate(images.items()):
        counts = np.bincount(pixels.reshape(-1), minlength=256)
        share = counts / counts.sum()
        binned = share.reshape(16, 16).sum(axis=1)
        colour = ORANGE if place else BLUE
        axis.stairs(binned, edges, label=name, color=colour, fill=not place, linewidth=2)
        mode, mean = int(counts.argmax()), float((np.arange(256) * share).sum())
        said.append(
            f"{name}, most common level {mode} ({share[mode]:.0%} of all pixels), mean {mean:.0f}"
        )
    axis.set(
        ylim=(0, 1),  # the same for every dataset, so that two can be compared
        title="How bright the pixels are",
        xlabel="grey level (0 black, 255 white), in bins of 16",
        ylabel="share of all pixels",
    )
    axis.yaxis.set_major_formatter(PercentFormatter(1.0))
    axis.legend(fontsize=8)
    _plain(axis)
    return described(fig, f"Histogram of pixel grey levels from 0 to 255: {'; '.join(said)}.")


def learning_curves(history: Any) -> Figure:
    """Show loss and accuracy against the epoch, with the best epoch by validation loss marked.

    ``history`` is what ``model.fit`` returns, for a model compiled with the metric "accuracy" and
    fitted with validation data.

    Raises:
        ValueError: Accuracy or validation was not recorded, or not in every epoch.
    """
    values = history.history
    if not values:
        return _sentence("No epoch was completed, so there are no curves yet")
    missing = [k for k in ("accuracy", "val_loss", "val_accuracy") if k not in values]
    if missing:
        raise ValueError(
            f"The history holds {', '.join(values)}, but not {', '.join(missing)}: compile with "
            'metrics=["accuracy"], and fit with validation_data.'
        )
    if len(values["val_loss"]) != len(values["loss"]):
        raise ValueError(
            f"The history holds {_count(len(values['loss']), 'epoch')}, but validation in "
            f"{len(values['val_loss'])} only: fit with validation_freq=1."
        )
    epochs = np.arange(1, len(values["loss"]) + 1)
    # A training that diverged ends with NaN, which np.argmin would take for the lowest.
    best = int(np.argmin(np.nan_to_num(values["val_loss"], nan=np.inf)))
    fig = blank(3.4)
    for axis, (key, name) in zip(
        fig.subplots(1, 2), {"loss": "Loss", "accuracy": "Accuracy"}.items(), strict=True
    ):
        # A few markers tell the lines apart without colour; one at each epoch would blur them.
        look: dict[str, Any] = {"markersize": 4, "markevery": max(1, len(epochs) // 10)}
        axis.plot(epochs, values[key], "s-", color=BLUE, label="training", **look)
        axis.plot(epochs, values[f"val_{key}"], "o-", color=ORANGE, label="validation", **look)
        axis.plot(
            epochs[best],
            values[f"val_{key}"][best],
            marker="o",
            color=ORANGE,
            markeredgecolor="black",
            linestyle="none",
            label=f"lowest validation loss (epoch {epochs[best]})",
        )
        axis.set(title=f"{name} against epoch", xlabel="epoch", ylabel=name.lower())
        axis.set_xlim(min(1, len(epochs) - 1), len(epochs) + 0.5)
        axis.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axis.grid(alpha=0.3)
        _plain(axis)
        if key == "accuracy":
            axis.yaxis.set_major_formatter(PercentFormatter(1.0))
        else:
            axis.set_ylabel("cross-entropy loss (nats)")
            axis.legend(fontsize=8)
            if _spans_decades(values["val_loss"]):
                axis.set_yscale("log")
                axis.set_ylabel("cross-entropy loss (nats, log scale)")
    return described(fig, _describe_curves(values, best))


def knobs(histories: Mapping[str, Mapping[str, Any]], title: str) -> Figure:
    """Show the validation losses of several trainings: a panel for each knob that was turned.

    Each knob maps its settings to what ``model.fit`` returned, with validation after every epoch.
    A training that stands under several knobs, from which each was turned, looks the same in all.
    """
    fig = blank(3.4)
    panels = fig.subplots(1, len(histories), sharey=True, squeeze=False)[0]
    trainings = [id(history) for settings in histories.values() for history in settings.values()]
    said = []
    for axis, (knob, settings) in zip(panels, histories.items(), strict=True):
        others = iter((("s", ORANGE), ("D", GREY), ("^", "black"), ("v", ORANGE)))
        each = []
        for name, history in settings.items():
            marker, colour = ("o", BLUE) if trainings.count(id(history)) > 1 else next(others)
            losses = history.history["val_loss"]
            epochs = range(1, len(losses) + 1)
            axis.plot(epochs, losses, marker=marker, markersize=4, color=colour, label=name)
            each.append(f"{name}, lowest {np.nanmin(losses):.3f}, at the end {losses[-1]:.3f}")
        axis.set(title=knob, xlabel="epoch", yscale="log")
        axis.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.yaxis.set_major_formatter("{x:g}")
        axis.minorticks_off()
        axis.grid(alpha=0.3)
        # Below: lines that fall and lines that rise leave no corner free.
        axis.legend(
            fontsize=8, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.2), columnspacing=1
        )
        _plain(axis)
        said.append(f"{knob}: {'; '.join(each)}.")
    panels[0].set_ylabel("validation loss (nats, log scale)")
    fig.suptitle(title)
    return described(fig, f"{title}: validation loss against epoch. {' '.join(said)}")


def predictions(
    images: np.ndarray,
    labels: np.ndarray,
    probabilities: np.ndarray,
    class_names: Sequence[str],
    title: str = "Predictions, verified against the actual images",
) -> Figure:
    """Show images with the predicted class, its probability, and the true class.

    A right prediction has a tick and a solid frame, a wrong one a cross and a dashed frame.
    """
    columns = min(5, len(images))
    rows = -(-len(images) // columns)
    fig = blank(2.1 * rows + 0.5)
    axes = fig.subplots(rows, columns, squeeze=False).ravel()
    predicted = probabilities.argmax(axis=1)
    said = []
    for axis in axes:
        axis.set_axis_off()
    for axis, image, label, guess, row in zip(
        axes, images, labels, predicted, probabilities, strict=False
    ):
        right = label == guess
        axis.set_axis_on()
        _show(axis, image)
        axis.set(xticks=[], yticks=[])
        for spine in axis.spines.values():
            spine.set(
                color=BLUE if right else ORANGE,
                linewidth=3,
                linestyle="-" if right else (0, (2, 1)),
                capstyle="butt",  # projecting caps, the default, would fill the gaps
            )
        axis.set_title(
            f"{'✓' if right else '✗'} {class_names[guess]}, {row[guess]:.1%}",
            fontsize=9,
            color=BLUE if right else ORANGE,
        )
        axis.set_xlabel(f"actual: {class_names[label]}", fontsize=9)
        said.append(f"{class_names[guess]} ({row[guess]:.1%}), actually {class_names[label]}")
    fig.suptitle(title)
    wrong = int((predicted != labels).sum())
    return described(
        fig,
        f"{_count(len(images), 'image')}, {wrong} of them predicted wrongly: {'; '.join(said)}.",
    )


def confident_mistakes(
    images: np.ndarray,
    labels: np.ndarray,
    probabilities: np.ndarray,
    class_names: Sequence[str],
    count: int = 10,
) -> Figure:
    """Show the wrong predictions that the model was surest of, at most ``count``."""
    predicted = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(predicted != labels)
    if not len(wrong):
        return _sentence(f"The model made no mistake in {len(labels):,} images")
    order = wrong[np.argsort(-probabilities[wrong, predicted[wrong]], kind="stable")][:count]
    title = f"The {len(order)} most confident of {_count(len(wrong), 'mistake')}"
    if len(order) == len(wrong):
        title = f"{_count(len(wrong), 'mistake')} in all"
    return predictions(
        images[order],
        labels[order],
        probabilities[order],
        class_names,
        title=title,
    )


def confusion_matrix(
    labels: np.ndarray, predicted: np.ndarray, class_names: Sequence[str]
) -> Figure:
    """Show how often each class (row) was predicted as each other (column)."""
    classes = len(class_names)
    matrix = np.zeros((classes, classes), int)
    np.add.at(matrix, (labels, predicted), 1)
    mistakes = matrix * (1 - np.eye(classes, dtype=int))
    fig = blank(6.4)
    axis = fig.subplots()
    most = max(mistakes.max(), 1)
    # The diagonal, which would outshine them all, is grey; the colours are those of the mistakes.
    axis.imshow(np.where(np.eye(classes), np.nan, mistakes), cmap="Blues", vmin=0, vmax=most)
    axis.imshow(np.where(np.eye(classes), 0.25, np.nan), cmap="Greys", vmin=0, vmax=1)
    size = 9 if classes <= 10 else 6
    for (row, column), number in np.ndenumerate(matrix):
        if number:
            axis.text(
                column,
                row,
                f"{number:,}",
                ha="center",
                va="center",
                fontsize=size,
                color="white" if mistakes[row, column] > 0.6 * most else "black",
            )
    axis.set_xticks(range(classes), class_names)
    if max(map(len, class_names)) > 1:
        for name in axis.get_xticklabels():
            name.set(rotation=45, ha="right", rotation_mode="anchor")
    axis.set_yticks(range(classes), class_names)
    pairs = [np.unravel_index(k, matrix.shape) for k in mistakes.argsort(axis=None)[::-1][:3]]
    top = [f"{class_names[a]} as {class_names[b]} ({mistakes[a, b]})" for a, b in pairs]
    title = "Confusion matrix: numbers of images, mistakes in colour"
    if mistakes.any():
        named = [text for text, (a, b) in zip(top, pairs, strict=True) if mistakes[a, b]]
        title += f"\nmost often: {', '.join(named)}"
    axis.set(title=title, xlabel="predicted class", ylabel="actual class")
    said = f"{np.trace(matrix):,} of {matrix.sum():,} images are on the diagonal, predicted rightly"
    if mistakes.any():
        commonest = np.argwhere(mistakes == mistakes.max())
        names = [f"{class_names[row]} taken for {class_names[column]}" for row, column in commonest]
        said += f"; most common, {_count(mistakes.max(), 'time')}: {', '.join(names)}"
    return described(fig, f"Confusion matrix of {classes} classes: {said}.")


def class_accuracy(labels: np.ndarray, predicted: np.ndarray, class_names: Sequence[str]) -> Figure:
    """Show the accuracy on each class that occurs, hardest first, with Wilson's 95% intervals."""
    if np.array_equal(labels, predicted):
        return _sentence(f"The model read each of {len(class_names)} classes without a mistake")
    images = np.bincount(labels, minlength=len(class_names))
    right = np.bincount(labels[labels == predicted], minlength=len(class_names))
    accuracy = np.divide(right, images, where=images > 0, out=np.full(len(images), np.nan))
    order = [c for c in accuracy.argsort(kind="stable") if images[c]]
    names, accuracy = [class_names[c] for c in order], accuracy[order]
    fig = blank(0.27 * len(names) + 1.1)
    axis = fig.subplots()
    axis.errorbar(
        accuracy,
        range(len(names)),
        xerr=_beyond(accuracy, [interval(right[c], images[c]) for c in order]),
        fmt="o",
        color=BLUE,
        ecolor=GREY,
    )
    axis.set_yticks(range(len(names)), names)
    axis.invert_yaxis()
    axis.margins(x=0.05)
    axis.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=1))
    axis.set(
        title="Accuracy on each class, hardest first",
        xlabel="accuracy (bars: 95% intervals)",
        ylabel="class",
    )
    _column(axis, [f"{value:.1%}" for value in accuracy])
    _plain(axis)
    said = ", ".join(f"{name} {value:.1%}" for name, value in zip(names, accuracy, strict=True))
    return described(fig, f"Accuracy on each of {len(names)} classes, hardest first: {said}.")


def interval(right: int, n: int) -> tuple[float, float]:
    """Return the 95% interval of the share ``right / n``, by Wilson (1927): wide at 100%, too."""
    from scipy.stats import binomtest  # takes longer to import than all else here

    low, high = binomtest(int(right), int(n)).proportion_ci(0.95, method="wilson")
    return float(low), float(high)


def reliability(labels: np.ndarray, probabilities: np.ndarray) -> Figure:
    """Show what a network's certainty is worth: accuracy by probability, and by share answered.

    Left: images in ten bins of equal width by the probability of the predicted class, each with
    its accuracy (a reliability diagram; Guo, Pleiss, Sun and Weinberger, 2017). Right: the
    accuracy on the images that the network is surest of, against their share of all (coverage).
    """
    sure = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    bins = np.minimum((sure * 10).astype(int), 9)
    used = [k for k in range(10) if (bins == k).any()]
    said_sure = [float(sure[bins == k].mean()) for k in used]
    accuracy = np.array([right[bins == k].mean() for k in used])
    spans = [interval(right[bins == k].sum(), (bins == k).sum()) for k in used]
    fig = blank(3.2)
    left, axis = fig.subplots(1, 2)
    left.plot([0, 1], [0, 1], color=GREY, linestyle=":", label="as sure as right")
    left.errorbar(
        said_sure, accuracy, yerr=_beyond(accuracy, spans), fmt="o", color=BLUE, ecolor=GREY
    )
    left.set(
        title="Is it as right as it is sure?",
        xlabel="mean probability of the prediction",
        ylabel="accuracy (bars: 95% intervals)",
        xlim=(0, 1.02),
        ylim=(0, 1.02),
    )
    left.legend(fontsize=8, loc="upper left")
    order = np.argsort(-sure, kind="stable")
    covered = np.arange(1, len(order) + 1)
    axis.plot(covered / len(order), right[order].cumsum() / covered, color=BLUE)
    axis.set(
        title="Answer only when sure",
        xlabel="coverage: share of images answered",
        ylabel="accuracy on these",
        xlim=(0, 1.02),
    )
    for each in (left, axis):
        each.xaxis.set_major_formatter(PercentFormatter(1.0))
        each.yaxis.set_major_formatter(PercentFormatter(1.0))
        _plain(each)
    half = right[order][: len(order) // 2].mean()
    said = ", ".join(
        f"{s:.0%} sure {a:.0%} right" for s, a in zip(said_sure, accuracy, strict=True)
    )
    return described(
        fig,
        f"Reliability diagram of {len(labels):,} images: {said}. Accuracy against coverage: "
        f"{half:.1%} on the half that the network is surest of, {right.mean():.1%} on all.",
    )


def variations(
    images: np.ndarray,
    changed: Sequence[np.ndarray],
    title: str,
    names: Sequence[str] | None = None,
) -> Figure:
    """Show ``images`` and, side by side with each, what became of it.

    ``changed`` holds arrays of the same shape as ``images``. Where ``names`` tells what each
    change is called, a change is a row with its name; else it is a numbered column.
    """
    versions = np.stack([images, *changed])
    said = f"{_count(len(images), 'image')}, each as stored and in "
    said += _count(len(changed), "changed version")
    said += f" ({', '.join(names)})" if names else ""
    marks = ["as stored", *(names or map(str, range(1, len(versions))))]
    centres = _centres(len(versions))
    if names:
        fig = blank(min((WIDTH - 1.7) / len(images), 0.6) * len(versions) + 0.7)
        fig.set_layout_engine("compressed")  # the other one cuts the label off
        axis = fig.subplots()
        _mosaic(axis, list(versions))
        axis.set_yticks(centres, marks)
        axis.set(title=title, ylabel="version", xticks=[])
    else:
        fig = blank(min(WIDTH / len(versions), 0.9) * len(images) + 1.1)
        axis = fig.subplots()
        _mosaic(axis, list(versions.swapaxes(0, 1)))
        axis.set_xticks(centres, marks)
        axis.set(title=title, xlabel="version", yticks=[])
    return described(fig, f"{title}: {said}.")


def captioned(images: np.ndarray, captions: Sequence[str], title: str) -> Figure:
    """Show a row of ``images``, each with its caption below."""
    fig = blank(WIDTH / max(len(images), 5) + 0.7)
    axis = fig.subplots()
    _mosaic(axis, [images])
    axis.set_xticks(_centres(len(images)), captions)
    axis.set(title=title, yticks=[])
    return described(fig, f"{title}: {'; '.join(captions)}.")


def bars(
    values: Mapping[str, float],
    title: str,
    xlabel: str = "accuracy",
    n: int | None = None,
    apart: Mapping[str, Sequence[str]] | None = None,
) -> Figure:
    """Show fractions from 0 to 1, each with its name, as horizontal bars.

    With ``n``, the number of independent measurements behind each, its 95% interval is drawn.
    ``apart`` gives a heading and the names of those that are drawn in another colour.
    """
    heading, others = next(iter(apart.items())) if apart else ("", ())
    fig = blank(0.32 * len(values) + 1.1)
    axis = fig.subplots()
    numbers = np.array(list(values.values()), float)
    spans = [interval(round(value * n), n) for value in numbers] if n else None
    drawn = axis.barh(
        list(values),
        numbers,
        color=[ORANGE if name in others else BLUE for name in values],
        xerr=_beyond(numbers, spans) if spans else None,
        ecolor="black",
        error_kw={"linewidth": 1},
    )
    if others:
        inside = next(bar for name, bar in zip(values, drawn, strict=True) if name in others)
        fig.legend([inside], [heading], fontsize=8, loc="outside lower right")
        for name, bar in zip(values, drawn, strict=True):
            bar.set_hatch("//" if name in others else "")
            bar.set_edgecolor("white")
    _column(axis, [f"{value:.1%}" for value in numbers])
    axis.invert_yaxis()
    axis.set_xlim(0, 1)
    axis.xaxis.set_major_formatter(PercentFormatter(1.0))
    axis.set(title=title, xlabel=xlabel + (" (lines: 95% intervals)" if n else ""))
    _plain(axis)
    said = ", ".join(f"{name} {value:.1%}" for name, value in values.items())
    named = (
        f" {heading.capitalize()}: {', '.join(n for n in values if n in others)}." if others else ""
    )
    return described(fig, f"{title}: {said}.{named}")


def paired(values: Mapping[str, Mapping[str, float]], title: str) -> Figure:
    """Show pairs of accuracies, joined by a line: for each name, what two conditions gave.

    Each value maps the names of the same two conditions, such as "before" and "after", to
    fractions from 0 to 1.
    """
    fig = blank(0.32 * len(values) + 1.4)
    axis = fig.subplots()
    first, second = list(next(iter(values.values())))
    for place, pair in enumerate(values.values()):
        axis.plot([pair[first], pair[second]], [place, place], color=GREY, zorder=1)
    for condition, colour, marker in ((first, BLUE, "o"), (second, ORANGE, "s")):
        axis.scatter(
            [pair[condition] for pair in values.values()],
            range(len(values)),
            color=colour,
            marker=marker,
            label=condition,
            zorder=2,
        )
    axis.set_yticks(range(len(values)), list(values))
    axis.margins(x=0.05)
    axis.set_ylim(len(values) - 0.5, -0.5)
    axis.xaxis.set_major_formatter(PercentFormatter(1.0))
    axis.set(title=title, xlabel="accuracy")
    fig.legend(fontsize=8, ncols=2, loc="outside lower right")
    axis.grid(axis="x", alpha=0.3)
    _column(axis, [f"{pair[first]:.1%}, {pair[second]:.1%}" for pair in values.values()])
    _plain(axis)
    said = "; ".join(
        f"{name}, {first} {pair[first]:.1%}, {second} {pair[second]:.1%}"
        for name, pair in values.items()
    )
    return described(fig, f"{title}: {said}.")


def curves(
    x: Sequence[float], values: Mapping[str, Sequence[float]], title: str, xlabel: str
) -> Figure:
    """Show accuracies against ``x``, a line for each name."""
    fig = blank(2.8)
    axis = fig.subplots()
    for (name, line), marker, colour in zip(
        values.items(), "osD^", (BLUE, ORANGE, GREY, "black"), strict=False
    ):
        axis.plot(x, line, marker=marker, markersize=4, color=colour, label=name)
    axis.set(title=title, xlabel=xlabel, ylabel="accuracy", ylim=(0, 1.02))
    axis.yaxis.set_major_formatter(PercentFormatter(1.0))
    axis.grid(alpha=0.3)
    axis.legend(fontsize=8)
    _plain(axis)
    said = "; ".join(
        f"{name}, " + ", ".join(f"{v:.1%} at {place}" for place, v in zip(x, line, strict=True))
        for name, line in values.items()
    )
    return described(fig, f"{title}, against {xlabel}: {said}.")


def weight_images(weights: Mapping[str, np.ndarray], title: str, units: int = 16) -> Figure:
    """Show the weights of a layer's first units as images, purple below 0 and orange above.

    Each array is (784, units), or (height, width, units) for a convolution's filters of one
    channel. All have one scale.
    """
    stacks = {name: _as_images(array)[:units] for name, array in weights.items()}
    most = max(float(np.abs(images).max()) for images in stacks.values())
    across = min(units, 8)
    down = -(-min(units, *(len(images) for images in stacks.values())) // across)
    fig = blank((WIDTH - 1) / across * down * len(stacks) + 0.9)
    axes = fig.subplots(len(stacks), 1, squeeze=False)[:, 0]
    for axis, (name, images) in zip(axes, stacks.items(), strict=True):
        side = images.shape[1]
        gap = max(1, side // 14)
        canvas = np.full(((side + gap) * down - gap, (side + gap) * across - gap), np.nan)
        for place, image in enumerate(images):
            top, left = (side + gap) * (place // across), (side + gap) * (place % across)
            canvas[top : top + side, left : left + side] = image
        drawn = axis.imshow(canvas, cmap="PuOr_r", vmin=-most, vmax=most, interpolation="nearest")
        axis.set(ylabel=name, xticks=[], yticks=[])
        axis.spines[:].set_visible(False)
    fig.colorbar(drawn, ax=list(axes), label="weight", shrink=0.8)
    fig.suptitle(title)
    said = "; ".join(
        f"{name}, spread {images.std():.3f}, neighbouring weights correlate by "
        f"{np.corrcoef(images[:, :, 1:].ravel(), images[:, :, :-1].ravel())[0, 1]:.2f}"
        for name, images in stacks.items()
    )
    return described(fig, f"{title}: {units} images each; {said}.")


def _as_images(weights: np.ndarray) -> np.ndarray:
    if weights.ndim == 2:
        weights = weights.reshape(28, 28, -1)
    return np.moveaxis(weights, -1, 0)


def feature_maps(image: np.ndarray, maps: Mapping[str, np.ndarray], shown: int = 8) -> Figure:
    """Show an image and the first feature maps of some layers, a row for each layer.

    ``maps`` gives each layer's activations for this image, (height, width, maps); each map is
    drawn from its own lowest to its own highest activation.
    """
    fig = blank(0.95 * (len(maps) + 1) + 0.6)
    axes = fig.subplots(len(maps) + 1, shown)
    for axis in axes.flat:
        axis.set(xticks=[], yticks=[])
        axis.spines[:].set_visible(False)
    _show(axes[0, 0], image)
    axes[0, 0].set_ylabel("image", fontsize=9)
    said = []
    for row, (name, activations) in zip(axes[1:], maps.items(), strict=True):
        height, width, count = activations.shape
        row[0].set_ylabel(f"{name}\n{height} × {width}", fontsize=9)
        for axis, number in zip(row, range(min(count, shown)), strict=False):
            axis.imshow(activations[:, :, number], cmap="gray", interpolation="nearest")
        said.append(
            f"{name}, {count} maps of {height} by {width}, "
            f"{(activations > 0).mean():.0%} of them active"
        )
    fig.suptitle("What the layers make of one image")
    return described(fig, f"An image and {shown} feature maps of each layer: {'; '.join(said)}.")


def attention(
    images: np.ndarray, captions: Sequence[str], maps: Mapping[str, np.ndarray], title: str
) -> Figure:
    """Show a row of images, and below them each of some (n, 28, 28) maps of what mattered there."""
    fig = blank(0.95 * (len(maps) + 1) + 0.8)
    axes = fig.subplots(len(maps) + 1, len(images), squeeze=False)
    said = []
    for axis in axes.flat:
        axis.set(xticks=[], yticks=[])
        axis.spines[:].set_visible(False)
    for axis, image, caption in zip(axes[0], images, captions, strict=True):
        _show(axis, image)
        axis.set_title(caption, fontsize=9)
    for row, (name, pixels) in zip(axes[1:], maps.items(), strict=True):
        row[0].set_ylabel(name, fontsize=9)
        centre = []
        for axis, image, mattered in zip(row, images, pixels, strict=True):
            _show(axis, image)
            most = max(float(np.abs(mattered).max()), 1e-9)
            axis.imshow(mattered, cmap="PuOr_r", vmin=-most, vmax=most, alpha=0.65)
            weight = np.maximum(mattered, 0)
            centre.append(weight[6:22, 6:22].sum() / max(weight.sum(), 1e-9))
        said.append(f"{name}, {np.mean(centre):.0%} of it in the middle 16 by 16 pixels")
    fig.suptitle(title)
    return described(fig, f"{title}: {', '.join(captions)}; {'; '.join(said)}.")


def evidence(
    image: np.ndarray, votes: Mapping[str, np.ndarray], probabilities: Mapping[str, float]
) -> Figure:
    """Show an image, what each of its pixels adds to some sums, and what the network concludes.

    ``votes`` maps a title to (28, 28) numbers: orange adds to the sum, purple takes away.
    """
    fig = blank(2.5)
    first, *others, last = fig.subplots(1, len(votes) + 2)
    _show(first, image)
    first.set(title="the image", xticks=[], yticks=[])
    for axis, (title, pixels) in zip(others, votes.items(), strict=True):
        most = float(np.abs(pixels).max()) or 1.0
        axis.imshow(pixels.reshape(28, 28), cmap="PuOr_r", vmin=-most, vmax=most)
        axis.set_title(title, fontsize=9)
        axis.set(xlabel=f"sum {pixels.sum():+.1f}", xticks=[], yticks=[])
    last.barh(list(probabilities), list(probabilities.values()), color=BLUE)
    last.invert_yaxis()
    last.set(title="its conclusion", xlabel="probability", xlim=(0, 1))
    _plain(last)
    sums = ", ".join(
        f"{' '.join(title.split())} {pixels.sum():+.1f}" for title, pixels in votes.items()
    )
    top = sorted(probabilities, key=lambda name: -probabilities[name])[:2]
    said = ", ".join(f"{name} {probabilities[name]:.0%}" for name in top)
    return described(
        fig,
        f"An image and what its pixels add to some sums ({sums}), orange for more and purple for "
        f"less; most probable: {said}.",
    )


def step_on_paper(step: Mapping[str, np.ndarray]) -> Figure:
    """Show one step of a small network as a graph: values above, gradients below.

    ``step`` is what :func:`workbook.explain.backpropagation` returns. A silent unit is dashed.
    """
    step = {name: value + 0.0 for name, value in step.items()}  # no -0
    layers = [step["x"], step["H"], step["P"]]
    gradients: list[Any] = [None, step["dZ1"], step["dZ2"]]
    fig = blank(3.4)
    axis = fig.subplots()
    places = [[(column, -row) for row in range(len(layer))] for column, layer in enumerate(layers)]
    silent = step["Z1"] <= 0
    for column, name in enumerate(("W1", "W2")):
        for (i, j), weight in np.ndenumerate(step[name]):
            start, end = np.array(places[column][i]), np.array(places[column + 1][j])
            off = silent[j] if column == 0 else silent[i]
            axis.plot(*zip(start, end, strict=True), color=GREY, ls=":" if off else "-", zorder=1)
            at = start + (end - start) * (0.3 if i == j else 0.22)
            box = {"facecolor": "white", "edgecolor": "none", "pad": 1}
            text: dict[str, Any] = {"ha": "center", "fontsize": 8, "bbox": box}
            axis.text(at[0], at[1] + 0.02, f"{weight:g}", va="bottom", color=BLUE, **text)
            gradient = _two(float(step[f"d{name}"][i, j]))
            axis.text(at[0], at[1] - 0.02, gradient, va="top", color=ORANGE, **text)
    for column, layer in enumerate(layers):
        for row, value in enumerate(layer):
            x, y = places[column][row]
            dashed = column == 1 and bool(silent[row])
            circle: dict[str, Any] = {
                "s": 1900,
                "facecolor": "white",
                "edgecolor": GREY,
                "zorder": 2,
            }
            axis.scatter(x, y, linestyle="--" if dashed else "-", linewidth=1.5, **circle)
            axis.text(x, y + 0.02, _two(value), ha="center", va="bottom", color=BLUE, zorder=3)
            if gradients[column] is not None:
                told = _two(gradients[column][row])
                axis.text(x, y - 0.02, told, ha="center", va="top", color=ORANGE, zorder=3)
    for column, name in enumerate(("inputs", "hidden units", "probabilities")):
        axis.text(column, 0.5, name, ha="center", fontsize=9)
    title = "One step on paper: values (blue, above) and gradients (orange, below)"
    axis.set(title=title, xlim=(-0.3, 2.3), ylim=(0.4 - len(step["H"]), 0.7))
    axis.set_axis_off()
    said = [f"inputs {_listed(step['x'])}"]
    said += [
        f"hidden unit {j + 1} is {'silent' if silent[j] else f'{h:.3g}'}, gradient {d:.2f}"
        for j, (h, d) in enumerate(zip(step["H"], step["dZ1"], strict=True))
    ]
    said += [f"probabilities {_listed(step['P'])}, gradients of the logits {_listed(step['dZ2'])}"]
    said += [f"gradients of {name} {_listed(step[f'd{name}'].ravel())}" for name in ("W1", "W2")]
    return described(fig, f"{title}: {'; '.join(said)}.")


def _two(number: float) -> str:
    """Return a number with two digits, a whole one without."""
    return f"{number:g}" if number == int(number) else f"{number:.2f}"


def _listed(numbers: np.ndarray) -> str:
    return ", ".join(f"{number + 0.0:.3g}" for number in numbers)


def _compact(png: bytes) -> bytes:
    """Return the picture in a palette of 256 colours, a third of the size of full colour."""
    buffer = io.BytesIO()
    with Image.open(io.BytesIO(png)) as picture:
        picture.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(
            buffer, format="png", optimize=True
        )
    return buffer.getvalue()


def blank(height: float) -> Figure:
    """Return an empty figure of the page's width, ``height`` inches high."""
    return Figure(figsize=(WIDTH, height), layout="constrained")


def _sentence(text: str) -> Figure:
    """Return a sentence in place of a figure."""
    fig = blank(1.2)
    fig.text(0.5, 0.5, text, ha="center", va="center")
    return described(fig, f"No figure. {text}.")


def described(fig: Figure, alt: str) -> Figure:
    """Set the description and, where practice data was loaded, the mark."""
    fig.alt = alt
    notice = datasets.practice_notice()
    if notice:
        fig.alt += f" Made from {notice}."
        fig.supxlabel(notice, fontsize=8, color=ORANGE, style="italic")
    return fig


def _show(axis: Axes, image: np.ndarray) -> None:
    top = 255 if np.issubdtype(image.dtype, np.integer) else 1
    axis.imshow(image.reshape(28, 28), cmap="gray", vmin=0, vmax=top, interpolation="nearest")


def _mosaic(axis: Axes, rows: Sequence[np.ndarray]) -> None:
    """Draw rows of images as one picture, which is far quicker than one plot for each image."""
    size, gap = 28, 2
    step = size + gap
    top = 255 if np.issubdtype(rows[0].dtype, np.integer) else 1
    columns = max(map(len, rows))
    canvas = np.full((len(rows) * step - gap, columns * step - gap), np.nan)
    for down, row in enumerate(rows):
        for across, image in enumerate(row):
            canvas[down * step :, across * step :][:size, :size] = image.reshape(size, size)
    axis.imshow(canvas, cmap="gray", vmin=0, vmax=top, interpolation="nearest")
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)


def _centres(count: int) -> np.ndarray:
    """Return where the middle of each row or column of a mosaic is, in pixels."""
    return np.arange(count) * 30 + 13.5


def _beyond(values: np.ndarray, spans: Sequence[tuple[float, float]]) -> np.ndarray:
    """Return how far each interval goes below and above its value, as error bars want it."""
    low, high = np.transpose(spans)
    return np.maximum([values - low, high - values], 0)


def _column(axis: Axes, texts: Sequence[str]) -> None:
    """Write a text at the right of each place 0, 1, … of the y axis, in a column of its own."""
    for place, text in enumerate(texts):
        axis.annotate(
            text, (1.02, place), xycoords=("axes fraction", "data"), va="center", fontsize=8
        )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _spans_decades(losses: Sequence[float]) -> bool:
    """Tell whether a linear axis would press most of these values onto zero."""
    lowest, highest = np.nanmin(losses), np.nanmax(losses)
    return bool(0 < 8 * lowest < highest < np.inf)


def _plain(axis: Axes) -> None:
    axis.spines[["top", "right"]].set_visible(False)


def _describe_curves(values: Mapping[str, Sequence[float]], best: int) -> str:
    epochs = len(values["loss"])
    loss, accuracy, valid = values["loss"], values["accuracy"], values["val_accuracy"]
    top = int(np.argmax(valid))
    lowest, last = values["val_loss"][best], values["val_loss"][-1]
    rises = last > 1.05 * lowest and last - lowest > 0.01
    risen = ", a rise that is a sign of overfitting" if rises else ""
    return (
        f"Loss and accuracy against epoch, {epochs} epochs. Training loss goes from {loss[0]:.3f} "
        f"to {loss[-1]:.3f}; training accuracy from "
        f"{accuracy[0]:.1%} to {accuracy[-1]:.1%}; validation accuracy from {valid[0]:.1%} to "
        f"{valid[-1]:.1%}, at most {valid[top]:.1%} at epoch {top + 1}. Validation loss is lowest "
        f"at epoch {best + 1} ({lowest:.3f}); at the end it is {last:.3f}{risen}."
    )
