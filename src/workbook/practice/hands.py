"""Right hands that sign the 24 static letters of American Sign Language, seen by a camera.

A hand is a skeleton in three dimensions: x towards the thumb, y along the fingers, z out of the
palm, in units of about half a palm. Bones are capsules.
"""

import math
from dataclasses import dataclass

from workbook.practice.strokes import GRID, Array, capsules, cover, normal, uniform

import numpy as np

Finger = tuple[float, float, float]
Point = tuple[float, float, float]

# How a finger is bent at its knuckle and at its middle joint, and how far it leans towards the
# thumb, in degrees.
UP: Finger = (0, 5, 0)
FIST: Finger = (72, 108, 0)
OVER: Finger = (92, 62, 0)
CLAW: Finger = (15, 110, 0)
CURVE: Finger = (35, 40, 0)
BENT: Finger = (52, 62, 0)
HOOK: Finger = (0, 80, 0)

# Where the thumb's two joints and its tip are.
BESIDE = ((0.92, -0.3, 0.25), (1.0, 0.25, 0.35), (0.9, 0.75, 0.35))
ACROSS = ((0.88, -0.25, 0.5), (0.5, 0.2, 0.95), (-0.22, 0.12, 1.0))
PALM = ((0.8, -0.45, 0.35), (0.4, -0.2, 0.5), (-0.1, -0.05, 0.5))
LOW = ((0.85, -0.45, 0.4), (0.45, -0.05, 0.85), (-0.2, -0.05, 0.95))
OUT = ((1.0, -0.45, 0.1), (1.5, -0.15, 0.1), (1.95, 0.1, 0.1))
ALONG = ((0.95, -0.1, 0.1), (1.02, 0.4, 0.15), (1.05, 0.95, 0.2))
OPPOSED = ((0.75, -0.4, 0.6), (0.65, -0.25, 1.15), (0.5, 0.05, 1.55))
MEETING = ((0.75, -0.3, 0.6), (0.6, 0.1, 1.05), (0.4, 0.55, 1.2))
PINCH = ((0.85, -0.25, 0.5), (0.85, 0.25, 0.85), (0.62, 0.7, 0.95))
BETWEEN = ((0.85, -0.2, 0.4), (0.6, 0.35, 0.75), (0.38, 0.95, 0.75))
TUCKED = ((0.9, -0.2, 0.4), (0.65, 0.4, 0.75), (0.38, 1.12, 0.7))
TUCKED_2 = ((0.85, -0.4, 0.35), (0.45, 0.0, 0.3), (0.0, 0.85, 0.75))
TUCKED_3 = ((0.8, -0.5, 0.35), (0.3, -0.1, 0.3), (-0.37, 0.6, 0.75))

BACK = 165.0  # degrees to turn a hand by so that its back is seen


@dataclass(frozen=True)
class Pose:
    """A letter: its four fingers, its thumb and how the hand is held, in degrees.

    ``yaw`` turns the palm towards the right, ``roll`` turns the fingers over to the right.
    """

    index: Finger
    middle: Finger
    ring: Finger
    little: Finger
    thumb: tuple[Point, Point, Point]
    yaw: float = 0
    roll: float = 0


def lean(finger: Finger, degrees: float) -> Finger:
    """Return the finger leaning so many degrees towards the thumb."""
    return finger[0], finger[1], degrees


