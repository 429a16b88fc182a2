"""Photographs in whatever form, with whatever tags and of whatever size people have them."""

import io
import struct
import subprocess
import sys
import threading
import warnings
import zlib
from datetime import UTC, datetime

from workbook import hands
from workbook.backend import tf
from workbook.hands import opening

import numpy as np
import pandas as pd
import pytest
from ipywidgets import FileUpload
from PIL import Image, ImageDraw


def picture(size=(120, 90)):
    """A slanting wedge on black, which no turn or mirror leaves as it is."""
    image = Image.new("RGB", size)
    corners = [(20, 10), (90, 30), (40, 80)]
    ImageDraw.Draw(image).polygon(corners, fill=(200, 150, 120))
    return image


GREY = np.asarray(picture().convert("L"))
COLOUR = np.asarray(picture())


def stored(kind="PNG", image=None, **options):
    file = io.BytesIO()
    (image or picture()).save(file, kind, **options)
    return file.getvalue()


def difference(one, other):
    return np.abs(one.astype(float) - other).mean()


WITH_ALPHA = np.dstack([COLOUR, np.full(GREY.shape, 255, "uint8")])
PIXELS = {
    "height, width, 1": GREY[..., None],
    "1, height, width, 1": GREY[None, ..., None],
    "1, height, width": GREY[None],
    "height, width, 2": np.dstack([GREY, np.full_like(GREY, 255)]),
    "height, width, 4": WITH_ALPHA,
    "1, height, width, 3": COLOUR[None],
    "channels first": COLOUR.transpose(2, 0, 1),
    "channels first, alpha": WITH_ALPHA.transpose(2, 0, 1),
    "1, channels first": COLOUR.transpose(2, 0, 1)[None],
    "int64": GREY.astype("int64"),
    "int16": COLOUR.astype("int16"),
    "uint16 to 65535": np.where(GREY > 0, GREY, 0).astype("uint16") * 257,
    "float to 1": COLOUR / 255,
    "float to 255": GREY.astype("float32"),
    "float16": (GREY / 255).astype("float16"),
    "big-endian": GREY.astype(">f8"),
    "not contiguous": COLOUR[:, ::-1][:, ::-1],
    "NaN for nothing": np.where(GREY > 0, GREY, np.nan),
    "table": pd.DataFrame(GREY),
    "TensorFlow": tf.constant(COLOUR),
    "TensorFlow, float, batch": tf.constant(GREY[None, ..., None] / 255),
}


@pytest.mark.parametrize("form", PIXELS)
def test_pixels_in_any_array(form):
    plain = hands.read_photo(COLOUR)
    small = hands.read_photo(PIXELS[form])
    assert small.shape == (28, 28) and small.dtype == np.uint8
    assert np.corrcoef(small.flat, plain.flat)[0, 1] > 0.999
    assert difference(small, plain) < (40 if "65535" in form else 1)  # stretched to its largest


def test_a_mask_is_black_and_white():
    white = hands.read_photo(np.where(GREY > 0, 255, 0).astype("uint8"))
    for mask in (GREY > 0, (GREY > 0).astype(int), (GREY > 0).astype("uint8")):
        np.testing.assert_array_equal(hands.read_photo(mask), white)


@pytest.mark.parametrize(
    "mode",
    [
        *("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK"),
        *("YCbCr", "HSV", "I", "F", "I;16", "I;16B"),
    ],
)
def test_pillow_images_of_any_mode(mode):
    if mode.startswith("I;"):
        image = Image.fromarray(GREY.astype("uint16") * 257)
        image = image if mode == "I;16" else image.convert("I").convert("I;16B")
    else:
        steps = {"PA": "P", "RGBa": "RGBA"}
        image = picture().convert(steps.get(mode, mode)).convert(mode)
    before = image.tobytes()
    small = hands.read_photo(image)
    assert np.corrcoef(small.flat, hands.read_photo(picture()).flat)[0, 1] > 0.9
    assert image.tobytes() == before


