import re
from types import SimpleNamespace
from typing import ClassVar

from workbook import notice, plots

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

CLASS_NAMES = ["cat", "dog", "owl"]
LABELS = np.array([0, 1, 2, 0, 1, 2])
IMAGES = np.random.default_rng(0).integers(0, 256, (6, 28, 28), dtype="uint8")
PROBABILITIES = np.array(
    [
        [0.8, 0.1, 0.1],
        [0.2, 0.7, 0.1],
        [0.1, 0.3, 0.6],
        [0.05, 0.9, 0.05],
        [0.1, 0.8, 0.1],
        [0.4, 0.3, 0.3],
    ]
)
PREDICTED = PROBABILITIES.argmax(axis=1)
MIDDLE = np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]])
CHANNELS = np.random.default_rng(1).normal([1, 5, -3], [1, 2, 0.5], (4, 6, 6, 3))


def _dense(inputs, units, activation):
    return SimpleNamespace(
        units=units,
        kernel=np.zeros((inputs, units)),
        activation=SimpleNamespace(__name__=activation),
    )


NETWORK = SimpleNamespace(
    layers=[object(), _dense(784, 5, "relu"), _dense(5, 4, "relu"), _dense(4, 3, "softmax")]
)


class History:
    """What ``fit`` returns, as far as the plots look at it."""

    history: ClassVar = {
        "loss": [1.0, 0.5, 0.2],
        "val_loss": [0.9, 0.6, 0.8],
        "accuracy": [0.5, 0.8, 0.95],
        "val_accuracy": [0.55, 0.75, 0.7],
    }


FIGURES = {
    "samples": lambda: plots.samples(IMAGES, LABELS, CLASS_NAMES),
    "learning_curves": lambda: plots.learning_curves(History()),
    "knobs": lambda: plots.knobs({"units": {"20": History(), "200": History()}}, "Two"),
    "by_seed": lambda: plots.by_seed(
        {"plain": [0.33, 0.35], "dropout": [0.29, 0.31]}, "validation loss", "Twice"
    ),
    "convolving": lambda: plots.convolving(IMAGES[0], np.eye(3), at=(2, 4)),
    "pooling": lambda: plots.pooling(IMAGES[0], MIDDLE, at=(2, 4), side=4),
    "normalising": lambda: plots.normalising(
        CHANNELS, (CHANNELS - CHANNELS.mean(axis=(0, 1, 2))) / CHANNELS.std(axis=(0, 1, 2))
    ),
    "dropping": lambda: plots.dropping(
        np.arange(1.0, 9), np.array([[0, 4, 6, 0, 10, 0, 14, 0], [2, 4, 0, 8, 0, 12, 0, 0.0]])
    ),
    "predictions": lambda: plots.predictions(IMAGES, LABELS, PROBABILITIES, CLASS_NAMES),
    "confident_mistakes": lambda: plots.confident_mistakes(
        IMAGES, LABELS, PROBABILITIES, CLASS_NAMES
    ),
    "confusion_matrix": lambda: plots.confusion_matrix(LABELS, PREDICTED, CLASS_NAMES),
    "variations": lambda: plots.variations(IMAGES[:2], [IMAGES[2:4]], "Changed", ["dark"]),
    "captioned": lambda: plots.captioned(IMAGES[:2], ["the first", "the second"], "Two images"),
    "paired": lambda: plots.paired(
        {"plain": {"before": 1.0, "after": 0.9}, "dark": {"before": 0.2, "after": 0.8}}, "Twice"
    ),
    "reliability": lambda: plots.reliability(LABELS, PROBABILITIES),
    "curves": lambda: plots.curves([-1, 0, 1], {"plain": [0.5, 1.0, 0.25]}, "Moved", "pixels"),
    "unit": lambda: plots.unit(
        np.full((28, 28), 0.5), np.r_[np.ones(196), -np.ones(588)], 4.0, "One unit"
    ),
    "layers": lambda: plots.layers(NETWORK, "A network", shown=4),
    "weight_images": lambda: plots.weight_images(
        {"before": np.eye(784)[:, :16], "after": np.ones((784, 16)) * np.arange(784)[:, None]},
        "Weights",
    ),
    "attention": lambda: plots.attention(
        IMAGES[:2], ["A", "B"], {"covered": np.ones((2, 28, 28))}, "What matters"
    ),
    "evidence": lambda: plots.evidence(
        IMAGES[0], {"for a\ncat": np.full((28, 28), 0.5)}, {"cat": 0.75, "dog": 0.25}
    ),
}