# By the datasets' labels: the letter's place in the alphabet. J (9) and Z (25) need motion.
POSES: dict[int, Pose] = {
    0: Pose(FIST, FIST, FIST, FIST, BESIDE),  # A
    1: Pose(UP, UP, UP, UP, PALM),  # B
    2: Pose(CURVE, CURVE, CURVE, CURVE, OPPOSED, yaw=62),  # C
    3: Pose(UP, BENT, BENT, BENT, MEETING, yaw=28),  # D
    4: Pose(CLAW, CLAW, CLAW, CLAW, LOW),  # E
    5: Pose((50, 65, 8), lean(UP, 4), lean(UP, -12), lean(UP, -28), PINCH, yaw=15),  # F
    6: Pose(UP, FIST, FIST, FIST, ALONG, yaw=BACK, roll=90),  # G
    7: Pose(lean(UP, 2), lean(UP, 2), FIST, FIST, PALM, yaw=BACK, roll=90),  # H
    8: Pose(FIST, FIST, FIST, lean(UP, -8), ACROSS),  # I
    10: Pose(lean(UP, 6), (38, 10, -12), FIST, FIST, BETWEEN, yaw=25),  # K
    11: Pose(UP, FIST, FIST, FIST, OUT),  # L
    12: Pose(OVER, OVER, OVER, FIST, TUCKED_3),  # M
    13: Pose(OVER, OVER, FIST, FIST, TUCKED_2),  # N
    14: Pose(BENT, BENT, BENT, BENT, MEETING, yaw=62),  # O
    15: Pose(lean(UP, 20), lean(UP, -32), FIST, FIST, BETWEEN, yaw=BACK, roll=115),  # P
    16: Pose(lean(UP, 0), FIST, FIST, FIST, ALONG, yaw=BACK, roll=178),  # Q
    17: Pose((10, 5, -24), (0, 5, 21), FIST, FIST, ACROSS),  # R
    18: Pose(FIST, FIST, FIST, FIST, ACROSS),  # S
    19: Pose(OVER, FIST, FIST, FIST, TUCKED),  # T
    20: Pose(lean(UP, 0), lean(UP, 2), FIST, FIST, ACROSS),  # U
    21: Pose(lean(UP, 14), lean(UP, -14), FIST, FIST, ACROSS),  # V
    22: Pose(lean(UP, 18), UP, lean(UP, -18), FIST, PALM),  # W
    23: Pose(HOOK, FIST, FIST, FIST, ACROSS, yaw=40),  # X
    24: Pose(FIST, FIST, FIST, lean(UP, -30), OUT),  # Y
}

KNUCKLES = np.array(
    [(0.57, 0.6, 0), (0.19, 0.68, 0), (-0.19, 0.62, 0), (-0.54, 0.46, 0)], np.float32
)
FINGER_LENGTHS = np.array([1.25, 1.4, 1.28, 1.02], np.float32)
BONES = np.array([0.46, 0.3, 0.24], np.float32)  # of a finger's length
THUMB_BASE = (0.5, -0.8, 0.1)
# The palm, from the wrist to the knuckles and to the flesh between them; then the forearm.
TRUNK_END = np.array([*KNUCKLES, *(KNUCKLES[1:] + KNUCKLES[:-1]) / 2, (0, -3.6, -0.2)], np.float32)
TRUNK_START = TRUNK_END * np.array([0.55, 0, 0], np.float32) - np.array([0, 0.97, 0], np.float32)
RADII = np.array([0.2] * 4 + [0.19] * 4 + [0.17] * 4 + [0.27, 0.23, 0.2] + [0.3] * 7 + [0.4])


def draw(rng: np.random.Generator, letter: int, n: int) -> Array:
    """Return ``n`` pictures of the label ``letter``: float32 (n, 28, 28) from 0 to 1."""
    start, end = _skeleton(rng, POSES[letter], n)
    # The camera goes nearer to a fist than to a spread hand; the arm may leave the picture.
    extent = np.ptp(end[:, :-1, :2], axis=1).max(axis=1) + 0.5
    scale = (uniform(rng, 0.85, 1.08, n) * np.minimum(25 / extent, 9))[:, None, None]
    start, end = start * scale, end * scale
    radius = RADII.astype(np.float32) * scale[..., 0] * uniform(rng, 0.88, 1.12, (n, 1))
    # The hand without its arm is about in the middle.
    ends = end[:, :-1, :2]
    shift = 13.5 - (ends.max(axis=1) + ends.min(axis=1)) / 2 + normal(rng, 0.9, (n, 2))
    start[..., :2] += shift[:, None]
    end[..., :2] += shift[:, None]
    margin, height = capsules(start, end, radius)
    return _photograph(rng, cover(margin), height)


def _skeleton(rng: np.random.Generator, pose: Pose, n: int) -> tuple[Array, Array]:
    """Return both ends of the hand's 23 bones, (n, 23, 3), turned as the camera sees them."""
    bends = (pose.index, pose.middle, pose.ring, pose.little)
    fingers = np.radians(np.array(bends, np.float32)) + normal(rng, 0.05, (n, 4, 3))
    fingers[..., 2] *= uniform(rng, 0.7, 1.2, (n, 1))
    lengths = FINGER_LENGTHS * uniform(rng, 0.92, 1.08, (n, 1))
    start, end = finger_bones(np.broadcast_to(KNUCKLES, (n, 4, 3)), fingers, lengths)
    thumb = np.array([THUMB_BASE, *pose.thumb], np.float32) + normal(rng, 0.05, (n, 4, 3))
    start += [thumb[:, :-1], np.broadcast_to(TRUNK_START, (n, *TRUNK_START.shape))]
    end += [thumb[:, 1:], np.broadcast_to(TRUNK_END, (n, *TRUNK_END.shape))]

    yaw = math.radians(pose.yaw) + normal(rng, 0.12, n)
    pitch, roll = normal(rng, 0.11, n), math.radians(pose.roll) + normal(rng, 0.11, n)
    camera = turned(yaw, pitch, roll)
    return np.concatenate(start, axis=1) @ camera, np.concatenate(end, axis=1) @ camera


