"""How people make the 24 letters that are signed without a movement, as data.

The first way to make a letter is that of Sign Language MNIST; the others are how signers commonly
make it, and they are not always the same sign: Sign Language MNIST shows K from the side, T as a
pointing hand, F with its fingers spread. Those in `fitted_signs.csv`, the fists above all, are
fitted to photographs. Angles are in degrees, points as in `workbook.practice.hands`.
"""

import csv
from dataclasses import asdict, dataclass
from pathlib import Path

from workbook.practice.hands import (
    ALONG,
    FIST,
    MEETING,
    POSES,
    UP,
    Finger,
    Point,
    Pose,
    lean,
)

Thumb = tuple[Point, Point, Point]


@dataclass(frozen=True)
class Sign(Pose):
    """A pose that also nods and slants.

    ``pitch`` nods the fingers towards the viewer; ``slant`` lowers the knuckles from the index to
    the little finger, as in a tight fist, by up to about a third of the palm at 1.
    """

    pitch: float = 0
    slant: float = 0


# The fingers of a fist as it is commonly made: from the index on, each is bent a little further.
INDEX: Finger = (56, 105, 0)
MIDDLE: Finger = (66, 108, 0)
RING: Finger = (78, 108, 0)
LITTLE: Finger = (90, 104, 0)
ROUND: Finger = (45, 55, 0)

# Where the thumb's two joints and its tip are.
OVER_FINGERS: Thumb = ((0.85, -0.25, 0.5), (0.62, 0.25, 1.0), (-0.1, 0.22, 1.05))
OVER_RING: Thumb = ((0.85, -0.3, 0.5), (0.6, 0.1, 1.0), (-0.1, 0.05, 1.1))
ON_PALM: Thumb = ((0.85, -0.3, 0.4), (0.55, 0.1, 0.6), (0.05, 0.25, 0.55))
C_THUMB: Thumb = ((0.9, -0.4, 0.5), (0.95, -0.35, 1.1), (0.8, -0.05, 1.6))
O_THUMB: Thumb = ((0.85, -0.4, 0.55), (0.85, -0.05, 1.05), (0.62, 0.5, 1.15))
F_THUMB: Thumb = ((0.85, -0.25, 0.5), (0.9, 0.25, 0.85), (0.7, 0.7, 1.0))
G_THUMB: Thumb = ((0.9, -0.2, 0.3), (0.95, 0.35, 0.5), (0.85, 0.95, 0.5))
K_THUMB: Thumb = ((0.85, -0.2, 0.4), (0.62, 0.4, 0.65), (0.4, 1.0, 0.55))
K_THUMB_IN: Thumb = ((0.85, -0.15, 0.5), (0.7, 0.45, 0.7), (0.25, 1.0, 0.5))
P_THUMB: Thumb = ((0.8, -0.2, 0.5), (0.7, 0.3, 0.9), (0.5, 0.6, 1.4))
Q_THUMB: Thumb = ((0.9, -0.2, 0.4), (0.9, 0.3, 0.8), (0.85, 0.85, 1.0))
Y_THUMB: Thumb = ((1.0, -0.4, 0.2), (1.4, 0, 0.2), (1.7, 0.4, 0.15))


def _bent(finger: Finger, knuckle: float = 0, degrees: float = 0) -> Finger:
    """Return the finger bent at its knuckle and leaning towards the thumb by so many degrees."""
    return knuckle, finger[1], degrees


