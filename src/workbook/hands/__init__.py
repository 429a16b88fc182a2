"""Pictures of hands: photographs read, hands cut out and cropped, near-duplicates found.

``workbook.hands.disturbances`` has changes to measure a trained network by.
"""

from workbook.hands.cutting import cropped, cut_out, well_cut
from workbook.hands.near_duplicates import closest, hold_out, near_duplicates
from workbook.hands.photo import read_photo, steps

__all__ = [
    "closest",
    "cropped",
    "cut_out",
    "hold_out",
    "near_duplicates",
    "read_photo",
    "steps",
    "well_cut",
]
