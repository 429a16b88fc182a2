"""How answers to notebook 04 are judged: fingerspelled letters, with a convolutional network."""

from workbook.exercises import slips
from workbook.exercises.exercise import Equals, Exercise, Facts, Judge

import numpy as np


def _sums(facts: Facts, turned: bool = False) -> np.ndarray:
    """Return the sums of a filter of 3 by 3 in each place of a patch."""
    patch, kernel = np.array(facts["patch"]), np.array(facts["kernel"])
    kernel = kernel[::-1, ::-1] if turned else kernel
    windows = np.lib.stride_tricks.sliding_window_view(patch, (3, 3))
    return (windows * kernel).sum(axis=(2, 3))


def _stop(losses: list[float], patience: int) -> list[int]:
    """Return the epoch after which early stopping ends a training, and that of the weights."""
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        elif epoch - best >= patience:
            return [epoch + 1, best + 1]
    return [len(losses), best + 1]


def _stops(facts: Facts) -> list[list[list[int]]]:
    return [[_stop(facts["losses"], patience) for patience in facts["patience"]]]


def _stop_rising(losses: list[float], patience: int) -> list[int]:
    """Return where training would end if each loss were compared with the one before it."""
    waited = 0
    for epoch in range(1, len(losses)):
        waited = waited + 1 if losses[epoch] >= losses[epoch - 1] else 0
        if waited == patience:
            return [epoch + 1, losses.index(min(losses[: epoch + 1])) + 1]
    return [len(losses), losses.index(min(losses)) + 1]


def _counts(dense: int, convolution: int, dense_doubled: int, doubled: int) -> Judge:
    return Equals(lambda _: [np.array([dense, convolution, dense_doubled, doubled])])


DENSE = 28**2 * 28**2 * 32
FILTERS = 3 * 3 * 1 * 32


_is_stops = Equals(_stops)


EXERCISES: dict[str, Exercise] = {
    "sign-language-mnist.convolve": Exercise(
        facts=lambda patch, kernel: {
            "patch": np.asarray(patch).tolist(),
            "kernel": np.asarray(kernel).tolist(),
        },
        right=Equals(lambda facts: [_sums(facts), _sums(facts).ravel()]),
        slips={
            "turned round": Equals(lambda facts: [_sums(facts, turned=True)]),
            "mean": Equals(lambda facts: [_sums(facts) / 9], within=0.01),
        },
    ),
    "sign-language-mnist.count": Exercise(
        facts=dict,
        right=_counts(DENSE, FILTERS, 16 * DENSE, FILTERS),
        slips={
            "convolution grows": _counts(DENSE, FILTERS, 16 * DENSE, 4 * FILTERS),
            "outputs stay": _counts(DENSE, FILTERS, 4 * DENSE, FILTERS),
            "biases": _counts(
                DENSE + 28**2 * 32, FILTERS + 32, 16 * DENSE + 4 * 28**2 * 32, FILTERS + 32
            ),
            "one output channel": _counts(28**4, FILTERS, 56**4, FILTERS),
        },
    ),
    "sign-language-mnist.receptive-field": Exercise(
        facts=dict,
        right=Equals(lambda _: 22),
        slips={
            "without pooling": Equals(lambda _: 7),
            "one pooling short": Equals(lambda _: 18),
        },
    ),
    "sign-language-mnist.patience": Exercise(
        facts=lambda losses, patience: {
            "losses": [float(loss) for loss in losses],
            "patience": [int(one) for one in patience],
        },
        right=_is_stops,
        slips={
            "counted from 0": slips.counted_from(0, _is_stops),
            "one too late": Equals(lambda facts: [[[e + 1, b] for e, b in _stops(facts)[0]]]),
            "one too early": Equals(lambda facts: [[[e - 1, b] for e, b in _stops(facts)[0]]]),
            "from one to the next": Equals(
                lambda facts: [[_stop_rising(facts["losses"], p) for p in facts["patience"]]]
            ),
            "sees the future": lambda answer, facts: all(
                pair[1] == facts["losses"].index(min(facts["losses"])) + 1 for pair in answer
            ),
        },
    ),
}
