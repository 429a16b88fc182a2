import io

from workbook import hands, notice
from workbook.hands import opening

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter


def hand_like(size=(400, 400), box=(150, 100, 250, 300), colour=(200, 150, 120), behind="black"):
    """An ellipse with a darker stripe, so that turning and cropping can be seen."""
    picture = Image.new("RGB", size, behind)
    draw = ImageDraw.Draw(picture)
    draw.ellipse(box, fill=colour)
    draw.rectangle((box[0] + 40, box[1] + 20, box[2] - 40, box[1] + 60), fill=(120, 80, 60))
    return picture


def saved(picture, path, **options):
    picture.save(path, **options)
    return path


@pytest.mark.parametrize("kind", ["jpg", "png", "webp"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("size", [(400, 400), (613, 397), (300, 900)])
def test_any_kind_mode_and_size(tmp_path, kind, mode, size):
    small = hands.read_photo(saved(hand_like(size).convert(mode), tmp_path / f"hand.{kind}"))
    assert small.shape == (28, 28) and small.dtype == np.uint8
    assert small.max() > 120 and small[0, 0] < 10


def test_cropped_to_the_hand_wherever_it_is_and_however_large(tmp_path):
    boxes = [(150, 100, 250, 300), (20, 30, 120, 230), (290, 190, 390, 390)]
    read = [
        hands.read_photo(saved(hand_like(box=box), tmp_path / f"{n}.png")).astype(float)
        for n, box in enumerate(boxes)
    ]
    large = hand_like((800, 800), (300, 200, 500, 600))
    read.append(hands.read_photo(saved(large.resize((200, 200)), tmp_path / "l.png")).astype(float))
    for other in read[1:]:
        assert np.abs(other - read[0]).mean() < 6
    rows = np.flatnonzero(read[0].max(axis=1) > 60)
    assert 23 <= rows[-1] - rows[0] + 1 <= 26  # of 28: all of the hand, with a margin


def test_a_cut_out_hand_that_touches_the_edge_is_not_drawn_out(tmp_path):
    touching = hand_like().crop((150, 100, 300, 301))
    read = hands.read_photo(saved(touching, tmp_path / "touching.png"))
    alone = hands.read_photo(saved(hand_like(), tmp_path / "alone.png"))
    assert np.abs(read.astype(int) - alone).mean() < 3


def test_all_of_a_cut_out_hand_is_taken_though_part_of_it_is_in_the_shadow(tmp_path):
    lit = hand_like()
    shadow = np.ones((400, 1, 1))
    shadow[:180] = 0.08  # darker than what counts as a black background
    shadow[180:190] = 0
    speck = np.asarray(lit) * shadow
    speck[20:26, 20:26] = 255
    whole = hands.read_photo(saved(lit, tmp_path / "lit.png"))
    read = hands.read_photo(saved(Image.fromarray(speck.astype("uint8")), tmp_path / "dark.png"))
    lower = slice(15, None)
    assert np.abs(read[lower].astype(int) - whole[lower]).mean() < 3


def test_turned_as_exif_says(tmp_path):
    upright = hand_like()
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned by 90 degrees clockwise
    path = saved(upright.transpose(Image.Transpose.ROTATE_90), tmp_path / "e.jpg", exif=exif)
    plain = hands.read_photo(saved(upright, tmp_path / "u.jpg"))
    assert np.abs(hands.read_photo(path).astype(int) - plain).mean() < 3


def test_transparency_counts_as_black(tmp_path):
    picture = hand_like(behind="white")
    picture.putalpha(hand_like().convert("L").point(lambda grey: 255 * (grey > 5)))
    black = hands.read_photo(saved(hand_like(), tmp_path / "b.png"))
    clear = hands.read_photo(saved(picture, tmp_path / "t.png"))
    assert np.abs(clear.astype(int) - black).mean() < 3


@pytest.mark.parametrize("grey", [20, 235])
def test_found_on_a_wall_that_is_unevenly_lit(tmp_path, grey):
    ramp = np.linspace(-20, 20, 400)[:, None, None] + np.linspace(-15, 15, 400)[None, :, None]
    wall = np.clip(np.broadcast_to(grey + 60 * (grey < 128) + ramp, (400, 400, 3)), 0, 255)
    cut = np.asarray(hand_like())
    photo = np.where(cut.max(axis=2, keepdims=True) > 0, cut, wall).astype("uint8")
    small = hands.read_photo(saved(Image.fromarray(photo), tmp_path / "wall.png")).astype(float)
    alone = hands.read_photo(saved(hand_like(), tmp_path / "alone.png")).astype(float)
    inside = alone > 100
    assert np.abs(small - alone)[inside].mean() < 12


def test_middle_square_where_there_is_no_hand(tmp_path):
    ramp = np.tile(np.linspace(60, 200, 400).astype("uint8"), (200, 1))
    small = hands.read_photo(saved(Image.fromarray(ramp), tmp_path / "ramp.png"))
    np.testing.assert_allclose(small.mean(axis=0), np.linspace(95 + 1.25, 165 - 1.25, 28), atol=2)


def test_sixteen_bits_and_palettes(tmp_path):
    grey = np.asarray(hand_like().convert("L"))
    deep = Image.fromarray(grey.astype("uint16") * 257)
    plain = hands.read_photo(saved(hand_like(), tmp_path / "plain.png")).astype(int)
    in_colours = saved(hand_like().convert("P"), tmp_path / "p.png")
    assert (
        np.corrcoef(hands.read_photo(saved(deep, tmp_path / "d.png")).flat, plain.flat)[0, 1] > 0.99
    )
    assert np.corrcoef(hands.read_photo(in_colours).flat, plain.flat)[0, 1] > 0.98


def test_an_open_file_as_an_upload_gives(tmp_path):
    path = saved(hand_like(), tmp_path / "hand.png")
    np.testing.assert_array_equal(
        hands.read_photo(io.BytesIO(path.read_bytes())), hands.read_photo(str(path))
    )


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_pixels_count_as_a_photo(tmp_path, mode):
    picture = hand_like().convert(mode)
    np.testing.assert_array_equal(
        hands.read_photo(np.asarray(picture)),
        hands.read_photo(saved(picture, tmp_path / "p.png")),
    )


def test_errors_name_the_file_and_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no file .*nowhere\.jpg.*Give the path"):
        hands.read_photo(tmp_path / "nowhere.jpg")
    notes = tmp_path / "notes.txt"
    notes.write_text("no image")
    whole = saved(hand_like(), tmp_path / "whole.jpg").read_bytes()
    (tmp_path / "half.jpg").write_bytes(whole[: len(whole) // 2])
    for path in (notes, tmp_path / "half.jpg", tmp_path):
        with pytest.raises(ValueError, match=f"{path.name} cannot be read.*JPEG, PNG or WebP"):
            hands.read_photo(path)


def test_steps_show_the_photo_the_hand_the_crop_and_the_result(tmp_path):
    path = saved(hand_like((500, 400)), tmp_path / "hand.png")
    figure = hands.steps(path)
    shown = [axis.images[0].get_array() for axis in figure.axes]
    assert [picture.shape[:2] for picture in shown[:2]] == [(102, 128)] * 2
    assert shown[2].shape[0] == shown[2].shape[1]
    np.testing.assert_array_equal(shown[3], hands.read_photo(path))
    assert "500 by 400" in figure.alt and "8% of it" in figure.alt


def test_a_photo_that_would_fill_the_memory_is_refused(monkeypatch, tmp_path):
    Image.new("RGB", (40, 40)).save(tmp_path / "a.png")
    monkeypatch.setattr(opening, "MOST", 100)
    with pytest.raises(ValueError, match=r"a\.png has 40 × 40 pixels; beyond 100, only a JPEG"):
        hands.read_photo(tmp_path / "a.png")


def test_a_large_photo_is_decoded_small_and_told_in_its_full_size(tmp_path):
    large = hand_like((4000, 3000), (1500, 750, 2500, 2250))
    path, whole = saved(large, tmp_path / "large.jpg"), saved(large, tmp_path / "large.png")
    assert opening.opened(path)[0].size == (2000, 1500)
    assert hands.steps(path).axes[0].get_title() == "The photo\n4000 by 3000 pixels"
    difference = hands.read_photo(path).astype(float) - hands.read_photo(whole)
    assert np.abs(difference).mean() < 6


def test_the_steps_say_that_practice_data_was_loaded(tmp_path, monkeypatch):
    monkeypatch.setitem(notice.PRACTICE, "mnist", "MNIST")
    alt = hands.steps(saved(hand_like(), tmp_path / "a.png")).alt
    assert alt.endswith("Made from practice data drawn by the workbook, not MNIST.")


def drawn_large(side=420):
    """A drawn hand in the size of a photograph, sharp: bands on an ellipse, on black."""
    rng = np.random.default_rng(0)
    grain = rng.integers(-60, 60, (side // 4, side // 4)).repeat(4, 0).repeat(4, 1)
    hand = np.asarray(hand_like((side, side), (110, 40, 310, 380)).convert("L")).astype(int)
    return Image.fromarray(np.where(hand > 0, np.clip(hand + grain, 40, 255), 0).astype("uint8"))


def test_a_good_photo_needs_no_remark():
    assert hands.remarks(drawn_large()) == []


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        (lambda photo: photo.point(lambda grey: grey // 6), "dark"),
        (lambda photo: photo.filter(ImageFilter.GaussianBlur(14)), "blurred"),
        (lambda photo: Image.new("L", (300, 300), 127), "No hand was found"),
    ],
)
def test_what_is_wrong_with_a_photo_is_said_with_what_to_do(spoilt, said):
    found = hands.remarks(spoilt(drawn_large()))
    assert len(found) == 1 and said in found[0] and found[0].count(". ") >= 1


def test_a_small_picture_is_not_called_blurred():
    small = drawn_large().resize((56, 56))
    assert hands.remarks(small) == []
    assert hands.remarks(np.asarray(small)) == []
