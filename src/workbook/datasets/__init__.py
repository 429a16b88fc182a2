"""Load the course's datasets: one call for each, checked, with where the images came from.

>>> digit_mnist = datasets.load("mnist")  # doctest: +SKIP
>>> (X_train_full, y_train_full), (X_test, y_test) = digit_mnist.load_data()  # doctest: +SKIP

From that line to the bytes in five stops:

1. `dataset.load` looks the name up in the `catalogue`, where datasets are data, and makes the
   `Dataset` of the arrays.
2. `sources.load` tries one source after another: placed files, Keras, Kaggle, a cut of MNIST;
   where none has it, practice data is drawn.
3. `search.candidates` finds the files in a folder, a placed one or one just downloaded.
4. `cache.get_or_make` asks the cache first; otherwise each `Candidate` is read, one process at a
   time.
5. `files` opens and unpacks, `decode` turns the bytes into arrays and compares them with what was
   published.

Beside it: `photographs` does stops 3 to 5 for folders of JPEGs, `kaggle` talks with Kaggle's
client, `network` says in words why a host could not be reached.
"""

from workbook.datasets.catalogue import names
from workbook.datasets.dataset import Dataset, load
from workbook.datasets.photographs import load_people
from workbook.errors import DataError
from workbook.notice import text as practice_notice

__all__ = [
    "DataError",
    "Dataset",
    "load",
    "load_people",
    "names",
    "practice_notice",
]
