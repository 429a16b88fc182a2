"""The course's datasets, as data: what each holds, how it is known to be right, where to get it.

To add a dataset of 28 by 28 grey images, add a `Spec` to `CATALOGUE`; the readers and the sources
need no change.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod

from workbook.errors import DataError

IMAGE_SHAPE = (28, 28)
PIXELS = prod(IMAGE_SHAPE)
KERAS_HOST = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
KAGGLE_HOST = "https://api.kaggle.com"


@dataclass(frozen=True)
class Part:
    """One file of a layout: its usual name, in lower case, and the arrays that it holds.

    ``columns`` is the header of a CSV file, in the publisher's order: those of `pixel_columns`
    and, where the file holds ``y_…`` as its second array, one before them for the label. Files of
    another kind have none.
    """

    file: str
    arrays: tuple[str, ...]
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Layout:
    """One way in which a dataset is published: a reader's name ("npz", "idx", "csv"), its files."""

    reader: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Spec:
    """What is known of one dataset before any of it is read.

    All its arrays are uint8: ``X_train`` (``n_train``, 28, 28), ``y_train`` (``n_train``,),
    ``X_test`` (``n_test``, 28, 28), and ``y_test`` (``n_test``,) where the test images have
    labels. ``folders`` are what folders and archives of it are called, with or without hyphens;
    the first is the one to recommend.
    ``label_values`` are the labels as they stand in the files, in class order.

    The published arrays are known by ``sha256``, array by array (of the bytes in C order), or,
    where the publisher's order is not known, by ``images_sha256``: the digests of all images,
    train and test, sorted and hashed together, with ``train_class_counts``.
    ``photograph`` is how the files are named, before ``.jpg``, of a dataset that has a folder of
    photographs for each class: a regular expression, in which ``\\1`` stands for the class
    and the first group is a number to sort by; ``download_size`` is that of its zip.
    """

    name: str
    title: str
    class_names: tuple[str, ...]
    label_values: tuple[int, ...]
    n_train: int
    n_test: int
    layouts: tuple[Layout, ...]
    licence: str
    url: str
    how_to_get: str
    folders: tuple[str, ...]
    test_labels: bool = True
    sha256: Mapping[str, str] = field(default_factory=dict)
    images_sha256: str = ""
    train_class_counts: tuple[int, ...] = ()
    downloads: tuple[str, ...] = ()
    kaggle_dataset: str = ""
    kaggle_competition: str = ""
    kaggle_host: str = KAGGLE_HOST
    cut_from: str = ""
    photograph: str = r"\1(\d+)"
    download_size: str = ""

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Each array's name and shape."""
        shapes: dict[str, tuple[int, ...]] = {
            "X_train": (self.n_train, *IMAGE_SHAPE),
            "y_train": (self.n_train,),
            "X_test": (self.n_test, *IMAGE_SHAPE),
        }
        return shapes | ({"y_test": (self.n_test,)} if self.test_labels else {})

    @property
    def csv_parts(self) -> dict[str, Part]:
        """The CSV files by name; empty where the dataset is not published as CSV at first."""
        return {
            part.file: part for layout in self.layouts[:1] for part in layout.parts if part.columns
        }

    @property
    def size(self) -> str:
        """How much memory the arrays take, or how much is downloaded of photographs, in words."""
        megabytes = sum(prod(shape) for shape in self.shapes.values()) / 1e6
        return self.download_size or f"{megabytes:.0f} MB"

    @property
    def to_get(self) -> str:
        """How to get it, in a sentence."""
        return f"To get {self.title}: {self.how_to_get}"


ARRAYS = ("X_train", "y_train", "X_test", "y_test")

IDX = Layout(
    "idx",
    (
        Part("train-images-idx3-ubyte", ("X_train",)),
        Part("train-labels-idx1-ubyte", ("y_train",)),
        Part("t10k-images-idx3-ubyte", ("X_test",)),
        Part("t10k-labels-idx1-ubyte", ("y_test",)),
    ),
)


def pixel_columns(first: int) -> tuple[str, ...]:
    """Return the names of the 784 pixel columns, counted from ``first``, row by row."""
    return tuple(f"pixel{i}" for i in range(first, first + PIXELS))


