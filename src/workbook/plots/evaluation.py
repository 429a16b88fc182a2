"""Figures of what a trained network does: predictions, mistakes, accuracies and their intervals."""

from collections.abc import Mapping, Sequence

from workbook.plots import base

import numpy as np


def predictions(
    images: np.ndarray,
    labels: np.ndarray,
    probabilities: np.ndarray,
    class_names: Sequence[str],
    title: str = "Predictions, verified against the actual images",
) -> base.Figure:
    """Show images with the predicted class, its probability, and the true class.

    A right prediction has a tick and a solid frame, a wrong one a cross and a dashed frame.
    """
    columns = min(5, len(images))
    rows = -(-len(images) // columns)
    fig = base.blank(2.1 * rows + 0.5)
    axes = fig.subplots(rows, columns, squeeze=False).ravel()
    predicted = probabilities.argmax(axis=1)
    parts = []
    for axis in axes[len(images) :]:
        axis.set_axis_off()
    for axis, image, label, guess, row in zip(
        axes, images, labels, predicted, probabilities, strict=False
    ):
        right = label == guess
        colour = base.BLUE if right else base.ORANGE
        base.picture(axis, image)
        for spine in axis.spines.values():
            spine.set(
                color=colour,
                linewidth=3,
                linestyle="-" if right else (0, (2, 1)),
                capstyle="butt",  # projecting caps, the default, would fill the gaps
            )
        mark = "✓" if right else "✗"
        axis.set_title(f"{mark} {class_names[guess]}, {row[guess]:.1%}", fontsize=9, color=colour)
        axis.set_xlabel(f"actual: {class_names[label]}", fontsize=9)
        parts.append(f"{class_names[guess]} ({row[guess]:.1%}), actually {class_names[label]}")
    fig.suptitle(title)
    wrong = int((predicted != labels).sum())
    return base.described(
        fig,
        f"{base.count(len(images), 'image')}, {wrong} of them misread: {'; '.join(parts)}.",
    )


def confident_mistakes(
    images: np.ndarray,
    labels: np.ndarray,
    probabilities: np.ndarray,
    class_names: Sequence[str],
    count: int = 10,
) -> base.Figure:
    """Show the wrong predictions that the model was surest of, at most ``count``."""
    predicted = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(predicted != labels)
    if not len(wrong):
        return base.sentence(f"The model made no mistake in {len(labels):,} images")
    order = wrong[np.argsort(-probabilities[wrong, predicted[wrong]], kind="stable")][:count]
    mistakes = base.count(len(wrong), "mistake")
    title = f"The {len(order)} most confident of {mistakes}"
    if len(order) == len(wrong):
        title = f"{mistakes} in all"
    return predictions(images[order], labels[order], probabilities[order], class_names, title)


def confusion_matrix(
    labels: np.ndarray, predicted: np.ndarray, class_names: Sequence[str]
) -> base.Figure:
    """Show how often each class (row) was predicted as each other (column)."""
    classes = len(class_names)
    matrix = np.zeros((classes, classes), int)
    np.add.at(matrix, (labels, predicted), 1)
    mistakes = matrix * (1 - np.eye(classes, dtype=int))
    fig = base.blank(6.4)
    axis = fig.subplots()
    most = max(mistakes.max(), 1)
    # The diagonal, which would outshine them all, is grey; the colours are those of the mistakes.
    axis.imshow(np.where(np.eye(classes), np.nan, mistakes), cmap="Blues", vmin=0, vmax=most)
    axis.imshow(np.where(np.eye(classes), 0.25, np.nan), cmap="Greys", vmin=0, vmax=1)
    for (row, column), number in np.ndenumerate(matrix):
        if number:
            axis.text(
                column,
                row,
                f"{number:,}",
                ha="center",
                va="center",
                fontsize=9 if classes <= 10 else 6,
                color="white" if mistakes[row, column] > 0.6 * most else "black",
            )
    axis.set_xticks(range(classes), class_names)
    if max(map(len, class_names)) > 1:
        for name in axis.get_xticklabels():
            name.set(rotation=45, ha="right", rotation_mode="anchor")
    axis.set_yticks(range(classes), class_names)
    title = "Confusion matrix: numbers of images, mistakes in colour"
    text = f"{np.trace(matrix):,} of {matrix.sum():,} images are on the diagonal, read correctly"
    if mistakes.any():
        pairs = [np.unravel_index(k, matrix.shape) for k in mistakes.argsort(axis=None)[::-1][:3]]
        top = [
            f"{class_names[a]} as {class_names[b]} ({mistakes[a, b]})"
            for a, b in pairs
            if mistakes[a, b]
        ]
        title += f"\nmost often: {', '.join(top)}"
        commonest = np.argwhere(mistakes == mistakes.max())
        names = [f"{class_names[row]} taken for {class_names[column]}" for row, column in commonest]
        text += f"; most common, {base.count(mistakes.max(), 'time')}: {', '.join(names)}"
    axis.set(title=title, xlabel="predicted class", ylabel="actual class")
    return base.described(fig, f"Confusion matrix of {classes} classes: {text}.")


def interval(right: int, n: int) -> tuple[float, float]:
    """Return the 95% interval of the share ``right / n``, by Wilson (1927): wide at 100%, too."""
    from scipy.stats import binomtest  # takes longer to import than all else here

    low, high = binomtest(int(right), int(n)).proportion_ci(0.95, method="wilson")
    return float(low), float(high)


def reliability(labels: np.ndarray, probabilities: np.ndarray) -> base.Figure:
    """Show what a network's certainty is worth: accuracy by probability, and by share answered.

    Left: images in ten bins of equal width by the probability of the predicted class, each with
    its accuracy (a reliability diagram; Guo, Pleiss, Sun and Weinberger, 2017); bins of fewer than
    one image in 500 tell nothing and are left out. Right: the
    accuracy on the images that the network is surest of, against their share of all (coverage).
    """
    sure = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    bins = np.minimum((sure * 10).astype(int), 9)
    used = np.flatnonzero(500 * np.bincount(bins) >= len(bins))
    certainty = [float(sure[bins == k].mean()) for k in used]
    accuracy = np.array([right[bins == k].mean() for k in used])
    low, high = np.transpose([interval(right[bins == k].sum(), (bins == k).sum()) for k in used])
    fig = base.blank(3.2)
    left, axis = fig.subplots(1, 2)
    left.plot([0, 1], [0, 1], color=base.GREY, linestyle=":", label="as sure as right")
    left.errorbar(
        certainty,
        accuracy,
        yerr=np.maximum([accuracy - low, high - accuracy], 0),
        fmt="o",
        color=base.BLUE,
        ecolor=base.GREY,
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
    axis.plot(covered / len(order), right[order].cumsum() / covered, color=base.BLUE)
    axis.set(
        title="Answer only when sure",
        xlabel="coverage: share of images answered",
        ylabel="accuracy on these",
        xlim=(0, 1.02),
    )
    for each in (left, axis):
        base.percent(each.xaxis, each.yaxis)
        base.plain(each)
    half = right[order][: len(order) // 2].mean()
    parts = (f"{s:.0%} sure {a:.0%} right" for s, a in zip(certainty, accuracy, strict=True))
    return base.described(
        fig,
        f"Reliability diagram of {len(labels):,} images: {', '.join(parts)}. Accuracy against "
        f"coverage: {half:.1%} on the half that the network is surest of, {right.mean():.1%} on "
        "all.",
    )


def paired(values: Mapping[str, Mapping[str, float]], title: str) -> base.Figure:
    """Show pairs of accuracies, joined by a line: for each name, what two conditions gave.

    Each value maps the names of the same two conditions, such as "before" and "after", to
    fractions from 0 to 1.
    """
    fig = base.blank(0.32 * len(values) + 1.4)
    axis = fig.subplots()
    first, second = list(next(iter(values.values())))
    pairs = np.array([[pair[first], pair[second]] for pair in values.values()])
    for place, pair in enumerate(pairs):
        axis.plot(pair, [place, place], color=base.GREY, zorder=1)
    for condition, accuracy, colour, marker in (
        (first, pairs[:, 0], base.BLUE, "o"),
        (second, pairs[:, 1], base.ORANGE, "s"),
    ):
        axis.scatter(
            accuracy, range(len(pairs)), color=colour, marker=marker, label=condition, zorder=2
        )
    axis.set_yticks(range(len(values)), list(values))
    axis.margins(x=0.05)
    axis.set_ylim(len(values) - 0.5, -0.5)
    axis.set(title=title, xlabel="accuracy")
    fig.legend(fontsize=8, ncols=2, loc="outside lower right")
    axis.grid(axis="x", alpha=0.3)
    base.percent(axis.xaxis)
    base.plain(axis)
    for place, (one, other) in enumerate(pairs):
        axis.annotate(
            f"{one:.1%}, {other:.1%}",
            (1.02, place),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=8,
        )
    parts = (
        f"{name}, {first} {one:.1%}, {second} {other:.1%}"
        for name, (one, other) in zip(values, pairs, strict=True)
    )
    return base.described(fig, f"{title}: {'; '.join(parts)}.")


def curves(
    x: Sequence[float], values: Mapping[str, Sequence[float]], title: str, xlabel: str
) -> base.Figure:
    """Show accuracies against ``x``, a line for each name."""
    fig = base.blank(2.8)
    axis = fig.subplots()
    for (name, line), marker, colour in zip(
        values.items(), "osD^", (base.BLUE, base.ORANGE, base.GREY, "black"), strict=False
    ):
        axis.plot(x, line, marker=marker, markersize=4, color=colour, label=name)
    axis.set(title=title, xlabel=xlabel, ylabel="accuracy", ylim=(0, 1.02))
    base.percent(axis.yaxis)
    axis.grid(alpha=0.3)
    axis.legend(fontsize=8)
    base.plain(axis)
    parts = (
        f"{name}, " + ", ".join(f"{v:.1%} at {place}" for place, v in zip(x, line, strict=True))
        for name, line in values.items()
    )
    return base.described(fig, f"{title}, against {xlabel}: {'; '.join(parts)}.")
