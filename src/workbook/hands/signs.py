"""How people make the 24 letters that are signed without a movement, as data.

The first way to make a letter is that of Sign Language MNIST; the others are how signers commonly
make it, and they are not always the same sign: Sign Language MNIST shows K from the side, T as a
pointing hand, F with its fingers spread. Angles are in degrees, points as in
`workbook.practice.hands`.
"""

from dataclasses import asdict, dataclass

from workbook.practice.hands import (
    ALONG,
    FIST,
    LOW,
    MEETING,
    POSES,
    SIDE,
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
# Fingers that lie over a thumb.
OVER: Finger = (80, 60, 0)
OVER_LOOSE: Finger = (68, 72, 0)
ROUND: Finger = (45, 55, 0)

# Where the thumb's two joints and its tip are.
BESIDE: Thumb = ((0.88, -0.25, 0.3), (0.98, 0.3, 0.42), (0.92, 0.85, 0.38))
BESIDE_TALL: Thumb = ((0.9, -0.25, 0.3), (1.05, 0.3, 0.42), (1.08, 1.0, 0.38))
OVER_FINGERS: Thumb = ((0.85, -0.25, 0.5), (0.62, 0.25, 1.0), (-0.1, 0.22, 1.05))
OVER_INDEX: Thumb = ((0.95, -0.2, 0.45), (0.92, 0.4, 0.7), (0.35, 0.75, 0.95))
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
T_THUMB: Thumb = ((0.85, -0.2, 0.25), (0.62, 0.45, 0.3), (0.4, 1.0, 0.7))
T_THUMB_OUT: Thumb = ((0.87, -0.25, 0.3), (0.66, 0.4, 0.35), (0.4, 0.9, 0.88))
T_THUMB_UP: Thumb = ((0.92, -0.15, 0.45), (0.86, 0.42, 0.65), (0.4, 1.12, 0.62))
T_THUMB_BENT: Thumb = ((0.92, -0.15, 0.45), (0.8, 0.42, 0.75), (0.38, 0.98, 0.8))
Y_THUMB: Thumb = ((1.0, -0.4, 0.2), (1.4, 0, 0.2), (1.7, 0.4, 0.15))
UNDER_2: Thumb = ((0.85, -0.35, 0.3), (0.55, 0.1, 0.35), (-0.02, 0.45, 0.5))
UNDER_2_IN: Thumb = ((0.85, -0.3, 0.25), (0.55, 0.2, 0.3), (0, 0.5, 0.55))
UNDER_2_OUT: Thumb = ((0.85, -0.35, 0.4), (0.55, 0.1, 0.6), (-0.05, 0.4, 0.75))
UNDER_3: Thumb = ((0.85, -0.35, 0.3), (0.45, 0.05, 0.35), (-0.25, 0.25, 0.5))
UNDER_3_IN: Thumb = ((0.85, -0.3, 0.25), (0.45, 0.15, 0.3), (-0.3, 0.35, 0.55))
UNDER_3_OUT: Thumb = ((0.85, -0.35, 0.4), (0.45, -0.1, 0.5), (-0.2, 0.1, 0.65))


def _bent(finger: Finger, knuckle: float = 0, degrees: float = 0) -> Finger:
    """Return the finger bent at its knuckle and leaning towards the thumb by so many degrees."""
    return knuckle, finger[1], degrees


_FIST = (INDEX, MIDDLE, RING, LITTLE)

_AS_COMMONLY_MADE: dict[str, tuple[Sign, ...]] = {
    "A": (
        Sign(*_FIST, BESIDE, roll=-4),
        Sign(*_FIST, BESIDE_TALL, roll=-12),
    ),
    "B": (Sign(lean(UP, 4), lean(UP, 1), lean(UP, -2), lean(UP, -5), ON_PALM),),
    "C": (Sign(*((30, 35, 0),) * 4, C_THUMB, yaw=50),),
    "D": (Sign(UP, *((60, 75, 0),) * 3, MEETING, yaw=5),),
    "E": (Sign(*((35, 110, 0),) * 4, LOW),),
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
    "L": (),
    "M": (
        Sign((65, 75, 0), (70, 75, 0), (78, 75, 0), LITTLE, UNDER_3, roll=-6),
        Sign((55, 70, 0), (62, 70, 0), (70, 70, 0), LITTLE, UNDER_3, 12, -10, pitch=-8),
        Sign((60, 55, 0), (65, 60, 0), (72, 65, 4), (90, 95, 0), UNDER_3_OUT, 0, -10, pitch=-12),
        Sign(OVER, OVER, OVER, LITTLE, UNDER_3_IN, roll=-4, slant=0.8),
        Sign(*(OVER_LOOSE,) * 3, LITTLE, UNDER_3_IN, 14, -8, pitch=-8, slant=1),
    ),
    "N": (
        Sign((65, 75, 0), (70, 75, 0), RING, LITTLE, UNDER_2, roll=-6),
        Sign((45, 90, 0), (52, 90, 0), RING, LITTLE, UNDER_2, yaw=-8, roll=-12),
        Sign((55, 75, 0), (60, 78, 0), RING, LITTLE, UNDER_2_OUT, roll=-12, pitch=-8),
        Sign(OVER, OVER, RING, LITTLE, UNDER_2_IN, roll=-4, slant=0.8),
        Sign(*(OVER_LOOSE,) * 2, RING, LITTLE, UNDER_2_IN, yaw=14, roll=-8, slant=1),
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
    "S": (
        Sign(*_FIST, OVER_FINGERS, roll=-4),
        Sign(*_FIST, OVER_INDEX, roll=-12),
    ),
    "T": (
        Sign((56, 105, 26), MIDDLE, RING, LITTLE, T_THUMB, roll=-2, slant=0.8),
        Sign((62, 105, 30), MIDDLE, RING, LITTLE, T_THUMB_OUT, roll=-8, slant=1),
        Sign((50, 105, 26), MIDDLE, RING, LITTLE, T_THUMB_OUT, yaw=-12, roll=-4, slant=1),
        Sign((56, 110, 26), (72, 108, 0), RING, LITTLE, T_THUMB, yaw=10, roll=-8, slant=0.6),
        Sign((42, 110, 10), MIDDLE, RING, LITTLE, T_THUMB_UP, roll=-4),
        Sign((48, 105, 12), MIDDLE, RING, LITTLE, T_THUMB_BENT, roll=-12),
    ),
    "U": (Sign(lean(UP, 1), lean(UP, -1), RING, LITTLE, OVER_FINGERS),),
    "V": (Sign(lean(UP, 8), lean(UP, -12), RING, LITTLE, OVER_FINGERS),),
    "W": (Sign(lean(UP, 9), UP, lean(UP, -9), FIST, OVER_FINGERS),),
    "X": (
        Sign((15, 85, 0), FIST, FIST, FIST, OVER_FINGERS),
        Sign((10, 90, 0), FIST, FIST, FIST, SIDE, yaw=-20),
    ),
    "Y": (Sign(INDEX, MIDDLE, RING, lean(UP, -22), Y_THUMB),),
}

SIGNS: dict[str, tuple[Sign, ...]] = {
    letter: (Sign(**asdict(POSES[ord(letter) - ord("A")])), *others)
    for letter, others in _AS_COMMONLY_MADE.items()
}
"""The ways to make each letter."""