def _texts(fig: plots.Figure) -> str:
    return " ".join(
        text.get_text() for text in fig.findobj(lambda artist: hasattr(artist, "get_text"))
    )


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_shows_itself_with_its_description(name):
    fig = FIGURES[name]()
    data, metadata = fig._repr_mimebundle_()
    assert data["image/png"].startswith("iVBOR")
    assert metadata["image/png"]["alt"] == data["text/plain"] == fig.alt
    assert len(fig.alt) > 30


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_of_practice_data_is_marked(name, monkeypatch):
    assert "Made from" not in FIGURES[name]().alt
    monkeypatch.setitem(notice.PRACTICE, "mnist", "MNIST")
    fig = FIGURES[name]()
    assert "practice data drawn by the workbook, not MNIST" in fig.alt
    assert "practice data drawn by the workbook, not MNIST" in _texts(fig)


@pytest.mark.parametrize(
    ("name", "said"),
    {
        "learning_curves": "lowest at epoch 2 (0.600); at the end it is 0.800, a rise",
        "knobs": "units: 20, lowest 0.600, at the end 0.800; 200, lowest 0.600, at the end 0.800.",
        "by_seed": "validation loss, 2 seeds each: plain 0.33 to 0.35; dropout 0.29 to 0.31.",
        "predictions": "6 images, 2 of them misread",
        "confident_mistakes": "dog (90.0%), actually cat; cat (40.0%), actually owl",
        "confusion_matrix": "4 of 6 images are on the diagonal",
        "variations": "Changed: 2 images, each as stored and in 1 changed version (dark)",
        "captioned": "Two images: the first; the second",
        "paired": "plain, before 100.0%, after 90.0%; dark, before 20.0%, after 80.0%.",
        "reliability": "40% sure 0% right, 60% sure 100% right",
        "curves": "Moved, against pixels: plain, 50.0% at -1, 100.0% at 0, 25.0% at 1.",
        "unit": "25% are above 0, gives products that add up to -196.0; with a bias of +4.00",
        "layers": "input of 784, hidden layer 1 of 5, hidden layer 2 of 4, output of 3, each",
        "weight_images": "after, spread 226.321, neighbouring weights correlate by 1.00",
        "attention": "What matters: A, B; covered, 33% of it in the middle 16 by 16 pixels.",
        "evidence": "(for a cat +392.0), orange for more and purple for less; most probable: cat",
    }.items(),
)
def test_descriptions_are_computed_from_what_is_shown(name, said):
    assert said in FIGURES[name]().alt


def test_descriptions_do_not_single_out_one_of_equals():
    swapped = plots.confusion_matrix(np.arange(3), np.array([1, 0, 2]), CLASS_NAMES)
    assert "most common, 1 time: cat taken for dog, dog taken for cat" in swapped.alt


def test_a_rise_to_more_digits_is_a_rise():
    diverging = History()
    diverging.history = History.history | {"val_loss": [9.7, 9.5, 10.6]}
    assert "at the end it is 10.600, a rise that" in plots.learning_curves(diverging).alt


def test_a_rise_too_small_to_be_seen_is_not_called_overfitting():
    steady = History()
    steady.history = History.history | {"val_loss": [0.1, 0.002, 0.003]}
    assert "lowest at epoch 2 (0.002); at the end it is 0.003." in plots.learning_curves(steady).alt