def finger_bones(
    knuckles: Array, fingers: Array, lengths: Array
) -> tuple[list[Array], list[Array]]:
    """Return both ends of the bones of four fingers, each list three arrays (n, 4, 3).

    ``fingers`` (n, 4, 3) are bends and leans as in `Finger`, in radians. The last joint is bent
    0.65 times as much as the middle one.
    """
    bend, middle, lean_ = fingers[..., 0], fingers[..., 1], fingers[..., 2]
    joint = knuckles
    start, end = [], []
    for bone, angle in zip(BONES, (bend, bend + middle, bend + 1.65 * middle), strict=True):
        flat = np.cos(angle)
        step = np.stack([flat * np.sin(lean_), flat * np.cos(lean_), np.sin(angle)], axis=2)
        start.append(joint)
        joint = joint + (bone * lengths)[..., None] * step
        end.append(joint)
    return start, end


def turned(yaw: Array, pitch: Array, roll: Array) -> Array:
    """Return what points (n, k, 3) are multiplied by to be seen so turned, in radians: (n, 3, 3).

    First about the fingers (yaw), then nodding (pitch), then in the picture (roll); y points
    downwards from then on, as in images.
    """
    n = len(yaw)
    zero, one = np.zeros(n, np.float32), np.ones(n, np.float32)

    def turn(rows: list[Array]) -> Array:
        return np.stack(rows, axis=1).reshape(n, 3, 3)

    c, s = np.cos(yaw), np.sin(yaw)
    about_y = turn([c, zero, s, zero, one, zero, -s, zero, c])
    c, s = np.cos(pitch), np.sin(pitch)
    about_x = turn([one, zero, zero, zero, c, -s, zero, s, c])
    c, s = np.cos(roll), np.sin(roll)
    about_z = turn([c, s, zero, s, -c, zero, zero, zero, one])
    return (about_z @ about_x @ about_y).transpose(0, 2, 1)


def _photograph(rng: np.random.Generator, hand: Array, height: Array) -> Array:
    """Return lit pictures of hands before a wall, from their coverage and their relief."""
    n = len(hand)
    low = np.maximum(height, np.where(hand > 0.5, height, np.inf).min(axis=(1, 2), keepdims=True))
    around = np.pad(low, ((0, 0), (1, 1), (1, 1)), mode="edge")
    slope_x = np.clip(around[:, 1:-1, 2:] - around[:, 1:-1, :-2], -3, 3)
    slope_y = np.clip(around[:, 2:, 1:-1] - around[:, :-2, 1:-1], -3, 3)
    mean = (
        around[:, 1:-1, 2:] + around[:, 1:-1, :-2] + around[:, 2:, 1:-1] + around[:, :-2, 1:-1]
    ) / 4
    # Light comes from above, somewhat from a side; creases are dark.
    side, above = uniform(rng, -0.07, 0.07, (n, 1, 1)), uniform(rng, 0.02, 0.09, (n, 1, 1))
    light = 1 - side * slope_x + above * slope_y
    light -= uniform(rng, 0.12, 0.22, (n, 1, 1)) * np.clip(mean - low, 0, 1.5)

    skin = uniform(rng, 0.45, 0.9, (n, 1, 1))
    gap = uniform(rng, 0.12, 0.35, (n, 1, 1)) * np.sign(uniform(rng, -0.6, 0.4, (n, 1, 1)))
    x, y = GRID - 13.5, GRID[:, None] - 13.5
    drift = uniform(rng, -0.008, 0.008, (n, 2, 1, 1))
    wall = np.clip(skin + gap, 0.2, 0.95) + drift[:, 0] * x + drift[:, 1] * y
    picture = wall + hand * (skin * light - wall)
    picture += normal(rng, 0.008, picture.shape)
    return np.clip(picture, 0, 1)