CATALOGUE: dict[str, Spec] = {
    spec.name: spec
    for spec in (
        Spec(
            name="mnist",
            title="MNIST",
            class_names=tuple("0123456789"),
            label_values=tuple(range(10)),
            n_train=60_000,
            n_test=10_000,
            layouts=(Layout("npz", (Part("mnist.npz", ARRAYS),)), IDX),
            licence="CC BY-SA 3.0",
            url="https://keras.io/api/datasets/mnist/",
            how_to_get=f"download {KERAS_HOST}mnist.npz to data/",
            folders=("mnist",),
            downloads=(f"{KERAS_HOST}mnist.npz",),
            sha256={
                "X_train": "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
                "y_train": "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
                "X_test": "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
                "y_test": "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
            },
        ),
        Spec(
            name="fashion-mnist",
            title="Fashion-MNIST",
            class_names=(
                *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
                *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
            ),
            label_values=tuple(range(10)),
            n_train=60_000,
            n_test=10_000,
            layouts=(Layout("npz", (Part("fashion-mnist.npz", ARRAYS),)), IDX),
            licence="MIT",
            url="https://github.com/zalandoresearch/fashion-mnist",
            how_to_get=(
                "download the four files (*-ubyte.gz) named at "
                "https://github.com/zalandoresearch/fashion-mnist#get-the-data "
                "to data/fashion-mnist/"
            ),
            folders=("fashion-mnist", "fashion"),
            downloads=tuple(f"{KERAS_HOST}{part.file}.gz" for part in IDX.parts),
            sha256={
                "X_train": "2e487a6c89124f78f2d7521542223cafe96f7123c3ca13d447772ac6ecbb3012",
                "y_train": "657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7",
                "X_test": "c867c93ff95360594e8ec3287995350b824dd110b11595c0e13d5423f621867a",
                "y_test": "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9",
            },
        ),
        Spec(
            name="digit-recognizer",
            title="Digit Recognizer",
            class_names=tuple("0123456789"),
            label_values=tuple(range(10)),
            n_train=42_000,
            n_test=28_000,
            test_labels=False,
            layouts=(
                Layout(
                    "csv",
                    (
                        Part("train.csv", ("X_train", "y_train"), ("label", *pixel_columns(0))),
                        Part("test.csv", ("X_test",), pixel_columns(0)),
                    ),
                ),
            ),
            licence="CC BY-SA 3.0",
            url="https://www.kaggle.com/competitions/digit-recognizer",
            how_to_get=(
                "accept the rules at https://www.kaggle.com/competitions/digit-recognizer/rules, "
                'press "Download All" on its Data page, put digit-recognizer.zip into data/'
            ),
            folders=("digit-recognizer", "digits-recognizer"),
            kaggle_competition="digit-recognizer",
            cut_from="mnist",
            # These are MNIST's 70,000 images in another order, so MNIST's own digest knows them.
            images_sha256="65d00a3136b149c1f753f466d2ae8648eee5d1e5f0782525a1fb595fc6f9e02d",
            train_class_counts=(4132, 4684, 4177, 4351, 4072, 3795, 4137, 4401, 4063, 4188),
        ),
        Spec(
            name="sign-language-mnist",
            title="Sign Language MNIST",
            class_names=tuple("ABCDEFGHIKLMNOPQRSTUVWXY"),  # J and Z need motion
            label_values=tuple(label for label in range(25) if label != 9),
            n_train=27_455,
            n_test=7_172,
            layouts=(
                Layout(
                    "csv",
                    tuple(
                        Part(
                            f"sign_mnist_{subset}.csv",
                            (f"X_{subset}", f"y_{subset}"),
                            ("label", *pixel_columns(1)),
                        )
                        for subset in ("train", "test")
                    ),
                ),
            ),
            licence="CC0 1.0",
            url="https://www.kaggle.com/datasets/datamunge/sign-language-mnist",
            how_to_get=(
                'press "Download" at https://www.kaggle.com/datasets/datamunge/sign-language-mnist '
                "and put archive.zip into data/sign-language-mnist/"
            ),
            folders=("sign-language-mnist", "sign-mnist"),
            kaggle_dataset="datamunge/sign-language-mnist/versions/1",
            sha256={
                "X_train": "2aa0dd2f625c9f26a0d0adce45d5168ea0c14d6d0268a04d225f7ae9501e275f",
                "y_train": "72bf5dc2e4cf88cf12c1c62eaeb23a8c4f02f85a1a55f873e58b7eddc0b363f9",
                "X_test": "cf0fbbb7998b716bbf5d1c5a39e9f130d27a86339934271d9ff6707680bc5c25",
                "y_test": "2a504a09d8a9c9c19abcd9170a1e7e12d8bcf6bb21956e275f79512cbb49edd9",
            },
        ),
    )
}

PHOTOGRAPHS: dict[str, Spec] = {
    "asl-alphabet": Spec(
        name="asl-alphabet",
        title="ASL Alphabet",
        class_names=(*"ABCDEFGHIJKLMNOPQRSTUVWXYZ", "del", "nothing", "space"),
        label_values=tuple(range(29)),
        n_train=69_600,
        n_test=17_400,
        layouts=(),
        licence="GPL 2",
        url="https://www.kaggle.com/datasets/grassknoted/asl-alphabet",
        how_to_get=(
            'press "Download" at https://www.kaggle.com/datasets/grassknoted/asl-alphabet '
            "and put archive.zip into data/asl-alphabet/"
        ),
        folders=("asl-alphabet",),
        kaggle_dataset="grassknoted/asl-alphabet/versions/1",
        download_size="1.1 GB",
    ),
}
"""Datasets of one folder of colour JPEGs for each class, read by `workbook.datasets.photographs`.

There is no published digest. ``n_train`` and ``n_test`` are those of the whole dataset.
"""

PEOPLE: dict[str, Spec] = {
    "asl-dataset": Spec(
        name="asl-dataset",
        title="ASL Dataset",
        class_names=tuple("0123456789abcdefghijklmnopqrstuvwxyz"),
        label_values=tuple(range(36)),
        n_train=0,
        n_test=2_515,
        layouts=(),
        licence="see its page",
        url="https://www.kaggle.com/datasets/ayuraj/asl-dataset",
        how_to_get=(
            'press "Download" at https://www.kaggle.com/datasets/ayuraj/asl-dataset '
            "and put archive.zip into data/asl-dataset/"
        ),
        folders=("asl-dataset",),
        kaggle_dataset="ayuraj/asl-dataset/versions/1",
        download_size="30 MB",
        photograph=r"hand(\d+)_\1_([a-z]+)_seg_(\d+)_cropped",
    ),
}
"""Photographs that tell whose hand they show, read by `photographs.load_people`.

All are for testing; there is no published digest.
"""


def names() -> tuple[str, ...]:
    """Return the names of all datasets, those that `load` takes first."""
    return (*CATALOGUE, *PHOTOGRAPHS, *PEOPLE)


def find_spec(name: str) -> Spec:
    """Return a dataset by its name.

    Raises:
        DataError: There is none of that name.
    """
    if name not in names():
        raise DataError("datasets.load", f"no dataset {name!r}", " or ".join(map(repr, names())))
    return (CATALOGUE | PHOTOGRAPHS | PEOPLE)[name]