def test_learning_curves_say_what_they_lack():
    nothing, half = History(), History()
    nothing.history = {}
    assert "No epoch was completed" in plots.learning_curves(nothing).alt
    half.history = {"loss": [1.0], "accuracy": [0.5]}
    with pytest.raises(ValueError, match="not val_loss, val_accuracy: compile with"):
        plots.learning_curves(half)
    half.history |= {"loss": [1.0, 0.9], "val_loss": [1.0], "val_accuracy": [0.5]}
    with pytest.raises(ValueError, match="2 epochs, but validation in 1 only: fit with"):
        plots.learning_curves(half)


def test_learning_curves_mark_the_lowest_validation_loss():
    loss, accuracy = plots.learning_curves(History()).axes
    for axis, value in [(loss, 0.6), (accuracy, 0.75)]:
        marked = axis.lines[-1]
        assert (marked.get_xdata(), marked.get_ydata()) == ([2], [value])
        assert axis.get_xlabel() == "epoch"


def _drawn(fig):
    canvas = FigureCanvasAgg(fig)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())


def test_nothing_of_a_long_list_of_names_is_cut_off():
    images = np.zeros((120, 28, 28), "uint8")
    names = ["T-shirt/top", *"abcdefghi"]
    drawn = _drawn(plots.samples(images, np.repeat(np.arange(10), 12), names))
    assert (drawn[:, :2] == 255).all()


def test_no_name_of_many_changes_is_cut_off():
    images = np.zeros((8, 28, 28), "uint8")
    drawn = _drawn(
        plots.variations(images, [images] * 16, "Changed", ["mirrored (other hand)"] * 16)
    )
    assert (drawn[:, :2] == 255).all()


def test_right_and_wrong_differ_by_more_than_colour():
    fig = FIGURES["predictions"]()
    titles = [axis.get_title() for axis in fig.axes[:6]]
    assert [title[0] for title in titles] == list("✓✓✓✗✓✗")
    drawn = _drawn(fig)
    for title, axis in zip(titles, fig.axes, strict=False):
        frame = axis.bbox
        edge = drawn[len(drawn) - round(frame.y1), round(frame.x0) + 4 : round(frame.x1) - 4, :3]
        colour = 255 * np.array(axis.spines["top"].get_edgecolor()[:3])
        gaps = np.mean(np.abs(edge - colour).max(axis=1) > 64)
        assert (gaps > 0.1) == (title[0] == "✗"), (title, gaps)


def test_confident_mistakes_come_surest_first():
    fig = FIGURES["confident_mistakes"]()
    confidence = [float(re.search(r"([\d.]+)%", axis.get_title())[1]) for axis in fig.axes[:2]]
    assert confidence == [90.0, 40.0]


def test_no_mistakes_is_said_and_not_an_error():
    right = np.eye(3)[LABELS]
    assert "no mistake in 6" in plots.confident_mistakes(IMAGES, LABELS, right, CLASS_NAMES).alt


def test_float_images_are_shown_like_whole_numbered_ones():
    whole = FIGURES["samples"]()
    floats = plots.samples(IMAGES / 255, LABELS, CLASS_NAMES)
    shown = [
        fig.axes[0].images[0].to_rgba(fig.axes[0].images[0].get_array()) for fig in (whole, floats)
    ]
    np.testing.assert_allclose(*shown, atol=0.01)


def test_a_named_change_is_a_row_and_a_numbered_one_a_column():
    named, numbered = (
        plots.variations(IMAGES[:3], [IMAGES[3:6]], "Changed", names).axes[0]
        for names in (["dark"], None)
    )
    assert [tick.get_text() for tick in named.get_yticklabels()] == ["as stored", "dark"]
    assert [tick.get_text() for tick in numbered.get_xticklabels()] == ["as stored", "1"]
    assert named.images[0].get_array().shape == numbered.images[0].get_array().shape[::-1]


def test_a_training_that_diverged_has_its_best_epoch_before():
    diverged = History()
    diverged.history = History.history | {"val_loss": [0.9, 0.6, float("nan")]}
    assert "lowest at epoch 2 (0.600); at the end it is nan." in plots.learning_curves(diverged).alt


