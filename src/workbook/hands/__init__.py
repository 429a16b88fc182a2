"""Pictures of hands: read from photographs, cut out, cropped, drawn; near-duplicates found.

``workbook.hands.disturbances`` has changes to measure a trained network by,
``workbook.hands.strangers`` what to say of it on people that it never saw.
"""

from workbook.hands.cutting import cropped, cut_out, well_cut
from workbook.hands.drawn import drawn
from workbook.hands.near_duplicates import closest, hold_out, near_duplicates
from workbook.hands.photo import read_photo, remarks, steps

__all__ = [
    "closest",
    "cropped",
    "cut_out",
    "drawn",
    "hold_out",
    "near_duplicates",
    "read_photo",
    "remarks",
    "steps",
    "well_cut",
]