def uploaded(content):
    widget = FileUpload()
    entry = {"name": "my hand.png", "type": "image/png", "size": len(content), "content": content}
    widget.set_trait("value", ({**entry, "last_modified": datetime.now(UTC)},))
    return widget


PNG = stored()
FORMS = {
    "bytes": PNG,
    "bytearray": bytearray(PNG),
    "memoryview": memoryview(PNG),
    "open file": io.BytesIO(PNG),
    "upload's widget": uploaded(PNG),
    "upload's value": uploaded(PNG).value,
    "upload's file": uploaded(PNG).value[0],
    "upload's content": uploaded(PNG).value[0]["content"],
    "value of ipywidgets 7": {"hand.png": {"metadata": {"name": "hand.png"}, "content": PNG}},
    "Colab's dictionary": {"hand.png": PNG},
    "list of one": [PNG],
    "list of a Pillow image": [picture()],
}


@pytest.mark.parametrize("form", FORMS)
def test_a_file_in_any_form(form):
    np.testing.assert_array_equal(hands.read_photo(FORMS[form]), hands.read_photo(picture()))


@pytest.mark.parametrize(
    "write",
    [
        str,
        lambda path: path,
        lambda path: [path],
        lambda path: f'"{path}"',
        lambda path: f" '{path}'\n",
        lambda path: f"~/{path.name}",
        lambda path: type(path)("~") / path.name,
        lambda path: path.open("rb"),
    ],
)
def test_a_path_as_people_write_it(write, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    path = tmp_path / "my hand ü.png"
    path.write_bytes(PNG)
    given = write(path)
    np.testing.assert_array_equal(hands.read_photo(given), hands.read_photo(PNG))
    if hasattr(given, "close"):
        np.testing.assert_array_equal(hands.read_photo(given), hands.read_photo(PNG))
        given.close()


def test_a_path_with_backslashes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "hand.png").write_bytes(PNG)
    np.testing.assert_array_equal(hands.read_photo("data\\hand.png"), hands.read_photo(PNG))