def test_rows_of_the_confusion_matrix_are_actual_classes():
    fig = plots.confusion_matrix(np.array([0, 0, 0, 1]), np.array([1, 1, 2, 2]), CLASS_NAMES)
    axis = fig.axes[0]
    assert "most common, 2 times: cat taken for dog" in fig.alt
    assert {t.get_position(): t.get_text() for t in axis.texts} == {
        (1, 0): "2",
        (2, 0): "1",
        (2, 1): "1",
    }
    np.testing.assert_array_equal(np.ma.filled(axis.images[0].get_array()[0], -1), [-1, 2, 1])
    assert "most often: cat as dog (2), " in axis.get_title()
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("predicted class", "actual class")


def test_samples_stand_in_the_row_of_their_class():
    shades = np.broadcast_to(np.array(LABELS, np.uint8)[:, None, None] * 100, (6, 28, 28))
    shown = plots.samples(shades, LABELS, CLASS_NAMES).axes[0].images[0].get_array()
    assert [shown[30 * row, 30] for row in range(3)] == [0, 100, 200]


def test_a_prediction_is_above_its_picture_and_the_label_below():
    axis = FIGURES["predictions"]().axes[3]
    assert (axis.get_title(), axis.get_xlabel()) == ("✗ dog, 90.0%", "actual: cat")


def test_a_reliability_diagram_bins_by_the_probability_of_the_prediction():
    sure = np.array([0.95, 0.95, 0.95, 0.95, 0.55, 0.55])
    right = np.array([1, 1, 1, 0, 1, 0], bool)
    probabilities = np.stack([sure, 1 - sure], axis=1)
    fig = plots.reliability(np.where(right, 0, 1), probabilities)
    assert "55% sure 50% right, 95% sure 75% right" in fig.alt
    assert "100.0% on the half that the network is surest of, 66.7% on all" in fig.alt
    coverage = fig.axes[1].lines[0]
    assert coverage.get_xdata()[-1] == 1 and coverage.get_ydata()[-1] == pytest.approx(4 / 6)


def test_a_loss_that_spans_decades_has_a_logarithmic_axis():
    falling = History()
    falling.history = History.history | {"val_loss": [0.9, 0.1, 0.01]}
    scales = [plots.learning_curves(h).axes[0].get_yscale() for h in (History(), falling)]
    assert scales == ["linear", "log"]


def test_curves_are_drawn_as_they_are_named():
    fig = plots.learning_curves(History())
    for axis, key in zip(fig.axes, ("loss", "accuracy"), strict=True):
        drawn = {line.get_label(): list(line.get_ydata()) for line in axis.lines[:2]}
        assert drawn == {
            "training": History.history[key],
            "validation": History.history[f"val_{key}"],
        }
    assert "at most 75.0% at epoch 2" in fig.alt


def test_each_knob_has_a_panel_and_each_setting_a_line_of_its_validation_losses():
    class Other:
        history: ClassVar = {"val_loss": [0.5, float("nan")]}

    begun, diverged = History(), Other()
    settings = {"decay": {"0": begun, "1": diverged}, "units": {"5": Other(), "20": begun}}
    fig = plots.knobs(settings, "Two")
    decay = fig.axes[0]
    assert [axis.get_title() for axis in fig.axes] == ["decay", "units"]
    assert [line.get_label() for line in decay.lines] == ["0", "1"]
    assert list(decay.lines[0].get_ydata()) == [0.9, 0.6, 0.8]
    assert list(decay.lines[0].get_xdata()) == [1, 2, 3]
    looks = [[(line.get_marker(), line.get_color()) for line in axis.lines] for axis in fig.axes]
    assert looks[0][0] == looks[1][1] != looks[0][1] == looks[1][0]
    assert "1, lowest 0.500, at the end nan" in fig.alt


def test_as_many_mistakes_as_asked_for_are_shown():
    fig = plots.confident_mistakes(IMAGES, LABELS, PROBABILITIES, CLASS_NAMES, count=1)
    assert (
        fig.alt.startswith("1 image, 1 of them")
        and "1 most confident of 2" in fig._suptitle.get_text()
    )


