"""The exercises of each notebook, as data; a module for each, named as its dataset is."""

from workbook.exercises.course import digit_recognizer, fashion_mnist, mnist, sign_language_mnist
from workbook.exercises.course.statement import Statement
from workbook.exercises.exercise import Exercise

NOTEBOOKS: dict[str, dict[str, Exercise]] = {
    "01_mnist_dense": mnist.EXERCISES,
    "02_fashion_mnist_dense": fashion_mnist.EXERCISES,
    "03_kaggle_mnist_3layer": digit_recognizer.EXERCISES,
    "04_asl_cnn": sign_language_mnist.EXERCISES,
}
"""The exercises of each notebook, by the notebook's name without its ending."""

EXERCISES: dict[str, Exercise] = {n: e for room in NOTEBOOKS.values() for n, e in room.items()}

RECALL: dict[str, tuple[Statement, ...]] = {
    "fashion-mnist.recall": fashion_mnist.RECALL,
    "digit-recognizer.recall": digit_recognizer.RECALL,
    "sign-language-mnist.recall": sign_language_mnist.RECALL,
}
"""What each later notebook asks first about the earlier ones: is the statement true?"""

__all__ = ["EXERCISES", "NOTEBOOKS", "RECALL", "Statement"]
