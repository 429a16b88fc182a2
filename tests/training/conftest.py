"""What the tests of training share."""

from workbook.training import rules

import pytest


@pytest.fixture
def long_enough(monkeypatch):
    """Take any training for long enough that XLA pays."""
    monkeypatch.setattr(rules, "SHORT", 0)