def test_where_all_mistakes_are_shown_the_title_says_so():
    def title(rows):
        fig = plots.confident_mistakes(IMAGES[rows], LABELS[rows], PROBABILITIES[rows], CLASS_NAMES)
        return fig._suptitle.get_text()

    wrong = np.flatnonzero(PROBABILITIES.argmax(axis=1) != LABELS)
    assert title(wrong) == "2 mistakes in all"
    assert title(wrong[:1]) == "1 mistake in all"


def test_a_convolution_is_laid_on_the_framed_place_only():
    fig = FIGURES["convolving"]()
    image = IMAGES[0].astype(int)
    total = image[2, 4] + image[3, 5] + image[4, 6]
    assert f"at row 2, column 4, nine products add up to {total:,}" in fig.alt
    pixels = [text.get_text() for text in fig.axes[1].texts[:9]]
    assert pixels == [str(number) for number in image[2:5, 4:7].ravel()]
    assert fig.axes[3].images[0].get_array().shape == (26, 26)
    assert fig.axes[3].images[0].get_array()[2, 4] == total


def test_pooling_keeps_the_largest_of_each_four_and_marks_it():
    fig = FIGURES["pooling"]()
    image = IMAGES[0][1:-1, 1:-1]  # what a filter that keeps the middle of nine pixels leaves
    wanted = [image[r : r + 2, c : c + 2].max() for r in (2, 4) for c in (4, 6)]
    bold = [t.get_text() for t in fig.axes[1].texts if t.get_fontweight() == "bold"]
    assert sorted(bold) == sorted(map(str, wanted)) and len(bold) == 4
    assert fig.axes[3].images[0].get_array().shape == (13, 13)
    assert f"becomes {', '.join(map(str, wanted))}." in fig.alt


def test_normalised_channels_have_mean_0_and_spread_1():
    assert "after, means from -0.00 to 0.00 and spreads from 1.00 to 1.00" in re.sub(
        r"from 0.00 to", "from -0.00 to", FIGURES["normalising"]().alt
    )


def test_what_dropout_sets_to_zero_is_coloured():
    fig = FIGURES["dropping"]()
    assert [len(axis.patches) for axis in fig.axes] == [0, 4, 4]
    assert "8 activations at inference, and in 2 steps of training, of which 50%, 50%" in fig.alt
    zeros = {(patch.get_x(), patch.get_y()) for patch in fig.axes[1].patches}
    assert zeros == {(-0.5, -0.5), (2.5, -0.5), (0.5, 0.5), (2.5, 0.5)}


def test_a_step_on_paper_is_told_in_words():
    one = np.array([1.0])
    step = {"x": one, "W1": np.array([[1.0, -2.0]]), "Z1": np.array([1.0, -2.0])}
    step |= {"H": np.array([1.0, 0.0]), "dZ1": np.array([0.5, -0.0]), "P": np.array([0.25, 0.75])}
    step |= {"dZ2": np.array([0.25, -0.25]), "W2": np.ones((2, 2)), "dW1": np.array([[0.5, -0.0]])}
    step |= {
        "dW2": np.array([[0.25, -0.25], [0.0, -0.0]]),
        "y": one,
        "Z2": np.zeros(2),
        "dH": np.array([0.5, 0.25]),
    }
    figure = plots.step_on_paper(step)
    assert "hidden unit 1 is 1, gradient 0.50, before relu 0.50;" in figure.alt
    assert "hidden unit 2 is silent, gradient 0.25, before relu 0.00;" in figure.alt
    assert "gradients of W2 0.25, -0.25, 0, 0" in figure.alt
    assert "-0.00" not in [text.get_text() for text in figure.axes[0].texts]


def test_few_images_make_no_point_in_a_reliability_diagram():
    sure = np.array([0.55] * 3 + [0.75] * 5 + [0.95] * 1992)
    probabilities, labels = np.stack([sure, 1 - sure], axis=1), np.zeros(2000, int)
    assert (
        ": 75% sure 100% right, 95% sure 100% right."
        in plots.reliability(labels, probabilities).alt
    )
    assert ": 55% sure 100% right." in plots.reliability(labels[:3], probabilities[:3]).alt
