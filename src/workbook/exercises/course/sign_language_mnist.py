"""Exercises of notebook 04: fingerspelled letters, with a convolutional network."""

from workbook.exercises.course.statement import Statement
from workbook.exercises.exercise import Exercise

EXERCISES: dict[str, Exercise] = {}

RECALL: tuple[Statement, ...] = ()
