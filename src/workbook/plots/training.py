"""Figures of a training: loss and accuracy against the epoch."""

from collections.abc import Mapping, Sequence
from typing import Any

from workbook.plots import base

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, MaxNLocator


def learning_curves(history: Any) -> base.Figure:
    """Show loss and accuracy against the epoch, with the best epoch by validation loss marked.

    ``history`` is what ``model.fit`` returns, for a model compiled with the metric "accuracy" and
    fitted with validation data.

    Raises:
        ValueError: Accuracy or validation was not recorded, or not in every epoch.
    """
    values = history.history
    if not values:
        return base.sentence("No epoch was completed, so there are no curves yet")
    missing = [k for k in ("accuracy", "val_loss", "val_accuracy") if k not in values]
    if missing:
        raise ValueError(
            f"The history holds {', '.join(values)}, but not {', '.join(missing)}: compile with "
            'metrics=["accuracy"], and fit with validation_data.'
        )
    if len(values["val_loss"]) != len(values["loss"]):
        raise ValueError(
            f"The history holds {base.count(len(values['loss']), 'epoch')}, but validation in "
            f"{len(values['val_loss'])} only: fit with validation_freq=1."
        )
    epochs = np.arange(1, len(values["loss"]) + 1)
    # A training that diverged ends with NaN, which np.argmin would take for the lowest.
    best = int(np.argmin(np.nan_to_num(values["val_loss"], nan=np.inf)))
    # A few markers tell the lines apart without colour; one at each epoch would blur them.
    look: dict[str, Any] = {"markersize": 4, "markevery": max(1, len(epochs) // 10)}
    fig = base.blank(3.4)
    axes = fig.subplots(1, 2)
    for axis, key in zip(axes, ("loss", "accuracy"), strict=True):
        axis.plot(epochs, values[key], "s-", color=base.BLUE, label="training", **look)
        axis.plot(epochs, values[f"val_{key}"], "o-", color=base.ORANGE, label="validation", **look)
        axis.plot(
            epochs[best],
            values[f"val_{key}"][best],
            marker="o",
            color=base.ORANGE,
            markeredgecolor="black",
            linestyle="none",
            label=f"lowest validation loss (epoch {epochs[best]})",
        )
        axis.set(title=f"{key.capitalize()} against epoch", ylabel=key)
        axis.set_xlim(min(1, len(epochs) - 1), len(epochs) + 0.5)
        _by_epoch(axis)
    log = _spans_decades(values["val_loss"])
    axes[0].set_ylabel(
        "cross-entropy loss (nats, log scale)" if log else "cross-entropy loss (nats)"
    )
    axes[0].legend(fontsize=8)
    if log:
        axes[0].set_yscale("log")
    base.percent(axes[1].yaxis)
    return base.described(fig, _describe_curves(values, best))


def _by_epoch(axis: Axes) -> None:
    axis.set_xlabel("epoch")
    axis.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axis.grid(alpha=0.3)
    base.plain(axis)


def _spans_decades(losses: Sequence[float]) -> bool:
    """Return whether a linear axis would press most of these losses onto zero."""
    lowest, highest = np.nanmin(losses), np.nanmax(losses)
    return bool(0 < 8 * lowest < highest < np.inf)


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


def knobs(histories: Mapping[str, Mapping[str, Any]], title: str) -> base.Figure:
    """Show the validation losses of several training runs: a panel for each knob that was turned.

    Each knob maps its settings to what ``model.fit`` returned, with validation after every epoch.
    A run that stands under several knobs, from which each was turned, looks the same in all.
    """
    fig = base.blank(3.4)
    panels = fig.subplots(1, len(histories), sharey=True, squeeze=False)[0]
    trainings = [id(history) for settings in histories.values() for history in settings.values()]
    parts = []
    for axis, (knob, settings) in zip(panels, histories.items(), strict=True):
        others = iter((("s", base.ORANGE), ("D", base.GREY), ("^", "black"), ("v", base.ORANGE)))
        lines = []
        for name, history in settings.items():
            marker, colour = ("o", base.BLUE) if trainings.count(id(history)) > 1 else next(others)
            losses = history.history["val_loss"]
            epochs = range(1, len(losses) + 1)
            axis.plot(epochs, losses, marker=marker, markersize=4, color=colour, label=name)
            lines.append(f"{name}, lowest {np.nanmin(losses):.3f}, at the end {losses[-1]:.3f}")
        axis.set(title=knob, yscale="log")
        axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.yaxis.set_major_formatter("{x:g}")
        axis.minorticks_off()
        _by_epoch(axis)
        # Below: lines that fall and lines that rise leave no corner free.
        axis.legend(
            fontsize=8, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.2), columnspacing=1
        )
        parts.append(f"{knob}: {'; '.join(lines)}.")
    panels[0].set_ylabel("validation loss (nats, log scale)")
    fig.suptitle(title)
    return base.described(fig, f"{title}: validation loss against epoch. {' '.join(parts)}")


def by_seed(values: Mapping[str, Sequence[float]], measure: str, title: str) -> base.Figure:
    """Show a row of points for each way of training, one point a seed.

    ``values`` maps a name to what each seed reached; the band across all rows is the spread of the
    first one, with which the others are compared. ``measure`` names the axis.
    """
    fig = base.blank(1.2 + 0.36 * len(values))
    axis = fig.subplots()
    first, *_ = values.values()
    axis.axvspan(min(first), max(first), color=base.GREY, alpha=0.15, linewidth=0)
    for row, reached in enumerate(values.values()):
        colour = base.BLUE if row else base.GREY
        axis.plot(reached, [row] * len(reached), "o", color=colour, alpha=0.75)
    axis.set_yticks(range(len(values)), list(values))
    axis.set_ylim(len(values) - 0.5, -0.5)
    axis.set(title=title, xlabel=measure)
    axis.grid(axis="x", alpha=0.3)
    base.plain(axis)
    rows = (f"{name} {min(all_):.3g} to {max(all_):.3g}" for name, all_ in values.items())
    return base.described(fig, f"{title}: {measure}, {len(first)} seeds each: {'; '.join(rows)}.")