_AS_COMMONLY_MADE: dict[str, tuple[Sign, ...]] = {
    "B": (Sign(lean(UP, 4), lean(UP, 1), lean(UP, -2), lean(UP, -5), ON_PALM),),
    "C": (Sign(*((30, 35, 0),) * 4, C_THUMB, yaw=50),),
    "D": (Sign(UP, *((60, 75, 0),) * 3, MEETING, yaw=5),),
    "F": (
        Sign((55, 70, 6), lean(UP, 3), lean(UP, -1), lean(UP, -5), F_THUMB),
        Sign((45, 75, 6), *(lean(UP, 2),) * 3, F_THUMB, pitch=-5),
        Sign((60, 75, 8), (0, 8, 0), (5, 8, 0), (10, 10, -2), F_THUMB, yaw=-15),
    ),
    "G": (
        Sign(lean(UP, 3), FIST, FIST, FIST, ALONG, roll=-85),
        Sign(_bent(UP, 10), FIST, FIST, FIST, G_THUMB, yaw=-10, roll=-85),
    ),
    "H": (
        Sign(lean(UP, 2), UP, FIST, FIST, OVER_FINGERS, roll=-85),
        Sign(lean(UP, 2), UP, FIST, FIST, ALONG, yaw=-10, roll=-85),
    ),
    "I": (Sign(INDEX, MIDDLE, RING, lean(UP, -12), OVER_FINGERS),),
    "K": (
        Sign(lean(UP, 8), _bent(UP, 8, -12), RING, LITTLE, K_THUMB),
        Sign(lean(UP, 8), _bent(UP, 20, -8), RING, LITTLE, K_THUMB, yaw=-10),
        Sign(lean(UP, 4), _bent(UP, 12, -10), (70, 95, 0), LITTLE, K_THUMB_IN),
    ),
    "O": (
        Sign(*(ROUND,) * 4, O_THUMB, yaw=60),
        Sign(*(ROUND,) * 4, O_THUMB, yaw=40, pitch=10),
    ),
    "P": (
        Sign(lean(UP, 4), (80, 5, 0), FIST, FIST, P_THUMB, yaw=-75, roll=-90),
        Sign(lean(UP, 4), (65, 5, 0), (70, 60, 0), (70, 60, 0), P_THUMB, yaw=-100, roll=-90),
    ),
    "Q": (
        Sign(_bent(UP, 10), FIST, FIST, FIST, Q_THUMB, yaw=-110, roll=-145),
        Sign(_bent(UP, 20), FIST, FIST, FIST, Q_THUMB, yaw=-80, roll=-140),
    ),
    "R": (
        Sign((10, 5, -14), (0, 5, 12), FIST, FIST, OVER_FINGERS),
        Sign((8, 5, -8), (0, 5, 8), FIST, FIST, OVER_FINGERS),
        Sign((10, 8, -10), (0, 5, 6), (60, 90, 0), (60, 90, 0), OVER_RING, yaw=-10),
    ),
    "U": (Sign(lean(UP, 1), lean(UP, -1), RING, LITTLE, OVER_FINGERS),),
    "V": (Sign(lean(UP, 8), lean(UP, -12), RING, LITTLE, OVER_FINGERS),),
    "W": (Sign(lean(UP, 9), UP, lean(UP, -9), FIST, OVER_FINGERS),),
    "Y": (Sign(INDEX, MIDDLE, RING, lean(UP, -22), Y_THUMB),),
}


def _fitted() -> dict[str, list[Sign]]:
    """Return the ways that were found by fitting drawings to photographs of people 1 and 3.

    Pose and light were searched for by the cross-entropy method (Rubinstein, 1999, "The
    cross-entropy method for combinatorial and continuous optimization"), so that the drawing is as
    near to the photograph as can be, at 28 x 28 pixels.
    """
    found: dict[str, list[Sign]] = {}
    with Path(__file__).with_name("fitted_signs.csv").open(encoding="utf-8", newline="") as file:
        for letter, *numbers in list(csv.reader(file))[1:]:
            values = [float(number) for number in numbers]
            index, middle, ring, little, base, joint, tip = (
                (values[k], values[k + 1], values[k + 2]) for k in range(0, 21, 3)
            )
            sign = Sign(index, middle, ring, little, (base, joint, tip), *values[21:])
            found.setdefault(letter, []).append(sign)
    return found


_FITTED = _fitted()

SIGNS: dict[str, tuple[Sign, ...]] = {
    letter: (
        Sign(**asdict(POSES[ord(letter) - ord("A")])),
        *_AS_COMMONLY_MADE.get(letter, ()),
        *_FITTED.get(letter, ()),
    )
    for letter in "ABCDEFGHIKLMNOPQRSTUVWXY"
}
"""The ways to make each letter."""
