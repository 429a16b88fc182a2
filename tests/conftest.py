"""What every test leaves is freed at once."""

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def freed() -> Iterator[None]:
    """Free what a test has made, at the price of what it has made.

    An iterator of tf.data that was left half-way, as by a training that failed, is waited for when
    it is freed, the longer the older it is: half a minute after a hundred trainings.
    """
    gc.freeze()
    yield
    gc.collect()
