from workbook import datasets, practice
from workbook.practice import digits, garments, hands

import numpy as np
import pytest


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def drawn(module, labels, each: int, seed: int):
    """Return flat drawings of each label, made equally bright and contrasty, and the labels."""
    source = rng(seed)
    X = np.concatenate([module.draw(source, label, each) for label in labels])
    X = X.reshape(len(X), -1)
    X -= X.mean(axis=1, keepdims=True)
    return X / X.std(axis=1, keepdims=True), np.repeat(list(labels), each)


KINDS = {
    "digits": (digits, range(10)),
    "garments": (garments, range(10)),
    "hands": (hands, [*range(9), *range(10, 25)]),
}


@pytest.fixture(params=KINDS, scope="module")
def kind(request):
    return KINDS[request.param]


def test_a_drawing_is_a_picture_in_unit_range(kind):
    module, labels = kind
    for label in labels:
        X = module.draw(rng(), label, 7)
        assert X.shape == (7, 28, 28)
        assert X.dtype == np.float32
        assert X.min() >= 0 and X.max() <= 1
        assert X.std(axis=(1, 2)).min() > 0.01, "a blank picture"


def test_drawings_depend_on_the_seed_alone(kind):
    module, labels = kind
    label = labels[3]
    first = module.draw(rng(5), label, 6)
    assert np.array_equal(first, module.draw(rng(5), label, 6))
    assert not np.array_equal(first, module.draw(rng(6), label, 6))
    assert len(np.unique(first.reshape(6, -1), axis=0)) == 6


def test_drawings_can_be_learned_but_not_by_a_straight_line_alone(kind):
    module, labels = kind
    X, y = drawn(module, labels, 150, seed=1)
    X_new, y_new = drawn(module, labels, 40, seed=2)

    def nearest(points, values):
        squares = (points**2).sum(axis=1) - 2 * X_new @ points.T
        return np.mean(values[squares.argmin(axis=1)] == y_new)

    centroids = np.stack([X[y == label].mean(axis=0) for label in labels])
    by_centroid = nearest(centroids, np.array(list(labels)))
    by_neighbour = nearest(X, y)
    assert 2 / len(labels) < by_centroid < by_neighbour
    assert by_neighbour > 0.5


def test_digits_are_centred_white_on_black():
    X = digits.draw(rng(), 3, 50)
    grid = np.arange(28)
    mass = X.sum(axis=(1, 2))
    x = (X.sum(axis=1) * grid).sum(axis=1) / mass
    y = (X.sum(axis=2) * grid).sum(axis=1) / mass
    assert abs(x.mean() - 13.5) < 0.5 and abs(y.mean() - 13.5) < 0.5
    assert np.all(X.max(axis=(1, 2)) > 0.9)
    assert np.mean(X < 0.01) > 0.6


# The counts of the published sets, class by class.
@pytest.mark.parametrize(
    ("name", "train", "test", "labels"),
    [
        ("mnist", 60_000, 10_000, range(10)),
        ("fashion-mnist", 60_000, 10_000, range(10)),
        ("digit-recognizer", 42_000, 28_000, range(10)),
        ("sign-language-mnist", 27_455, 7_172, [*range(9), *range(10, 25)]),
    ],
)
def test_sets_have_the_real_sizes(monkeypatch, name, train, test, labels):
    monkeypatch.setitem(practice._SETS, name, practice._SETS[name]._replace(draw=blank))
    arrays = practice.draw(name)
    assert arrays["X_train"].shape == (train, 28, 28)
    assert arrays["X_test"].shape == (test, 28, 28)
    assert all(a is None or a.dtype == np.uint8 for a in arrays.values())
    assert arrays["y_train"].shape == (train,)
    assert set(arrays["y_train"]) == set(labels)
    # Every picture is of what its label says.
    assert np.array_equal(arrays["X_train"][:, 0, 0], arrays["y_train"])
    if name == "digit-recognizer":
        assert arrays["y_test"] is None
    else:
        assert np.array_equal(arrays["X_test"][:, 0, 0], arrays["y_test"])


def blank(_, label, n):
    return np.full((n, 28, 28), label / 255, np.float32)


def test_the_two_sets_of_digits_make_up_the_same_classes():
    mnist, competition = practice._SETS["mnist"], practice._SETS["digit-recognizer"]
    for a, b, c, d in zip(
        mnist.train, mnist.test, competition.train, competition.test, strict=True
    ):
        assert a + b == c + d


def test_a_set_is_the_same_each_time_and_no_other_set(monkeypatch):
    few = {
        name: spec._replace(train=[3] * len(spec.labels), test=[2] * len(spec.labels))
        for name, spec in practice._SETS.items()
    }
    monkeypatch.setattr(practice, "_SETS", few)
    for name in few:
        first, second = practice.draw(name), practice.draw(name)
        for part, array in first.items():
            assert np.array_equal(array, second[part]), (name, part)
    mnist, competition = practice.draw("mnist"), practice.draw("digit-recognizer")
    assert not np.array_equal(mnist["X_train"], competition["X_train"])


def test_each_set_of_drawings_is_of_a_dataset():
    assert set(practice.NAMES) <= set(datasets.names())


def test_an_unknown_name_is_an_error():
    with pytest.raises(KeyError):
        practice.draw("cifar10")
