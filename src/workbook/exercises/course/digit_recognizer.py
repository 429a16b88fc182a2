"""Exercises of notebook 03: Kaggle's digits, and backpropagation."""

from workbook.exercises.course.statement import Statement
from workbook.exercises.exercise import Exercise

EXERCISES: dict[str, Exercise] = {}

RECALL: tuple[Statement, ...] = ()
