"""Drawings that the pad saved, read back and used to measure networks."""

from workbook import live, paths
from workbook.backend import keras
from workbook.datasets import DataError
from workbook.live.digits import HEADER

import numpy as np
import pytest


def written(path, images, labels, header=HEADER):
    rows = [header, *([label, *image.ravel()] for label, image in zip(labels, images, strict=True))]
    path.write_text("".join(",".join(map(str, row)) + "\n" for row in rows))
    return path


@pytest.fixture
def drawings():
    images = np.random.default_rng(3).integers(0, 256, (8, 28, 28))
    return images, np.array([0, 1, 2, 3, 4, 5, 6, 9])


def test_drawings_come_back_as_they_were(tmp_path, drawings):
    X, y = live.read_digits(written(tmp_path / "my_digits.csv", *drawings))
    assert X.dtype == y.dtype == np.uint8
    assert np.array_equal(X, drawings[0]) and np.array_equal(y, drawings[1])


def _broken(path, drawings, kind):
    images, labels = drawings[0].astype(object), drawings[1].astype(object)
    if kind == "empty":
        return path.write_text("")
    if kind == "header only":
        images, labels = images[:0], labels[:0]
    if kind == "bright":
        images[2, 3, 4] = 256
    if kind == "negative":
        images[2, 3, 4] = -1
    if kind == "fraction":
        images[2, 3, 4] = 0.5
    if kind == "word":
        images[2, 3, 4] = "x"
    if kind == "gap":
        images[2, 3, 4] = ""
    if kind == "label":
        labels[0] = 10
    header = ["digit", *HEADER[1:]] if kind == "header" else HEADER
    return written(path, images, labels, header)


@pytest.mark.parametrize(
    "kind",
    [
        "empty",
        "header only",
        "bright",
        "negative",
        "fraction",
        "word",
        "gap",
        "label",
        "header",
        "binary",
        "folder",
    ],
)
def test_another_file_is_refused_in_a_line(tmp_path, drawings, kind):
    path = tmp_path / "my_digits.csv"
    if kind == "binary":
        path.write_bytes(b"\x89PNG\r\n\x1a\n\x00\xff")
    elif kind == "folder":
        path.mkdir()
    else:
        _broken(path, drawings, kind)
    with pytest.raises(DataError, match=r"my_digits\.csv") as refused:
        live.read_digits(path)
    assert "\n" not in str(refused.value)


def test_networks_are_measured_on_your_own_hand(tmp_path, drawings, capsys):
    path = written(tmp_path / "my_digits.csv", *drawings)
    network = keras.Sequential(
        [keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(10)]
    )
    kernel, bias = network.get_weights()
    network.set_weights([0 * kernel, bias + np.eye(10)[3]])  # sees a 3 in everything
    live.measured({"stubborn": network}, path)
    said = capsys.readouterr().out
    assert "8 drawings" in said
    # Wilson's interval for 1 of 8, worked out by hand with z = 1.96: 2.2% to 47.1%.
    assert "stubborn: 1 read correctly, 12% (2% to 47%)" in said


def test_your_own_drawings_are_moved_as_they_say(tmp_path):
    images = np.zeros((3, 28, 28), int)
    images[:, :, 20] = 255
    path = written(tmp_path / "my_digits.csv", images, [4, 4, 7])
    network = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten()])
    network.add(keras.layers.Dense(10))
    kernel = np.zeros((28, 28, 10))
    kernel[:, 22, 4] = 1  # reads a 4 where the stroke was moved two pixels to the right
    kernel[:, 19, 7] = 1
    network.set_weights([kernel.reshape(784, 10), np.eye(10)[0]])
    fig = live.moved({"picky": network}, [-1, 0, 2, 8], path)
    assert "3 of your own drawings" in fig.alt
    assert "picky, 33.3% at -1, 0.0% at 0, 66.7% at 2, 0.0% at 8" in fig.alt


def test_without_drawings_it_says_how_to_get_some(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(paths, "DATA", tmp_path)
    live.measured({})
    assert live.moved({}, [0, 1]) is None
    assert capsys.readouterr().out.count("draw on the pad") == 1
