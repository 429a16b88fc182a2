"""Whatever a student has is a photo, or a line that says which forms are."""

import base64
import io
import struct
import warnings
from types import SimpleNamespace

from workbook import hands
from workbook.hands import opening

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageDraw


@pytest.fixture(scope="module")
def picture():
    image = Image.new("L", (28, 28), "black")
    ImageDraw.Draw(image).ellipse((6, 4, 20, 26), fill=200)
    return image


def png(image, **options):
    file = io.BytesIO()
    image.save(file, options.pop("format", "PNG"), **options)
    return file.getvalue()


GREY = np.zeros((28, 28), "uint8")
GREY[5:25, 8:20] = 200


class Tensor:
    """A tensor of another library: it knows how to become an array, and no more."""

    def __array__(self, dtype=None, copy=None):
        return GREY[..., None].astype("float32") / 255


FORMS = {
    "uint8": lambda: GREY,
    "channel last": lambda: GREY[..., None],
    "batch of one": lambda: GREY[None, ..., None],
    "channel first": lambda: np.stack([GREY] * 3),
    "colour": lambda: np.stack([GREY] * 3, axis=-1),
    "grey and alpha": lambda: np.stack([GREY, np.full_like(GREY, 255)], axis=-1),
    "0 to 1": lambda: GREY / 255,
    "float16": lambda: (GREY / 255).astype("float16"),
    "int64": lambda: GREY.astype("int64"),
    "16 bits": lambda: GREY.astype("uint16") * 256,
    "bool": lambda: GREY > 0,
    "NaN": lambda: np.where(GREY == 0, np.nan, GREY / 255),
    "row of a table": lambda: GREY.reshape(784),
    "table": lambda: pd.DataFrame(GREY),
    "series": lambda: pd.Series(GREY.reshape(784)),
    "lists": lambda: GREY.tolist(),
    "tensor": Tensor,
    "not writable": lambda: np.broadcast_to(GREY[..., None], (28, 28, 3)),
    "backwards": lambda: GREY[::-1, ::-1],
    "Pillow": lambda: Image.fromarray(GREY),
    "Pillow, palette": lambda: Image.fromarray(GREY).convert("P"),
    "Pillow, 1 bit": lambda: Image.fromarray(GREY).convert("1"),
    "Pillow, CMYK": lambda: Image.fromarray(GREY).convert("RGB").convert("CMYK"),
    "Pillow, float": lambda: Image.fromarray(GREY).convert("F"),
    "Pillow, LAB": lambda: Image.fromarray(np.stack([GREY] * 3, -1)).convert("HSV"),
    "bytes": lambda: png(Image.fromarray(GREY)),
    "bytearray": lambda: bytearray(png(Image.fromarray(GREY))),
    "memoryview": lambda: memoryview(png(Image.fromarray(GREY))),
    "file": lambda: io.BytesIO(png(Image.fromarray(GREY))),
    "upload, ipywidgets 8": lambda: ({"name": "a.png", "content": png(Image.fromarray(GREY))},),
    "upload, a memoryview": lambda: {"content": memoryview(png(Image.fromarray(GREY)))},
    "upload, ipywidgets 7": lambda: {"a.png": {"content": png(Image.fromarray(GREY))}},
    "upload, Colab": lambda: {"a.png": png(Image.fromarray(GREY))},
    "a widget": lambda: SimpleNamespace(value=({"content": png(Image.fromarray(GREY))},)),
    "data address": lambda: (
        "data:image/png;base64," + base64.b64encode(png(Image.fromarray(GREY))).decode()
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_photo_in_any_form(form):
    small = hands.read_photo(FORMS[form]())
    assert small.shape == (28, 28) and small.dtype == np.uint8
    assert small.max() > 150 and small[0, 0] < 30


REFUSED = {
    "nothing": None,
    "a number": 7,
    "empty upload": (),
    "two uploads": {"a.png": b"1", "b.png": b"2"},
    "many pictures": np.zeros((5, 28, 28), "uint8"),
    "five channels": np.zeros((28, 28, 5), "uint8"),
    "one line": np.zeros(20),
    "empty array": np.zeros((0, 28)),
    "words": np.array(["a", "b"]),
    "complex": np.zeros((28, 28), complex),
    "only NaN": np.full((28, 28), np.nan),
    "ragged": [[1, 2], [3]],
    "an object": object(),
    "a function": len,
    "no bytes": b"",
    "other bytes": b"not an image at all",
    "an address": "https://example.org/hand.jpg",
    "HEIC": b"\0\0\0\x18ftypheic\0\0\0\0",
    "a PDF": b"%PDF-1.7",
    "a web page": b"<!doctype html><p>Sign in</p>",
}


@pytest.mark.parametrize("form", REFUSED)
def test_what_is_no_photo_costs_a_line_that_says_what_is(form):
    with pytest.raises(ValueError, match=r"Give|give|Save|save|copy") as refused:
        hands.read_photo(REFUSED[form])
    assert "\n" not in str(refused.value) and len(str(refused.value)) < 700


def test_paths_as_people_write_them(tmp_path, monkeypatch, picture):
    path = tmp_path / "my hand.png"
    picture.save(path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    plain = hands.read_photo(path)
    named = ["my hand.png", f' "{path}" ', f"'{path}'", "~/my hand.png", path.as_uri(), path]
    for form in [*named, ".\\my hand.png"]:
        np.testing.assert_array_equal(hands.read_photo(form), plain)
    for missing in ("no.png", "x" * 5000, "~nobody/x.png", "a\0b"):
        with pytest.raises((FileNotFoundError, ValueError), match=r"Give|Save"):
            hands.read_photo(missing)
    with pytest.raises(ValueError, match="folder"):
        hands.read_photo(tmp_path)


def exif_jpeg(image, orientation):
    """A JPEG with an orientation of a type that the standard does not give it."""
    kind, count, value = orientation
    entry = struct.pack(">HHI4s", 0x0112, kind, count, value)
    block = b"Exif\0\0MM\0*" + struct.pack(">IH", 8, 1) + entry + b"\0\0\0\0"
    return png(image, format="JPEG", exif=block, quality=95)


@pytest.mark.parametrize(
    "orientation",
    [
        (2, 2, b"6\0\0\0"),  # text
        (2, 4, b"top\0"),
        (3, 1, b"\0\0\0\0"),  # 0, which there is not
        (3, 1, b"\0\x09\0\0"),  # 9, which there is not
        (7, 4, b"\xff\xff\xff\xff"),  # anything
        (5, 1, b"\xff\xff\xff\xff"),  # a fraction that lies beyond the file
        (99, 1, b"\0\0\0\0"),  # a type that there is not
    ],
)
def test_a_tag_that_lies_leaves_the_photo_as_it_is(orientation, picture):
    plain = hands.read_photo(png(picture, format="JPEG", quality=95))
    read = hands.read_photo(exif_jpeg(picture, orientation))
    np.testing.assert_array_equal(read, plain)


@pytest.mark.parametrize("block", [b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0" * 50])
def test_a_damaged_block_of_tags_harms_nothing(block, picture):
    read = hands.read_photo(png(picture, format="JPEG", quality=95, exif=block))
    plain = hands.read_photo(png(picture, format="JPEG", quality=95))
    np.testing.assert_array_equal(read, plain)


@pytest.mark.parametrize("progressive", [False, True])
def test_a_photo_of_a_phone_s_largest_size_is_read_without_a_warning(progressive, tmp_path):
    """As many pixels as Pillow warns of; its error comes at twice as many."""
    side = 10_000 if progressive else 14_000
    large = Image.new("L", (side, side), "black")
    large.paste(200, (side // 4, side // 5, side // 2, side // 2))
    path = tmp_path / "large.jpg"
    large.save(path, quality=70, progressive=progressive)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        small = hands.read_photo(path)
    assert small.max() > 150
    assert opening.opened(path)[0].width <= 2 * opening.DECODED


def test_more_pixels_than_fit_the_memory_are_refused_before_they_are_decoded(tmp_path, monkeypatch):
    Image.new("L", (60, 40)).save(tmp_path / "a.png")
    monkeypatch.setattr(opening, "MOST", 1000)
    with pytest.raises(ValueError, match=r"60 × 40 pixels; beyond 1,000.*Save it smaller"):
        hands.read_photo(tmp_path / "a.png")


def test_pillow_s_own_limit_is_as_it_was_afterwards(picture):
    before = Image.MAX_IMAGE_PIXELS
    hands.read_photo(png(picture))
    with pytest.raises(ValueError, match="cannot be read"):
        hands.read_photo(b"broken")
    assert before == Image.MAX_IMAGE_PIXELS


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP"])
def test_a_file_that_breaks_off_is_told_in_a_line_or_read(kind, picture):
    whole = png(picture.resize((300, 300)), format=kind)
    for part in (10, len(whole) // 3, len(whole) - 3):
        try:
            assert hands.read_photo(whole[:part]).shape == (28, 28)
        except ValueError as error:
            assert "\n" not in str(error)


def test_of_moving_pictures_the_first_is_read(tmp_path, picture):
    frames = [Image.new("L", (28, 28), 255)] * 2
    for kind in ("GIF", "PNG", "TIFF", "WEBP"):
        path = tmp_path / f"a.{kind.lower()}"
        extra = {"lossless": True} if kind == "WEBP" else {}
        picture.save(path, kind, save_all=True, append_images=frames, **extra)
        assert hands.read_photo(path)[0, 0] < 30