CLOSED = io.BytesIO(PNG)
CLOSED.close()
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(40)
REFUSED = {
    "None": (None, "from None"),
    "number": (7, "type int"),
    "function": (print, "type builtin_function_or_method"),
    "generator": ((n for n in ()), "type generator"),
    "many pictures": (np.zeros((9, 28, 28), "uint8"), r"shape \(9, 28, 28\) is not one picture"),
    "batch": (np.zeros((9, 28, 28, 1)), r"give one: photo\[0\]"),
    "lists": (GREY.tolist(), "90 files"),
    "five channels": (np.zeros((20, 20, 5)), r"shape \(20, 20, 5\)"),
    "row": (np.zeros(785), r"shape \(785,\)"),
    "one number": (np.float32(1), r"shape \(\)"),
    "no pixels": (np.zeros((0, 28)), "holds no pixels"),
    "complex": (np.zeros((28, 28), complex), "complex128"),
    "dates": (np.zeros((28, 28), "datetime64[s]"), "datetime64"),
    "records": (np.zeros((28, 28), [("r", "u1")]), "holds no pixels"),
    "NaN": (np.full((28, 28), np.nan), "NaN"),
    "sparse": (tf.ragged.constant([[1], [2, 3]]), "cannot be read"),
    "no upload": ((), "There is no file"),
    "no upload in Colab": ({}, "There is no file"),
    "two uploads": ({"a.png": PNG, "b.png": PNG}, r"2 files \(a.png, b.png\)"),
    "empty": (b"", "or is empty"),
    "closed file": (CLOSED, "closed"),
    "text": (io.StringIO("x"), "cannot be read"),
    "web": ("https://example.org/hand.jpg", "address on the web. Download"),
    "HEIC": (HEIC, "save.* HEIC, as JPEG"),
    "video": (b"\0\0\0\x18ftypisom" + bytes(20), "no image that Pillow knows"),
    "PDF": (b"%PDF-1.7" + bytes(20), "no image that Pillow knows"),
    "web page": (b"<!doctype html><title>Sign in</title>", "no image that Pillow knows"),
    "half": (stored("JPEG")[:900], "cannot be read"),
    "half a PNG": (PNG[: len(PNG) // 2], "cannot be read"),
    "half a PNG's head": (PNG[:20], "cannot be read"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_read_is_told_in_a_line(kind):
    given, said = REFUSED[kind]
    for function in (hands.read_photo, hands.steps):
        with pytest.raises(ValueError, match=said) as caught:
            function(given)
        assert "\n" not in str(caught.value) and len(str(caught.value)) < 600
        assert "Give " in str(caught.value) or "Download" in str(caught.value)
        assert type(caught.value) is ValueError and caught.value.__suppress_context__


@pytest.mark.parametrize(
    "name", ["x" * 5000, "a\nb\0c", "~nobody-here/x", "C:\\Users\\me\\x.jpg", ""]
)
def test_a_file_that_is_not_there_is_told_in_a_line(name):
    with pytest.raises(FileNotFoundError, match="There is no file") as caught:
        hands.read_photo(name)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400


def orientation(value, kind, count=1, extra=b""):
    """An EXIF block with an orientation of any type; 4 bytes of value."""
    entry = struct.pack("<HHI", 0x0112, kind, count) + value.ljust(4, b"\0")
    return b"Exif\0\0II*\0\x08\0\0\0\x01\0" + entry + b"\0\0\0\0" + extra


TAGS = {
    "text": orientation(b"top\0", 2, 4),
    "text of one digit": orientation(b"x\0", 2, 2),
    "0": orientation(b"\0", 3),
    "9": orientation(b"\x09", 3),
    "65535": orientation(b"\xff\xff", 3),
    "undefined": orientation(b"\x06junk", 7, 4),
    "a digit as text": orientation(b"6\0", 2, 2),
    "rational 0/0": orientation(struct.pack("<I", 26), 5, 1, bytes(8)),
    "offset beyond the end": orientation(b"\xff\xff\xff\x7f", 5),
    "broken block": b"Exif\0\0II*\0\xff\xff\xff\xff",
    "short block": b"Exif\0\0II",
    "no TIFF": b"Exif\0\0junkjunkjunk",
    "GPS that is a number": b"Exif\0\0II*\0\x08\0\0\0\x01\0"
    + struct.pack("<HHII", 0x8825, 4, 1, 0xFFFFFF)
    + bytes(4),
}


@pytest.mark.parametrize("tag", TAGS)
def test_tags_that_lie_leave_the_photo_unturned(tag):
    for kind in ("JPEG", "PNG", "WEBP"):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            small = hands.read_photo(stored(kind, exif=TAGS[tag]))
        assert difference(small, hands.read_photo(stored(kind))) < 1e-9, kind
        shown = hands.steps(stored(kind, exif=TAGS[tag]))
        assert shown.alt.startswith("Four pictures: a photo of 120"), kind


@pytest.mark.parametrize("more", [{"icc_profile": b"junk"}, {"xmp": b"tiff:Orientation='9'"}])
def test_other_junk_beside_the_pixels_is_passed_over(more):
    np.testing.assert_array_equal(
        hands.read_photo(stored("JPEG", **more)), hands.read_photo(stored("JPEG"))
    )


TURNED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How a camera stores what it tells by this orientation."""


@pytest.mark.parametrize("turn", TURNED)
def test_each_true_orientation_is_undone(turn):
    turned, exif = picture().transpose(TURNED[turn]), Image.Exif()
    exif[0x0112] = turn
    small = hands.read_photo(COLOUR)
    for kind, options in {
        "JPEG": {"quality": 95},
        "PNG": {},
        "WEBP": {"quality": 95},
        "TIFF": {},
    }.items():
        file = stored(kind, turned, exif=exif, **options)
        image, size = opening.opened(file)
        assert image.size == size == (120, 90), kind
        assert difference(np.asarray(image), COLOUR) < 4, kind
        assert difference(hands.read_photo(Image.open(io.BytesIO(file))), small) < 4, kind


@pytest.mark.parametrize("kind", ["GIF", "PNG", "TIFF", "WEBP"])
def test_of_many_pictures_the_first(kind):
    others = [Image.new("RGB", (120, 90), colour) for colour in ("white", "red")]
    options = {"lossless": True} if kind == "WEBP" else {}
    file = stored(kind, save_all=True, append_images=others, **options)
    assert difference(hands.read_photo(file), hands.read_photo(COLOUR)) < 2


MEASURE = """
import resource, sys, warnings
warnings.simplefilter("error")
from workbook import hands
hands.read_photo(sys.argv[1])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
figure = hands.steps(sys.argv[2])
print(figure.alt)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


def _measured(tmp_path, file):
    (tmp_path / "small.png").write_bytes(PNG)
    command = [sys.executable, "-c", MEASURE, tmp_path / "small.png", file]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    said, megabytes = done.stdout.splitlines()
    return said, float(megabytes)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="measured in Linux' unit")
@pytest.mark.parametrize(
    ("name", "mode", "options", "most"),
    [
        ("baseline.jpg", "L", {}, 60),
        ("colour.jpg", "CMYK", {}, 90),
        ("progressive.jpg", "L", {"progressive": True}, 500),
        ("whole.png", "L", {"compress_level": 1}, 300),
    ],
)
def test_a_phone_s_largest_photo_in_bounded_memory(name, mode, options, most, tmp_path):
    Image.new(mode, (16_320, 12_240), 90 if mode == "L" else (90, 0, 0, 0)).save(
        tmp_path / name, **options
    )
    said, megabytes = _measured(tmp_path, tmp_path / name)
    assert said.startswith("Four pictures: a photo of 16320 by 12240 pixels")
    assert megabytes < most


@pytest.mark.parametrize("kind", ["PNG", "BMP"])
def test_a_bomb_is_refused_by_its_head(kind):
    head = bytearray(stored(kind))
    at, order = (16, ">II") if kind == "PNG" else (18, "<ii")
    struct.pack_into(order, head, at, 60_000, 60_000)
    if kind == "PNG":
        struct.pack_into(">I", head, 29, zlib.crc32(bytes(head[12:29])))
    with pytest.raises(ValueError, match=r"60,000 × 60,000 pixels; beyond 200,000,000, only"):
        hands.read_photo(bytes(head))


def test_pillow_s_own_limit_is_as_it_was():
    limit = Image.MAX_IMAGE_PIXELS
    hands.read_photo(PNG)
    with pytest.raises(ValueError):
        hands.read_photo(b"x")
    assert limit == Image.MAX_IMAGE_PIXELS
    threads = [threading.Thread(target=hands.read_photo, args=(PNG,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert limit == Image.MAX_IMAGE_PIXELS


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (60_000, 1), (9000, 40), (3, 2)])
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_odd_sizes(size, kind):
    image = Image.effect_noise(size, 80) if size[0] < 60_000 else Image.new("L", size, 9)
    small = hands.read_photo(stored(kind, image))
    assert small.shape == (28, 28) and small.dtype == np.uint8


def test_deep_photos_of_many_pixels_are_stretched_to_their_largest(tmp_path):
    deep = Image.fromarray(np.tile(np.arange(3000, dtype="uint16") * 20, (100, 1)))
    image, size = opening.opened(stored("PNG", deep))
    assert size == (3000, 100) and image.size == (2048, 68)
    assert np.asarray(image).max() > 250
